"""Drift of one stack: what a detection covered, and what it found property by property (REQ-C4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from .. import keys
from ..codec import decoded, encoded
from ..items import DRIFT_DAYS, built, expiry
from ..keys import StackKey
from ..marshal import Item, plain_item

DriftStatus = Literal["in_sync", "drifted", "unknown", "started"]
DRIFT_BYTES = 60_000
"""What the summary of a drift detection may take, since the item of the stack's state holds it too."""


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A resource that drift detection could not judge; `reason` is empty where its type is not supported."""

    logical_id: str
    resource_type: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DriftSummary:
    """One drift detection of a stack.

    `checked` counts the resources that were compared, `unsupported` and `failed` name those that were not, `findings`
    counts drifted resources. `detected_at` is CloudFormation's time of the detection. `digest` is over the findings:
    equal digests mean the same drift. `cut` names what was too large to keep whole.
    """

    detection_id: str
    status: DriftStatus
    checked: int
    unsupported: tuple[Uncovered, ...]
    failed: tuple[Uncovered, ...]
    findings: int
    detected_at: datetime
    digest: str
    cut: tuple[str, ...] = ()

    def to_item(self, stack: StackKey) -> Item:
        """Return the item; drift is kept for 180 days. An index lists it while it has no result."""
        values = encoded(self)
        del values["cut"]
        key = keys.drift(stack, self.detection_id)
        further: dict[str, Any] = {"expires_at": expiry(self.detected_at, DRIFT_DAYS)}
        if self.status == "started":
            further |= {"gsi3pk": keys.STARTED_DRIFT, "gsi3sk": f"{key.pk}#{key.sk}"}
        return built(key, values, limit=DRIFT_BYTES, **further)

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the summary of an item. Raises ValueError for an item that is none."""
        return decoded(cls, plain_item(item))


@dataclass(frozen=True, slots=True)
class PropertyDrift:
    """One property that differs: JSON pointer, what was deployed, what is live, and how CloudFormation calls it.

    Source: CloudFormation API reference, PropertyDifference. A value that is not there is None.
    """

    path: str
    expected: str | None
    actual: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """One drifted resource. `known_reason` says why the reviewed list takes it for no drift; None where it does not."""

    key: StackKey
    detection_id: str
    logical_id: str
    resource_type: str
    physical_id: str
    kind: Literal["MODIFIED", "DELETED"]
    properties: tuple[PropertyDrift, ...]
    known_reason: str | None
    detected_at: datetime
    cut: tuple[str, ...] = ()

    def to_item(self) -> Item:
        """Return the item; findings are kept for 180 days."""
        values = {name: value for name, value in encoded(self).items() if name not in ("key", "cut")}
        key = keys.drift_finding(self.key, self.detection_id, self.logical_id)
        return built(key, values, expires_at=expiry(self.detected_at, DRIFT_DAYS))

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the finding of an item. Raises ValueError for an item that is none."""
        values = plain_item(item)
        return decoded(cls, values, key=StackKey.parse(values["pk"]))
