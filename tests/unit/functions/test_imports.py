"""What importing a handler costs: nothing heavy besides boto3, which the Lambda runtime has anyway."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "pydantic",
    "rich",
    "click",
    "jinja2",
    "sceptre",
    "cfnlint",
    "ruamel",
    "requests",
    "hypothesis",
    "validator",
}
HEAVY_PARTS = {"aws_lambda_powertools.event_handler", "aws_lambda_powertools.utilities.parser", "pipelines"}


@pytest.mark.parametrize("module", ["functions.orders.api", "functions.orders.processor"])
def test_a_handler_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(' '.join(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(ended.stdout.split())
    assert module in imported
    assert not {name for name in imported if name.split(".")[0] in HEAVY or name in HEAVY_PARTS}
    assert ended.stderr == ""


def test_the_domain_imports_no_aws() -> None:
    domain = "functions.orders.order, functions.orders.accepted, functions.orders.problem, functions.orders.document"
    code = f"import sys, {domain}; print(' '.join(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in ended.stdout.split()} & {
        "boto3",
        "botocore",
        "aws_lambda_powertools",
    }
