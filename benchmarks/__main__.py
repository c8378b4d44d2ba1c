"""Run the benchmarks, print their figures, and keep them in `.lockstep/benchmarks.json`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import (
    announce,
    check,
    deploying,
    evaluator,
    fresh,
    handlers,
    orders,
    promotion,
    scale,
    tools,
    tracker,
)

NAMES = (
    "check",
    "scale",
    "evaluator",
    "render",
    "no-op",
    "orders",
    "tracker",
    "announce",
    "promotion",
    "deploy",
    "rollback",
    "handlers",
    "demo",
)
IN_A_SANDBOX = {
    "tracker": tracker.tracker,
    "promotion": promotion.promotion,
    "deploy": deploying.deploying,
    "rollback": deploying.returning,
}
"""Those that need no more than a sandbox of their own."""
RESULTS = Path(".lockstep") / "benchmarks.json"


def main(wanted: list[str]) -> int:
    """Run the named benchmarks, or all; unknown names end in exit code 2."""
    if {"-h", "--help"} & set(wanted):
        sys.stdout.write(f"usage: python -m benchmarks [{' | '.join(NAMES)}] ...\n")
        return 0
    unknown = set(wanted) - set(NAMES)
    if unknown:
        sys.stderr.write(f"bench: unknown: {', '.join(sorted(unknown))}; choose from {', '.join(NAMES)}\n")
        return 2
    names = wanted or list(NAMES)
    rows: list[dict[str, Any]] = []
    if "check" in names:
        rows += _shown(check.check())
    if "scale" in names:
        rows += _shown(scale.scale())
    if "evaluator" in names:
        rows += _shown(evaluator.evaluator(tools.ROOT))
    if "render" in names:
        rows += _shown(tools.render())
    if {"no-op", "orders"} & set(names):
        with _sandbox() as (variables, pid):
            rows += _shown(tools.no_op(variables)) if "no-op" in names else []
            rows += _shown(_orders(variables, pid)) if "orders" in names else []
    if "announce" in names:
        with _sandbox() as (variables, _):
            rows += _shown(announce.announce(variables))
            rows += _shown(tracker.deployed(variables))
    for name, measure in IN_A_SANDBOX.items():
        if name in names:
            with _sandbox() as (variables, _):
                rows += _shown(measure(variables))
    if "handlers" in names:
        rows += _shown(handlers.handlers())
    if "demo" in names:
        rows += _shown(fresh.demo())
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"\nkept in {RESULTS}\n")
    return 0


def _orders(variables: dict[str, str], pid: int) -> list[dict[str, Any]]:
    from benchmarks.measure import command

    command([str(tools.BIN / "lockstep"), "deploy", "dev"], cwd=tools.ROOT, env={**os.environ, **variables})
    os.environ.update(variables)
    return orders.orders(pid)


@contextmanager
def _sandbox() -> Iterator[tuple[dict[str, str], int]]:
    """Yield a sandbox of its own: environment variables and process id."""
    from sandbox import accounts, process
    from sandbox.place import Place

    with tempfile.TemporaryDirectory() as folder:
        place = Place.of(folder)
        record = process.start(place, lifeline=os.getpid())
        try:
            yield accounts.variables(record.endpoint), record.pid
        finally:
            process.stop(place)


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for row in rows:
        name, *facts = row.items()
        sys.stdout.write(f"\n{name[1]}\n" + "".join(f"  {key:<24} {value}\n" for key, value in facts))
        sys.stdout.flush()
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
