"""What the state package imports, and what that costs: Lambda functions pay it at each cold start."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from tests.unit.test_architecture import FORBIDDEN_CALLS, FORBIDDEN_METHODS, FORBIDDEN_MODULES, ROOT, imported

HEAVY = ("boto3", "botocore", "sceptre", "click", "rich", "cfnlint", "pydantic")
STANDARD = (
    "abc, collections.abc, dataclasses, datetime, functools, itertools, json, math, random, re, time, typing"
)
OURS = "pipelines.state.records, pipelines.state.store"
SHARE = 0.3
"""Of boto3's own import, which takes 150 ms where this takes 33: the speed of the machine cancels out."""


def measured(modules: str, cache: Path | None = None) -> tuple[float, set[str]]:
    """Return the processor seconds that an import takes after the standard library's, and what is loaded then."""
    program = (
        f"import sys, {STANDARD}\nbegun = time.process_time()\nimport {modules}\n"
        f"print(time.process_time() - begun, *sys.modules)"
    )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    if cache:
        environment["PYTHONPYCACHEPREFIX"] = str(cache)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    seconds, *loaded = done.stdout.split()
    return float(seconds), set(loaded)


def test_the_import_is_light(tmp_path: Path) -> None:
    """Little of its own, at the best of three times; nothing of AWS, nothing of the command line."""
    _, loaded = measured(OURS, tmp_path)
    assert not loaded & set(HEAVY)
    ours, boto3 = zip(*((measured(OURS, tmp_path)[0], measured("boto3")[0]) for _ in range(3)), strict=True)
    assert min(ours) < SHARE * min(boto3)


EDGES = {"store/part.py", "store/table.py"}
"""The modules that touch DynamoDB and wait. The rest is pure; the clock comes in as an argument."""


def test_only_the_table_touches_the_world() -> None:
    """Records, keys and verdicts need nothing but their arguments."""
    package = ROOT / "pipelines" / "state"
    modules = sorted(package.rglob("*.py"))
    assert len(modules) > 15
    for path in modules:
        name = path.relative_to(package).as_posix()
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        assert not attributes & FORBIDDEN_METHODS, name
        assert not names & FORBIDDEN_CALLS, name
        if name not in EDGES:
            assert not {each.split(".")[0] for each in imported(path)} & FORBIDDEN_MODULES, name
