"""What importing a handler of the control plane costs as deployed, besides boto3 which the Lambda runtime has anyway.

Lambda traces each of them of itself (REQ-C6, the rule `lambda_function_tracing`); X-Ray's SDK would cost as much again
as boto3.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks.handlers import AIM_MS, DEPLOYED, HANDLERS

CONSISTENCY = "functions.consistency.handler"
"""It alone brings along what renders and compares, with YAML to read templates."""

HEAVY = {
    "pydantic",
    "rich",
    "click",
    "jinja2",
    "sceptre",
    "cfnlint",
    "ruamel",
    "requests",
    "aws_xray_sdk",
}
CORE = {"validator", "validator.digest"}
"""What of the core a handler imports at most: the digest of a stack, which is the same on both sides."""
BOTO3_MS = 200
"""What boto3's own import takes on the machine of docs/load-and-faults.md."""


@pytest.mark.parametrize("module", HANDLERS)
def test_a_handler_imports_nothing_heavy(module: str) -> None:
    modules = set(_printed(f"import sys, {module}; print(' '.join(sys.modules))").split())
    imported = {name.split(".")[0] for name in modules}
    assert module in modules
    assert not imported & HEAVY
    assert "aws_lambda_powertools.utilities.parser" not in modules
    if module != CONSISTENCY:
        assert "yaml" not in imported
        assert {name for name in modules if name.split(".")[0] == "validator"} <= CORE


@pytest.mark.parametrize("module", HANDLERS)
def test_a_handler_imports_in_time(module: str) -> None:
    """Held against boto3's import in the same process, since others share this machine; once in three is enough."""
    assert any(_shares_of_boto3(module) * BOTO3_MS < AIM_MS for _ in range(3))


def _shares_of_boto3(module: str) -> float:
    code = (
        "from time import process_time as cpu\n"
        "began = cpu()\nimport boto3, botocore.config, botocore.exceptions\nbaseline = cpu()\n"
        f"import {module}\nprint((cpu() - baseline) / (baseline - began))"
    )
    return float(_printed(code))


def _printed(code: str) -> str:
    """Return what a process prints in the environment of a deployed function."""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **DEPLOYED},
    )
    return ended.stdout
