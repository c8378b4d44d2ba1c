"""Decisions of gates that are kept: where each one's statement is, whatever it says (REQ-G6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from .. import keys
from ..codec import decoded, encoded
from ..items import built
from ..marshal import Item, plain_item

DecisionState = Literal["success", "pending", "failure", "error"]


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """At `at` the gates said `decision` of a release before an environment; `evidence_digest` names the statement.

    It says nothing of what followed: a release is in by the record of its deployment.
    """

    workload: str
    environment: str
    tag: str
    at: datetime
    decision: DecisionState
    evidence_digest: str

    def to_item(self) -> Item:
        """Return the item; decisions are kept forever, as who writes them may say of nothing that it expires."""
        key = keys.decision(self.workload, self.environment, self.at, self.evidence_digest)
        return built(key, encoded(self))

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the decision of an item. Raises ValueError for an item that is none, or lies where another belongs."""
        values = plain_item(item)
        found = decoded(cls, values)
        key = keys.decision(found.workload, found.environment, found.at, found.evidence_digest)
        if key != (values.get("pk"), values.get("sk")):
            raise ValueError("a decision lies where another belongs")
        return found
