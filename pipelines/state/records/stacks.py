"""Stacks: the current state, the history, what was refused, and when a region last reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from .. import keys
from ..codec import decoded, encoded
from ..items import DELETED_DAYS, EVENT_DAYS, FOREIGN_DAYS, REFUSAL_DAYS, built, expiry
from ..keys import StackKey
from ..marshal import Item, plain_item
from ..sequence import DELETED
from ..times import timestamp
from .drift import DriftSummary

STATE_BYTES = 300_000
"""What the state of a stack may take of its item; the rest is for its drift."""


@dataclass(frozen=True, slots=True)
class StackState:
    """A stack as it was last observed.

    `version`, `commit` and `released_at` are the texts of the release tags, empty where the stack has none.
    `operation_at` is CloudFormation's time of the last operation, `observed_at` when an agent read the stack,
    `recorded_at` when home wrote it. `observed_seq` orders observations (sequence.py). `template_digest` and `digest`
    are None where the template could not be read, `parameters` where they were too large to send. `drift` is what
    drift detection last found; writing a state leaves it alone. `cut` names what was too large to keep whole.
    """

    key: StackKey
    stack_id: str
    status: str
    reason: str
    version: str
    commit: str
    released_at: str
    operation_at: datetime
    observed_at: datetime
    recorded_at: datetime
    observed_seq: str
    template_digest: str | None
    digest: str | None
    parameters: Mapping[str, str] | None
    tags: Mapping[str, str]
    drift: DriftSummary | None = None
    cut: tuple[str, ...] = ()

    def to_item(self) -> Item:
        """Return the item, with the keys of the indexes that list stacks."""
        return built(
            keys.current(self.key),
            {name: value for name, value in encoded(self).items() if name not in ("key", "drift", "cut")},
            limit=STATE_BYTES,
            drift=encoded(self.drift),
            gsi1pk=f"{self.key.workload}#{self.key.environment}",
            gsi1sk=f"{self.status}#{timestamp(self.operation_at)}",
            gsi2pk=self.version,
            gsi2sk=self.key.pk,
            gsi4pk=f"{self.key.account}#{self.key.region}",
            gsi4sk=self.key.stack,
            expires_at=self._expires_at,
        )

    @property
    def _expires_at(self) -> int | None:
        """When the item goes: never for a stack of ours that is there, since agents tell the others again."""
        if self.status == DELETED:
            return expiry(self.operation_at, DELETED_DAYS)
        return None if self.key.is_ours else expiry(self.recorded_at, FOREIGN_DAYS)

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the state of an item. Raises ValueError for an item that is none."""
        values = plain_item(item)
        return decoded(cls, values, key=StackKey.parse(values["pk"]))


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One event of a stack, as EventBridge delivered it. `event_id` is EventBridge's; `time` has whole seconds."""

    key: StackKey
    event_id: str
    time: datetime
    status: str
    reason: str
    detail_type: str
    source: str

    def to_item(self) -> Item:
        """Return the item; history is kept for 400 days."""
        values = {name: value for name, value in encoded(self).items() if name != "key"}
        key = keys.event(self.key, self.time, self.event_id)
        return built(key, values, expires_at=expiry(self.time, EVENT_DAYS))

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the event of an item. Raises ValueError for an item that is none."""
        values = plain_item(item)
        return decoded(cls, values, key=StackKey.parse(values["pk"]))


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that was not recorded, and why. `detail` is the event or its beginning, as text."""

    event_id: str
    time: datetime
    account: str
    region: str
    reason: str
    detail: str = ""
    cut: tuple[str, ...] = ()

    def to_item(self) -> Item:
        """Return the item; refusals are kept for 180 days."""
        values: dict[str, Any] = encoded(self)
        del values["cut"]
        return built(
            keys.refusal(self.time, self.account, self.event_id),
            values,
            expires_at=expiry(self.time, REFUSAL_DAYS),
        )

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the refusal of an item. Raises ValueError for an item that is none."""
        return decoded(cls, plain_item(item))


@dataclass(frozen=True, slots=True)
class Census:
    """When the agent of a region last reported, and how many stacks it saw there."""

    account: str
    region: str
    observed_at: datetime
    stacks: int

    def to_item(self) -> Item:
        """Return the item, listed among the regions of an index."""
        key = keys.census(self.account, self.region)
        return built(key, encoded(self), gsi3pk=keys.REGIONS, gsi3sk=key.pk)

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the census of an item. Raises ValueError for an item that is none."""
        return decoded(cls, plain_item(item))
