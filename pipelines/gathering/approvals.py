"""Who approved a release, as the home's table has it. I/O (REQ-G2)."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.promotion.evidence import Approval
from pipelines.state.store import StateStore


def of_table(table: StateStore, tag: str, environment: str) -> Iterator[Approval]:
    """Yield the approvals that `lockstep approve` recorded."""
    for one in table.approvals(tag, environment):
        yield Approval(by=one.by, at=one.at, environment=one.environment, tag=one.tag, plan=one.plan)
