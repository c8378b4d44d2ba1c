"""Decisions of gates, each kept once, where it was made (REQ-G6)."""

from __future__ import annotations

from collections.abc import Iterator

from .. import keys
from ..records import KeptDecision
from .part import Part
from .releases import ODD_CHARACTERS, Odd
from .table import key_of
from .writes import ABSENT, put


class Decisions(Part):
    """What was decided about releases, and where it is kept."""

    def keep_decision(self, decision: KeptDecision) -> bool:
        """Keep where a decision's statement is; False where that is kept already, as after a lost answer."""
        return self._table.write(put(decision.to_item(), ABSENT)).done

    def decisions(self, workload: str, environment: str, odd: Odd) -> Iterator[KeptDecision]:
        """Yield what was decided before an environment, the oldest first; what is no such record goes to `odd`."""
        partition = keys.environment_release(workload, environment, 1).pk
        for item in self._table.partition(partition, keys.OF_DECISION):
            try:
                yield KeptDecision.from_item(item)
            except ValueError as error:
                odd(f"{key_of(item).sk}: {error}"[:ODD_CHARACTERS])
