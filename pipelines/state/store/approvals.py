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

    def approvals(self, tag: str, environment: str | None = None) -> Iterator[Approval]:
        """Yield who approved a release, in every environment unless one is given.

        An index finds them, which is behind for moments: an approval may be missing so long, and none is there that
        nobody gave. What is no approval is left out: an approver may write anything below their own name.
        """
        for item in self._table.listed("GSI2", tag, keys.OF_APPROVAL):
            try:
                found = Approval.from_item(item)
            except ValueError:
                continue
            if found.tag == tag and environment in (None, found.environment):
                yield found
