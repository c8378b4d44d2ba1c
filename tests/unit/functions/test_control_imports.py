"""What importing a handler of the control plane costs, besides boto3 which the Lambda runtime has anyway."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HANDLERS = (
    "functions.agent.observer",
    "functions.agent.drift",
    "functions.control.tracker",
    "functions.control.announcer",
    "functions.control.reconciler",
)
CONSISTENCY = "functions.consistency.handler"
"""It brings the validator's core along, and pydantic with it."""

HEAVY = {
    "pydantic",
    "rich",
    "click",
    "jinja2",
    "sceptre",
    "cfnlint",
    "ruamel",
    "requests",
    "yaml",
}
CORE = {"validator", "validator.digest"}
"""What of the core a handler imports at most: the digest of a stack, which is the same on both sides."""
TRACING = "aws_xray_sdk"
BOTO3_MS, LIMIT_MS = 147, 250
"""What boto3's own import takes where nothing else runs, and what a handler's may take beside it."""


@pytest.mark.parametrize("module", HANDLERS)
def test_a_handler_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(' '.join(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(ended.stdout.split())
    imported = {name.split(".")[0] for name in modules}
    assert not imported & HEAVY
    assert {name for name in modules if name.split(".")[0] == "validator"} <= CORE
    assert "aws_lambda_powertools.utilities.parser" not in modules


@pytest.mark.parametrize("module", [*HANDLERS, CONSISTENCY])
def test_tracing_is_imported_where_lambda_traces(module: str) -> None:
    """Its import takes as long as boto3's, so nobody else pays for it (REQ-C6)."""
    code = f"import sys, {module}; print({TRACING!r} in sys.modules)"
    for daemon, traces in (({}, "False"), ({"AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000"}, "True")):
        ended = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, **daemon},
        )
        assert ended.stdout.strip() == traces


@pytest.mark.parametrize("module", [*HANDLERS, CONSISTENCY])
def test_a_handler_imports_in_time(module: str) -> None:
    """Held against boto3's import in the same process, since others share this machine; once in three is enough."""
    assert any(_shares_of_boto3(module) * BOTO3_MS < LIMIT_MS for _ in range(3))


def _shares_of_boto3(module: str) -> float:
    code = (
        "from time import process_time as cpu\n"
        "began = cpu()\nimport boto3, botocore.config, botocore.exceptions\nbaseline = cpu()\n"
        f"import {module}\nprint((cpu() - baseline) / (baseline - began))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(ended.stdout)
