"""`lockstep` as it is, but for the smoke test of `orders`: that of a project whose `orders` are two values."""

from __future__ import annotations

import sys

from pipelines import cli, smoke
from pipelines.smoke.trial import Target, Trial


def answer(target: Target) -> list[Trial]:
    """Try that the second stack published its value."""
    return [target.tried("second", "second/Value", lambda value: "" if value else "it is empty")]


if __name__ == "__main__":
    smoke.SMOKE["orders", False] = answer  # type: ignore[index]
    sys.exit(cli.run(sys.argv[1:]))
