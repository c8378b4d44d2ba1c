"""A stack that was deleted and made anew takes no drift from the one of its name before (REQ-C4, REQ-C2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.state.records import Alert, DriftStatus, DriftSummary, StackKey, StackState
from pipelines.state.sequence import observed_seq
from pipelines.state.store import StateStore
from tests.unit.tracking.local import TABLE, LocalDynamoDB

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = StackKey("orders", "prod", "333333333333", "us-west-2", "lockstep-prod-orders-queue")
FIRST, SECOND = (f"arn:aws:cloudformation:us-west-2:333333333333:stack/{KEY.stack}/{one}" for one in "ab")


def state(stack_id: str, status: str, hours: int) -> StackState:
    at = NOW - timedelta(hours=hours)
    seq = observed_seq(at, status, stack_id)
    return StackState(KEY, stack_id, status, "", "v1", "c", "", at, at, at, seq, None, None, {}, {})


def summary(status: DriftStatus, hours: int) -> DriftSummary:
    return DriftSummary("d1", status, 3, (), (), 0, NOW - timedelta(hours=hours), "sha256:1")


@pytest.fixture
def store() -> StateStore:
    """Return a table in which the stack was deleted and made anew."""
    database = LocalDynamoDB()
    database.create()
    found = StateStore(database.client, TABLE, lambda _: None)
    for one in (
        state(FIRST, "CREATE_COMPLETE", 9),
        state(FIRST, "DELETE_COMPLETE", 7),
        state(SECOND, "CREATE_COMPLETE", 6),
    ):
        assert found.record_state(one)
    return found


@pytest.mark.parametrize("status", ["in_sync", "drifted"])
def test_a_late_report_of_the_stack_before_is_history(store: StateStore, status: DriftStatus) -> None:
    alert = Alert("drift/x", "drift", "prod", "orders", "critical", "found", 1, "d", "s", "", "{}", NOW, NOW)
    done = store.record_drift(KEY, summary(status, 1), [], alert, stack_id=FIRST)
    assert (done.recorded, done.alert) == (False, None)
    found = store.state(KEY)
    assert found is not None
    assert found.drift is None
    assert store.drift(KEY, "d1") is not None
    assert store.drift_marker("orders", "prod").drifted == ()


def test_a_report_of_the_stack_that_stands_counts(store: StateStore) -> None:
    assert store.record_drift(KEY, summary("in_sync", 1), stack_id=SECOND).recorded
    found = store.state(KEY)
    assert found is not None
    assert found.drift == summary("in_sync", 1)


def test_a_report_before_any_observation_counts(store: StateStore) -> None:
    key = replace(KEY, stack="not-yet-observed")
    assert store.record_drift(key, summary("drifted", 1), stack_id=FIRST).recorded
    assert store.drift_marker("orders", "prod").drifted == (key,)
