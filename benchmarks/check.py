"""`lockstep check` against the same work by the plain tools, environment by environment (REQ-V6, REQ-V7, REQ-V9)."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import Run, best_of, command
from pipelines.guard import RULES, find_engine
from validator.environments import ENVIRONMENTS

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
RUNS = 3
PROJECT = ("sceptre", "templates", "functions", "locks", "pipelines", "validator", ".cfnlintrc.yaml")
COLD, WARM = 5.0, 20.0
"""How many times faster than the plain tools a run is meant to be, with nothing kept and unchanged."""


def check() -> list[dict[str, object]]:
    """Check a copy of the repository with nothing kept, unchanged, and with one template changed."""
    with _copy() as project:
        arguments = [str(BIN / "lockstep"), "check", "--project", str(project)]

        def cold() -> Run:
            shutil.rmtree(project / ".lockstep", ignore_errors=True)
            return command(arguments, cwd=ROOT)

        def changed() -> Run:
            with (project / "templates" / "queue.yaml").open("a", encoding="utf-8") as file:
                file.write("\n")
            return command(arguments, cwd=ROOT)

        plain = best_of(2, lambda: _plain(project))
        return [
            _compared("check of everything, nothing kept", best_of(RUNS, cold), plain, COLD),
            _compared("check of everything, one template changed", best_of(RUNS, changed), plain, None),
            _compared(
                "check of everything, unchanged",
                best_of(RUNS, lambda: command(arguments, cwd=ROOT)),
                plain,
                WARM,
            ),
        ]


def _plain(project: Path) -> Run:
    """Generate, lint and judge each environment by itself with the tools' own command lines."""
    runs = []
    for environment in ENVIRONMENTS:
        with tempfile.TemporaryDirectory() as folder:
            sceptre = [str(BIN / "sceptre"), "--output", "text", "generate", environment]
            runs.append(command(sceptre, cwd=project / "sceptre"))
            for template in sorted((project / "templates").glob("*.yaml")):
                shutil.copy(template, folder)
            lint = [str(BIN / "cfn-lint"), "--template", f"{folder}/*.yaml"]
            runs.append(command(lint, cwd=Path(folder), check=False))
            guard = [str(find_engine()), "validate", "-r", str(RULES), "-d", folder, "-S", "none"]
            runs.append(command(guard, cwd=Path(folder), check=False))
    return Run(sum(run.seconds for run in runs), max(run.peak_mb for run in runs), "")


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name in PROJECT:
            target = project / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target, symlinks=True)
            else:
                shutil.copy(ROOT / name, target)
        yield project


def _compared(what: str, ours: Run, plain: Run, aim: float | None) -> dict[str, object]:
    return {
        "measurement": what,
        "lockstep_seconds": round(ours.seconds, 3),
        "lockstep_peak_mb": round(ours.peak_mb),
        "plain_tools": "sceptre generate, cfn-lint, cfn-guard, each environment",
        "plain_seconds": round(plain.seconds, 3),
        "plain_peak_mb": round(plain.peak_mb),
        "times_faster": round(plain.seconds / ours.seconds, 1),
        **({"aim": aim} if aim else {}),
        "load_average": round(os.getloadavg()[0], 1),
    }
