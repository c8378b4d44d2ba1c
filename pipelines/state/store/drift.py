"""Drift: findings, the last summary of each stack, and each environment's marker of open drift (REQ-C4, REQ-G4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .. import keys
from ..marshal import Item, plain
from ..records import Alert, DriftFinding, DriftSummary, StackKey, StackState
from ..sequence import DELETED
from ..times import timestamp
from .alerts import alert_write, raised, resolved
from .part import Part
from .table import key_of
from .writes import Write, put, update


@dataclass(frozen=True, slots=True)
class DriftRecorded:
    """Whether the detection is now the stack's last, and the alert that is new with it."""

    recorded: bool
    alert: Alert | None = None


class Drifts(Part):
    """What drifted, and since when."""

    def record_drift(
        self,
        key: StackKey,
        summary: DriftSummary,
        findings: Iterable[DriftFinding] = (),
        alert: Alert | None = None,
    ) -> DriftRecorded:
        """Record a drift detection with everything that follows from it, in one transaction.

        Summary, the stack's drift, the environment's marker and the alert change together. `alert` is raised, or
        resolved where its state says so. A detection that is older than the last, or of a deleted stack, is history and
        changes nothing. One that started is only noted; one with status `unknown` leaves open drift open.
        """
        if summary.status == "started":
            # The result may have been first: it stands.
            write = put(summary.to_item(key), "attribute_not_exists(#pk)")
            return DriftRecorded(self._table.write(write).done)
        self._table.put_all(finding.to_item() for finding in findings)
        for attempt in self._table.attempts():
            seen = self._seen(key, alert)
            if not seen.is_superseded_by(summary):
                # It is history, and no detection that waits for its result.
                begun = "attribute_not_exists(#pk) OR #status = :started"
                self._table.write(put(summary.to_item(key), begun, started="started"))
                return DriftRecorded(False)
            following = _next_alert(seen.alert, alert)
            writes = [put(summary.to_item(key), ""), _stack_write(key, summary, seen)]
            writes += _marker_writes(key, summary, seen)
            writes += [alert_write(seen.alert, following)] if following else []
            if not self._table.transact(writes):
                return DriftRecorded(True, following)
            self._table.pause(attempt)
        raise AssertionError("attempts end in an error")

    def _seen(self, key: StackKey, alert: Alert | None) -> _Seen:
        wanted = {"current": keys.current(key)}
        if key.is_ours:
            wanted["marker"] = keys.open_drift(key.workload, key.environment)
        if alert:
            wanted["alert"] = keys.alert(alert.fingerprint)
        items = {key_of(item): item for item in self._table.get_all(wanted.values())}
        found = {name: items.get(each, {}) for name, each in wanted.items()}
        return _Seen(
            sequence=_text(found["current"], "drift_seq"),
            is_open="gsi3pk" in found["current"],
            is_deleted=_text(found["current"], "status") == DELETED,
            marked_at=_text(found.get("marker", {}), "changed_at"),
            alert=Alert.from_item(found["alert"]) if found.get("alert") else None,
        )

    def drift(self, key: StackKey, detection_id: str) -> DriftSummary | None:
        """Return the summary of one drift detection, or None."""
        item = self._table.get(keys.drift(key, detection_id))
        return DriftSummary.from_item(item) if item else None

    def started(self) -> Iterator[tuple[StackKey, DriftSummary]]:
        """Return the drift detections that have no result yet."""
        for item in self._table.listed("GSI3", keys.STARTED_DRIFT):
            if "gsi3pk" in item:
                yield StackKey.parse(str(plain(item["pk"]))), DriftSummary.from_item(item)

    def findings(self, key: StackKey, detection_id: str) -> Iterator[DriftFinding]:
        """Return what one drift detection found."""
        beginning = f"{keys.drift(key, detection_id).sk}#"
        return map(DriftFinding.from_item, self._table.partition(key.pk, beginning))

    def open_drift(self) -> Iterator[StackState]:
        """Return the stacks with open drift, whose state is known."""
        for item in self._table.listed("GSI3", keys.OPEN_DRIFT):
            if "gsi3pk" in item and "observed_seq" in item:
                yield StackState.from_item(item)

    def drifted_stacks(self, workload: str, environment: str) -> tuple[StackKey, ...]:
        """Return the stacks with open drift of one environment, as a promotion checks them: strongly consistent."""
        item = self._table.get(keys.open_drift(workload, environment)) or {}
        return tuple(map(StackKey.parse, sorted(plain(item["drifted"])))) if "drifted" in item else ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What stood when a detection was to be recorded."""

    sequence: str
    is_open: bool
    is_deleted: bool
    marked_at: str
    alert: Alert | None

    def is_superseded_by(self, summary: DriftSummary) -> bool:
        return not self.is_deleted and self.sequence < _sequence(summary)


def _sequence(summary: DriftSummary) -> str:
    return f"{timestamp(summary.detected_at)}#{summary.detection_id}"


def _text(item: Item, name: str) -> str:
    return str(plain(item[name])) if name in item else ""


def _next_alert(standing: Alert | None, alert: Alert | None) -> Alert | None:
    if alert is None:
        return None
    return raised(standing, alert) if alert.is_open else resolved(standing, alert.changed_at)


def _stack_write(key: StackKey, summary: DriftSummary, seen: _Seen) -> Write:
    item = summary.to_item(key)
    drift = {name: plain(value) for name, value in item.items() if name not in ("pk", "sk", "expires_at")}
    values: dict[str, Any] = {"drift": drift, "sequence": _sequence(summary), "deleted": DELETED}
    expression = "SET #drift = :drift, #drift_seq = :sequence"
    if summary.status == "drifted":
        expression += ", #gsi3pk = :partition, #gsi3sk = :stack"
        values |= {"partition": keys.OPEN_DRIFT, "stack": key.pk}
    elif summary.status == "in_sync":
        expression += " REMOVE #gsi3pk, #gsi3sk"
    condition = "(attribute_not_exists(#status) OR #status <> :deleted)"
    if seen.sequence:
        condition += " AND #drift_seq = :seen"
        values["seen"] = seen.sequence
    else:
        condition += " AND attribute_not_exists(#drift_seq)"
    return update(keys.current(key), expression, condition, **values)


def _marker_writes(key: StackKey, summary: DriftSummary, seen: _Seen) -> list[Write]:
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
