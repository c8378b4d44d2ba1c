"""What the function's package holds (REQ-G9)."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from pipelines.deployment_rule.packaged import FILE, packaged
from pipelines.deployment_rule.reference import made
from pipelines.packages.source import read_source
from tests.unit.test_architecture import imported

ROOT = Path(__file__).parents[3]
IN_THE_RUNTIME = {"boto3", "botocore"}
"""What AWS's runtime has, besides the wheels of locks/functions-gate.lock."""
WHEELS = {"yaml": "pyyaml"}


def test_the_package_holds_no_more_than_its_lock_has() -> None:
    """No Sceptre, no pydantic, no git: what is imported is of the project, of Python, or of the lock."""
    held = read_source(ROOT, "gate")
    lock = (ROOT / "locks/functions-gate.lock").read_text(encoding="utf-8")
    known = {"functions", "pipelines", "validator", *IN_THE_RUNTIME, *sys.stdlib_module_names}
    for path, content in held.modules:
        if not path.endswith(".py"):
            continue
        typing = {
            name
            for node in ast.walk(ast.parse(content))
            if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
            for each in ast.walk(node)
            if isinstance(each, ast.ImportFrom | ast.Import)
            for name in ([each.module] if isinstance(each, ast.ImportFrom) else [a.name for a in each.names])
        }
        other = {name.split(".")[0] for name in imported(ROOT / path) - typing} - known
        assert {name for name in other if WHEELS.get(name, name).replace("_", "-") not in lock} == set(), path


def test_the_packages_policy_is_the_projects() -> None:
    """`python -m pipelines.deployment_rule.reference` makes it."""
    assert FILE.read_text(encoding="utf-8") == made(ROOT)
    assert "pipelines/deployment_rule/policy.json" in dict(read_source(ROOT, "gate").modules)


def test_the_rule_stands_before_every_environment_but_the_first() -> None:
    assert packaged().environments == ("staging", "prod")
