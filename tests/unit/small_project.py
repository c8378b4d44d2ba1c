"""This repository's own project with one workload: what a test of one mistake needs, in a fifth of the time."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("sceptre", "templates", "functions", "locks", "pipelines", "validator")
"""What is read to render and check: packages are known by their sources, in `pipelines` and `validator` too."""


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
