"""What GitHub asks before a deployment (REQ-G9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from .. import keys
from ..codec import decoded, encoded
from ..items import RULE_REQUEST_DAYS, built, expiry
from ..marshal import Item, plain_item

RuleState = Literal["open", "approved", "rejected", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRequest:
    """Whether a job may deploy `commit`, which `ref` names, into an environment.

    `deployment`, `run` and `installation` are GitHub's numbers, `delivery` the id that it was delivered under, for the
    logs. `closed` is what GitHub takes no answer to any more. `told` is what was last told: the gates that are
    waited for, then the whole answer. `reports` is how often something was told while it was open.
    """

    deployment: int
    repository: str
    environment: str
    run: int
    commit: str
    ref: str
    installation: int
    delivery: str
    made_at: datetime
    received_at: datetime
    state: RuleState = "open"
    answered_at: datetime | None = None
    told: str = ""
    reports: int = 0

    def to_item(self) -> Item:
        """Return the item; an open one is listed. It expires long after its age alone is reason to refuse it."""
        key = keys.rule_request(self.deployment)
        listed = keys.OPEN_RULE_REQUESTS if self.state == "open" else None
        return built(
            key,
            encoded(self),
            expires_at=expiry(self.received_at, RULE_REQUEST_DAYS),
            gsi3pk=listed,
            gsi3sk=key.pk if listed else None,
        )

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the request of an item. Raises ValueError for an item that is none."""
        found = decoded(cls, plain_item(item))
        if plain_item(item).get("pk") != keys.rule_request(found.deployment).pk:
            raise ValueError(f"{plain_item(item).get('pk')!r} is not the partition of this request")
        return found
