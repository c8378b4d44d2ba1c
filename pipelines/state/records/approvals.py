"""Approvals: who said yes to a release in an environment (REQ-G2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from .. import keys
from ..codec import decoded, encoded
from ..items import built
from ..marshal import Item, plain_item


@dataclass(frozen=True, slots=True)
class Approval:
    """`by` approved that a release goes into an environment, as the plan says that has the digest `plan`.

    `identity` is whom AWS vouches for.
    """

    environment: str
    tag: str
    by: str
    plan: str
    at: datetime
    identity: str

    def to_item(self) -> Item:
        """Return the item; approvals are kept forever."""
        return built(keys.approval(self.tag, self.environment, self.by), encoded(self))

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the approval of an item. Raises ValueError for an item that is none."""
        return decoded(cls, plain_item(item))
