"""What the state package costs where it is imported: Lambda functions pay it at each cold start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HEAVY = ("boto3", "botocore", "sceptre", "click", "rich", "cfnlint", "pydantic")
STANDARD = (
    "abc, collections.abc, dataclasses, datetime, functools, itertools, json, math, random, re, time, typing"
)
OURS = "pipelines.state.records, pipelines.state.store"
SHARE = 0.2
"""Of boto3's own import, which takes 150 ms where this takes 30: the speed of the machine cancels out."""


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
    """Little of its own, at the best of five times; nothing of AWS, nothing of the command line."""
    _, loaded = measured(OURS, tmp_path)
    assert not loaded & set(HEAVY)
    ours, boto3 = zip(*((measured(OURS, tmp_path)[0], measured("boto3")[0]) for _ in range(5)), strict=True)
    assert min(ours) < SHARE * min(boto3)
