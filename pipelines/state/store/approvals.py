"""Approvals of releases, each written once by whom it is (REQ-G2)."""

from __future__ import annotations

from collections.abc import Iterator

from .. import keys
from ..records import Approval
from .part import Part
from .writes import ABSENT, put


class Approvals(Part):
    """Who approved what."""

    def approve(self, approval: Approval) -> bool:
        """Keep an approval; False where the same person approved the same plan before, which stands."""
        return self._table.write(
            put(approval.to_item(), f"{ABSENT} OR #plan <> :plan", plan=approval.plan)
        ).done

    def approvals(self, tag: str, environment: str) -> Iterator[Approval]:
        """Return who approved a release for an environment."""
        partition = keys.approval(tag, environment, "-").pk
        return map(Approval.from_item, self._table.partition(partition, "BY#"))
