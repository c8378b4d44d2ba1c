"""What is no record, where several environments are read: left out and told, so that none stops the others (ADR 0017).

Who deploys into an environment writes the partition of its deployments.
"""

from __future__ import annotations

from collections.abc import Callable

from validator.reports.escaping import harmless


def left_out(workload: str, environment: str, warn: Callable[[str], None]) -> Callable[[str], None]:
    """Return what warns of an item that is no record of a deployment."""

    def odd(what: str) -> None:
        warn(
            f"left out of what {environment} records of {workload}, since it is no record: {harmless(what)}\n"
            f"  mend: find out who wrote it, as who deploys into {environment} may, and remove that item"
        )

    return odd


def unsaid(_what: str) -> None:
    """Say nothing of what was told before."""
