"""What a drift detection changes, by what stood when it was to be recorded (REQ-C4, REQ-G4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import keys
from ..marshal import Item, plain
from ..records import Alert, DriftSummary, StackKey, StackState
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
    seen_at: str
    marked_at: str
    alert: Alert | None

    def is_superseded_by(self, summary: DriftSummary, stack_id: str) -> bool:
        """Tell whether a detection is the stack's last from now on: not if it was of one that is no more."""
        return not self._is_past(stack_id) and self.sequence < sequence_of(summary)

    def ended_at(self, summary: DriftSummary, stack_id: str) -> str:
        """Return by when drift had ended that becomes known as history: the stack was gone, or looked at again."""
        later = self.seen_at if self._is_past(stack_id) else self.sequence.partition("#")[0]
        return max(timestamp(summary.detected_at), later)

    def _is_past(self, stack_id: str) -> bool:
        return self.is_deleted or ("" not in (self.stack_id, stack_id) and self.stack_id != stack_id)


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
    return [_marked(key, at, "ADD #drifted :stack" if is_open else "DELETE #drifted :stack", stack={key.pk})]


def late_marker_writes(key: StackKey, summary: DriftSummary, seen: Seen, stack_id: str) -> list[Write]:
    """Return the change of the marker by a detection that is history: drift had been open, and nobody knew."""
    if not key.is_ours or summary.status != "drifted" or seen.is_open:
        return []
    return [_marked(key, max(seen.ended_at(summary, stack_id), seen.marked_at))]


def departure_write(state: StackState, marker: Item) -> Write:
    """Return what the deletion of a stack does to its environment's marker, as far as that is known.

    Drift that goes with its stack went when the stack was seen to be gone. Where none is known, there has to be none.
    """
    key = state.key
    if key.pk in (plain(marker["drifted"]) if "drifted" in marker else ()):
        at = max(timestamp(state.operation_at), timestamp(state.observed_at), text_of(marker, "changed_at"))
        return _marked(key, at, "DELETE #drifted :stack", stack={key.pk})
    # A condition alone would be one more action to allow the tracker; to delete what is not there changes nothing.
    without = "attribute_not_exists(#drifted) OR NOT contains(#drifted, :name)"
    place = keys.open_drift(key.workload, key.environment)
    return update(place, "DELETE #drifted :stack", without, stack={key.pk}, name=key.pk)


def _marked(key: StackKey, at: str, change: str = "", **values: Any) -> Write:
    return update(
        keys.open_drift(key.workload, key.environment),
        f"SET #changed_at = :at {change}".rstrip(),
        "attribute_not_exists(#changed_at) OR #changed_at <= :at",
        at=at,
        **values,
    )
