"""What a drift detection changes, by what stood when it was to be recorded (REQ-C4, REQ-G4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import keys
from ..marshal import Item, plain
from ..records import Alert, DriftSummary, StackKey
from ..sequence import DELETED
from ..times import timestamp
from .alerts import raised, resolved
from .writes import Write, update


@dataclass(frozen=True, slots=True)
class Seen:
    """What stood when a detection was to be recorded."""

    sequence: str
    is_open: bool
    stack_id: str
    is_deleted: bool
    marked_at: str
    alert: Alert | None

    def is_superseded_by(self, summary: DriftSummary, stack_id: str) -> bool:
        """Tell whether a detection is the stack's last from now on: not if it was of one that is no more."""
        is_of_another = "" not in (self.stack_id, stack_id) and self.stack_id != stack_id
        return not self.is_deleted and not is_of_another and self.sequence < sequence_of(summary)


def sequence_of(summary: DriftSummary) -> str:
    """Return the text by which detections of a stack sort."""
    return f"{timestamp(summary.detected_at)}#{summary.detection_id}"


def text_of(item: Item, name: str) -> str:
    """Return an attribute as text, empty where there is none."""
    return str(plain(item[name])) if name in item else ""


def next_alert(standing: Alert | None, alert: Alert | None) -> Alert | None:
    """Return the alert that follows from the one that stands; None for no news."""
    if alert is None:
        return None
    return raised(standing, alert) if alert.is_open else resolved(standing, alert.changed_at)


def stack_write(key: StackKey, summary: DriftSummary, seen: Seen, stack_id: str = "") -> Write:
    """Return the change of the stack's state, if what was seen still stands."""
    item = summary.to_item(key)
    drift = {name: plain(value) for name, value in item.items() if name not in ("pk", "sk", "expires_at")}
    values: dict[str, Any] = {"drift": drift, "sequence": sequence_of(summary), "deleted": DELETED}
    expression = "SET #drift = :drift, #drift_seq = :sequence"
    if summary.status == "drifted":
        expression += ", #gsi3pk = :partition, #gsi3sk = :stack"
        values |= {"partition": keys.OPEN_DRIFT, "stack": key.pk}
    elif summary.status == "in_sync":
        expression += " REMOVE #gsi3pk, #gsi3sk"
    condition = "(attribute_not_exists(#status) OR #status <> :deleted)"
    if stack_id:
        condition += " AND (attribute_not_exists(#stack_id) OR #stack_id = :whose)"
        values["whose"] = stack_id
    if seen.sequence:
        condition += " AND #drift_seq = :seen"
        values["seen"] = seen.sequence
    else:
        condition += " AND attribute_not_exists(#drift_seq)"
    return update(keys.current(key), expression, condition, **values)


def marker_writes(key: StackKey, summary: DriftSummary, seen: Seen) -> list[Write]:
    """Return the change of the environment's marker, if any: most detections find what the last one found.

    `changed_at` is when open drift last came or went: the hour of a promotion starts again from there (REQ-G3).
    """
    is_open = {"drifted": True, "in_sync": False}.get(summary.status, seen.is_open)
    if not key.is_ours or is_open == seen.is_open:
        return []
    at = max(timestamp(summary.detected_at), seen.marked_at)
    change = "ADD" if is_open else "DELETE"
    return [
        update(
            keys.open_drift(key.workload, key.environment),
            f"SET #changed_at = :at {change} #drifted :stack",
            "attribute_not_exists(#changed_at) OR #changed_at <= :at",
            at=at,
            stack={key.pk},
        )
    ]
