"""`lockstep` against plain Sceptre: rendering everything, and deploying what is deployed already."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks.measure import Run, best_of, command
from validator.environments import ENVIRONMENTS

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
RUNS = 3
AIM = 5.0
"""How many times faster than the plain tool both are meant to be."""


def render() -> list[dict[str, object]]:
    """Render all environments with `lockstep render`, cold and kept, and generate each with `sceptre generate`."""
    arguments = [str(BIN / "lockstep"), "render", "--format", "json"]
    cold = best_of(RUNS, lambda: command(arguments, cwd=ROOT, env={**os.environ, "LOCKSTEP_CACHE": "off"}))
    kept = best_of(RUNS + 1, lambda: command(arguments, cwd=ROOT))

    def plain() -> Run:
        runs = [
            command([str(BIN / "sceptre"), "generate", name], cwd=ROOT / "sceptre") for name in ENVIRONMENTS
        ]
        output = "".join(run.output for run in runs)
        return Run(sum(run.seconds for run in runs), max(run.peak_mb for run in runs), output)

    generated = best_of(RUNS, plain)
    return [
        _compared("render all environments, nothing kept", cold, generated, "sceptre generate, each"),
        _compared(
            "render all environments, unchanged since the last run", kept, generated, "sceptre generate, each"
        ),
    ]


def no_op(variables: dict[str, str]) -> list[dict[str, object]]:
    """Deploy dev, then measure deploying it again with both tools; `variables` point at a running sandbox."""
    env = {**os.environ, **variables}
    deploy, launch = [str(BIN / "lockstep"), "deploy", "dev"], [str(BIN / "sceptre"), "launch", "-y", "dev"]
    command(deploy, cwd=ROOT, env=env)
    ours = best_of(RUNS, lambda: command(deploy, cwd=ROOT, env=env))
    plain = best_of(RUNS, lambda: command(launch, cwd=ROOT / "sceptre", env=env))
    return [_compared("deploy of an unchanged environment", ours, plain, "sceptre launch")]


def _compared(what: str, ours: Run, plain: Run, tool: str) -> dict[str, object]:
    return {
        "measurement": what,
        "lockstep_seconds": round(ours.seconds, 3),
        "lockstep_peak_mb": round(ours.peak_mb),
        "plain_tool": tool,
        "plain_seconds": round(plain.seconds, 3),
        "plain_peak_mb": round(plain.peak_mb),
        "times_faster": round(plain.seconds / ours.seconds, 1),
        "aim": AIM,
    }
