"""What people are told: alerts, each announced once, and the results of consistency checks (REQ-C3, REQ-C4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from .. import keys
from ..codec import decoded, encoded
from ..items import ALERT_DAYS, built, expiry
from ..marshal import Item, plain_item

AlertKind = Literal["drift", "consistency", "deployment", "silence"]
Severity = Literal["info", "warning", "critical"]
AlertState = Literal["found", "changed", "resolved"]
CheckVerdict = Literal["consistent", "inconsistent", "deploying", "unknown"]

DETAIL_BYTES = 200_000
"""A longer detail is left out whole: a part of JSON is none. What it says stands in the table anyway."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that is wrong, or was. `fingerprint` says which thing, and never changes with its details.

    `digest` is over the details: another digest makes it changed. `generation` grows by one with each found, changed
    and resolved, so that each is announced once; `announced_generation` is the last that was. `detail` is JSON.
    """

    fingerprint: str
    kind: AlertKind
    environment: str
    workload: str
    severity: Severity
    state: AlertState
    generation: int
    digest: str
    subject: str
    text: str
    detail: str
    opened_at: datetime
    changed_at: datetime
    announced_generation: int = 0
    cut: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether what is wrong still is."""
        return self.state != "resolved"

    def to_item(self) -> Item:
        """Return the item. An index lists it while it is there: 7 days longer than it is open."""
        values = encoded(self)
        del values["cut"]
        if len(self.detail.encode()) > DETAIL_BYTES:
            values["detail"] = json.dumps({"cut": True})
        key = keys.alert(self.fingerprint)
        further: dict[str, Any] = {"gsi3pk": keys.ALERTS, "gsi3sk": key.pk}
        if not self.is_open:
            further["expires_at"] = expiry(self.changed_at, ALERT_DAYS)
        return built(key, values, **further)

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the alert of an item. Raises ValueError for an item that is none."""
        return decoded(cls, plain_item(item))


@dataclass(frozen=True, slots=True)
class Check:
    """The last consistency check of an environment. `release` is the tag it was held against, empty for none.

    `findings` are JSON objects, as the check words them; `cut` names what was too large to keep whole. `failed_at` is
    when a check last was `inconsistent`, this one or one before it (REQ-G3).
    """

    workload: str
    environment: str
    at: datetime
    release: str
    verdict: CheckVerdict
    findings: tuple[Mapping[str, Any], ...]
    cut: tuple[str, ...] = ()
    failed_at: datetime | None = None

    def to_item(self) -> Item:
        """Return the item."""
        values = encoded(self)
        del values["cut"]
        return built(keys.check(self.workload, self.environment), values)

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the check of an item. Raises ValueError for an item that is none."""
        return decoded(cls, plain_item(item))
