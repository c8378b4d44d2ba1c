"""What is kept of each drift detection, and what of it is read (REQ-C4)."""

from __future__ import annotations

from datetime import timedelta

from pipelines.state.store import StateStore
from tests.state_table import KEY, START, finding, state, summary

LATER = START + timedelta(minutes=1)


def test_a_result_that_is_history_ends_the_waiting_for_it(store: StateStore) -> None:
    store.record_drift(KEY, summary(1, "started"))
    store.record_drift(KEY, summary(2, "in_sync", LATER))
    assert [found.detection_id for _, found in store.started()] == ["d-001"]
    assert not store.record_drift(KEY, summary(1)).recorded
    assert list(store.started()) == []
    assert store.drift(KEY, "d-001") == summary(1)


def test_findings_are_of_their_detection_and_no_detections(store: StateStore) -> None:
    """Also where the id of one begins as another's."""
    store.record_drift(KEY, summary(1), [finding(1)])
    store.record_drift(KEY, summary(1000, at=LATER), [finding(1000, "Topic")])
    assert list(store.drifts(KEY)) == [summary(1), summary(1000, at=LATER)]
    assert list(store.findings(KEY, "d-001")) == [finding(1)]
    assert list(store.findings(KEY, "d-100")) == []


def test_drift_of_a_stack_that_nobody_observed_is_marked_and_not_listed(store: StateStore) -> None:
    store.record_drift(KEY, summary())
    assert store.drift_marker("orders", "dev").drifted == (KEY,)
    assert list(store.open_drift()) == []
    assert store.state(KEY) is None
    store.record_state(state())
    assert [each.key for each in store.open_drift()] == [KEY]
