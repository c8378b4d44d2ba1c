"""Losing locks in time, where AWS hangs or does not answer (REQ-G5)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from pipelines.aws import Aws
from pipelines.holding import LEASE, RENEWAL_SECONDS, Hold
from pipelines.state.store import StateStore
from tests.state_table import START
from tests.unit.tracking.local import TABLE, LocalDynamoDB

OFTEN = 0.02
UPDATE = "before-send.dynamodb.UpdateItem"


class Run:
    """A run that holds the lock of orders in dev; `now` is its clock."""

    def __init__(self, every: float) -> None:
        self.now = START
        self.table = LocalDynamoDB()
        self.table.create()
        store = StateStore(self.table.client, TABLE, lambda _seconds: None)
        self.hold = Hold.take(store, ["orders"], "dev", "alex", self.clock, every)

    def clock(self) -> datetime:
        return self.now


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    made = Run(request.param)
    yield made
    made.hold.close()


@pytest.mark.parametrize("run", [OFTEN], indirect=True)
def test_locks_are_lost_when_they_end_though_the_call_still_hangs(run: Run) -> None:
    stop, hangs, goes_on = threading.Event(), threading.Event(), threading.Event()
    run.hold.guard(stop)

    def hang(**_: Any) -> None:
        hangs.set()
        goes_on.wait(30)

    run.table.client.meta.events.register_first(UPDATE, hang)
    try:
        assert hangs.wait(30)
        run.now += LEASE - timedelta(seconds=1)
        assert not stop.wait(2)
        run.now += timedelta(seconds=1)
        assert stop.wait(10)
        assert run.hold.lost.is_set()
    finally:
        goes_on.set()
        run.table.client.meta.events.unregister(UPDATE, hang)


@pytest.mark.parametrize("run", [3600.0], indirect=True)
def test_time_that_a_call_took_counts(run: Run) -> None:
    """The lock may have ended while AWS was asked."""

    def fail(**_: Any) -> None:
        run.now += LEASE
        raise ReadTimeoutError(endpoint_url="https://dynamodb.us-west-2.amazonaws.com")

    run.table.client.meta.events.register_first(UPDATE, fail)
    try:
        assert not run.hold._renewed()
    finally:
        run.table.client.meta.events.unregister(UPDATE, fail)


def test_a_call_for_a_lock_ends_long_before_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two renewals that hang to the end fit into a lease."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    patient, impatient = (
        Aws("us-west-2").client("dynamodb", impatient=each).meta.config for each in (False, True)
    )
    seconds = impatient.retries["total_max_attempts"] * (impatient.connect_timeout + impatient.read_timeout)
    assert 2 * (RENEWAL_SECONDS + seconds) < LEASE.total_seconds()
    assert (patient.retries["total_max_attempts"], patient.read_timeout) == (6, 60)
