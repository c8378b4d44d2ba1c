"""What the functions load: the receiver answers within ten seconds, from a cold start too (REQ-G9)."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.handlers import DEPLOYED

HEAVY = {"pydantic", "rich", "click", "jinja2", "sceptre", "cfnlint", "requests", "yaml", "aws_xray_sdk"}


def loaded(module: str) -> set[str]:
    """Return what is loaded after a cold import as deployed."""
    environment = {**os.environ, **DEPLOYED}
    program = f"import sys, {module}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    return set(done.stdout.split())


def test_the_receiver_loads_little() -> None:
    assert not loaded("functions.gate.receiver") & HEAVY


def test_the_answerer_loads_nothing_of_the_command_line() -> None:
    """It reads manifests by code that reads YAML, too."""
    assert not loaded("functions.gate.answerer") & (HEAVY - {"yaml"})
