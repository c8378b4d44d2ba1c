"""Drift: findings, the last summary of each stack, and each environment's marker of open drift (REQ-C4, REQ-G4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .. import keys
from ..marshal import plain
from ..records import Alert, DriftFinding, DriftSummary, StackKey, StackState
from ..sequence import DELETED
from .alerts import alert_write
from .drift_writes import Seen, late_marker_writes, marker_writes, next_alert, stack_write, text_of
from .part import Part
from .table import key_of
from .writes import put


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
        *,
        stack_id: str = "",
    ) -> DriftRecorded:
        """Record a drift detection with everything that follows from it, in one transaction.

        Summary, the stack's drift, the environment's marker and the alert change together. `alert` is raised, or
        resolved where its state says so. A detection that is older than the last, or of a deleted stack, is history and
        changes nothing; so is one of another stack of that name than stands, where `stack_id` says whose it is. But
        drift that becomes known as history starts the hour of a promotion again (REQ-G3). One that started is only
        noted; one with status `unknown` leaves open drift open.
        """
        if summary.status == "started":
            # The result may have been first: it stands.
            write = put(summary.to_item(key), "attribute_not_exists(#pk)")
            return DriftRecorded(self._table.write(write).done)
        self._table.put_all(finding.to_item() for finding in findings)
        for attempt in self._table.attempts():
            seen = self._seen(key, alert)
            if not seen.is_superseded_by(summary, stack_id):
                # It is history, and no detection that waits for its result; once, as it may be delivered repeatedly.
                begun = "attribute_not_exists(#pk) OR #status = :started"
                writes = [put(summary.to_item(key), begun, started="started")]
                writes += late_marker_writes(key, summary, seen, stack_id)
                reasons = self._table.transact(writes)
                if not reasons or reasons[0].failed:
                    return DriftRecorded(False)
                self._table.pause(attempt)
                continue
            following = next_alert(seen.alert, alert)
            writes = [put(summary.to_item(key), ""), stack_write(key, summary, seen, stack_id)]
            writes += marker_writes(key, summary, seen)
            writes += [alert_write(seen.alert, following)] if following else []
            if not self._table.transact(writes):
                return DriftRecorded(True, following)
            self._table.pause(attempt)
        raise AssertionError("attempts end in an error")

    def _seen(self, key: StackKey, alert: Alert | None) -> Seen:
        wanted = {"current": keys.current(key)}
        if key.is_ours:
            wanted["marker"] = keys.open_drift(key.workload, key.environment)
        if alert:
            wanted["alert"] = keys.alert(alert.fingerprint)
        items = {key_of(item): item for item in self._table.get_all(wanted.values())}
        found = {name: items.get(each, {}) for name, each in wanted.items()}
        return Seen(
            sequence=text_of(found["current"], "drift_seq"),
            is_open="gsi3pk" in found["current"],
            stack_id=text_of(found["current"], "stack_id"),
            is_deleted=text_of(found["current"], "status") == DELETED,
            seen_at=max(text_of(found["current"], name) for name in ("operation_at", "observed_at")),
            marked_at=text_of(found.get("marker", {}), "changed_at"),
            alert=Alert.from_item(found["alert"]) if found.get("alert") else None,
        )

    def drift(self, key: StackKey, detection_id: str) -> DriftSummary | None:
        """Return the summary of one drift detection, or None."""
        item = self._table.get(keys.drift(key, detection_id))
        return DriftSummary.from_item(item) if item else None

    def drifts(self, key: StackKey) -> Iterator[DriftSummary]:
        """Return the summary of every drift detection of a stack that is still kept, in any order."""
        items = self._table.partition(key.pk, "DRIFT#")
        # Below each detection lie its findings.
        return (DriftSummary.from_item(one) for one in items if key_of(one).sk.count("#") == 1)

    def started(self) -> Iterator[tuple[StackKey, DriftSummary]]:
        """Return the drift detections that have no result yet."""
        for item in self._table.listed("GSI3", keys.STARTED_DRIFT, keys.OF_STACK):
            if "gsi3pk" in item:
                yield StackKey.parse(str(plain(item["pk"]))), DriftSummary.from_item(item)

    def findings(self, key: StackKey, detection_id: str) -> Iterator[DriftFinding]:
        """Return what one drift detection found."""
        beginning = f"{keys.drift(key, detection_id).sk}#"
        return map(DriftFinding.from_item, self._table.partition(key.pk, beginning))

    def open_drift(self) -> Iterator[StackState]:
        """Return the stacks with open drift, whose state is known."""
        for item in self._table.listed("GSI3", keys.OPEN_DRIFT, keys.OF_STACK):
            if "gsi3pk" in item and "observed_seq" in item:
                yield StackState.from_item(item)
