"""`make demo` in a fresh clone, as a newcomer runs it: seconds by step, and peak memory."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import command

ROOT = Path(__file__).parents[1]


def demo() -> list[dict[str, Any]]:
    """Clone the commit that is checked out, set it up and run the demo; the package cache is what the machine has."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "VIRTUAL_ENV"))}
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        command(["git", "clone", "--quiet", str(ROOT), str(clone)], cwd=ROOT, env=env)
        setup = command(["make", ".venv/main"], cwd=clone, env=env)
        timings = clone / ".lockstep" / "timings.json"
        timings.parent.mkdir(exist_ok=True)
        run = command(
            [".venv/bin/lockstep", "sandbox", "demo", "--timings", str(timings)], cwd=clone, env=env
        )
        steps = json.loads(timings.read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = [{"measurement": "make demo: set-up", "seconds": round(setup.seconds, 1)}]
    rows += [{"measurement": f"make demo: {name}", "seconds": seconds} for name, seconds in steps.items()]
    total = round(setup.seconds + run.seconds, 1)
    return [*rows, {"measurement": "make demo: all", "seconds": total, "peak_mb": round(run.peak_mb)}]
