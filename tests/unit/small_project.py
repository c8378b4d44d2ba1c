"""This repository's own project: read once, and copied with one workload, which is enough for a test of one mistake."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.workspace import Workspace
from validator.loader import Loaded, load
from validator.model import Stack
from validator.parity.sides import Side, side

ROOT = Path(__file__).parents[2]
FOLDERS = ("sceptre", "templates", "functions", "locks", "pipelines", "validator")
"""What is read to render and check: packages are known by their sources, in `pipelines` and `validator` too."""


@cache
def repository() -> Loaded:
    """Return this repository's project, loaded once for all tests, none of which changes it."""
    return load(ROOT)


@cache
def rendered() -> list[dict[str, Any]]:
    """Return this repository's stacks as `lockstep render` gives them, for all tests: none changes them."""
    return Workspace(ROOT).rendered()


_OWN: dict[int, Side | None] = {}


def own_side(stack: Stack) -> Side | None:
    """Return what parity compares of a stack; those of this repository are evaluated once for all tests."""
    if not any(stack is one for one in repository().project.stacks):
        return side(stack)
    if id(stack) not in _OWN:
        _OWN[id(stack)] = side(stack)
    return _OWN[id(stack)]


def orders_alone(target: Path) -> Path:
    """Copy the project into `target` without `control` and the home; return `target`."""
    return one_workload(target, "orders")


def one_workload(target: Path, workload: str) -> Path:
    """Copy the project into `target` with one workload; the home goes with `control`. Return `target`."""
    (other,) = {"orders", "control"} - {workload}
    left_out = [other, "shared"] if other == "control" else [other]
    for name in FOLDERS:
        ignored = shutil.ignore_patterns(*(left_out if name == "sceptre" else []), "__pycache__")
        shutil.copytree(ROOT / name, target / name, symlinks=True, ignore=ignored)
    policy = target / "pipelines/variance.yaml"
    text = policy.read_text(encoding="utf-8")
    policy.write_text(re.sub(rf"  - path: {other}:.*\n(?:    .*\n|\n)*", "", text), encoding="utf-8")
    return target
