"""One run at a time deploys to an environment, whatever dies or stands still on the way (REQ-G5)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from pipelines.holding import LEASE, RENEWAL_SECONDS, Hold
from pipelines.state.store import StateStore
from tests.e2e.conftest import Client
from tests.state_table import START, create_state_table, release
from validator.errors import PendingError

OFTEN = 0.02
NEVER = 3600.0
"""Seconds between two renewals: of a run that lives, and of one that died or stands still."""


class Clock:
    """A clock that tests put forward."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture
def dynamodb(client: Client, account: str) -> Any:
    return client("dynamodb", account=account)


@pytest.fixture
def store(dynamodb: Any) -> StateStore:
    return create_state_table(dynamodb)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def take(store: StateStore, clock: Clock) -> Iterator[Callable[..., Hold]]:
    """`take(by, every, *workloads)` takes the locks of dev; what it gave is closed in the end."""
    taken: list[Hold] = []

    def make(by: str, every: float = NEVER, *workloads: str) -> Hold:
        taken.append(Hold.take(store, workloads or ("orders",), "dev", by, clock, every))
        return taken[-1]

    yield make
    for hold in taken:
        hold.close()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(OFTEN)


@contextmanager
def unreachable(dynamodb: Any) -> Iterator[None]:
    """Let no update reach DynamoDB."""

    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.us-west-2.amazonaws.com")

    dynamodb.meta.events.register("before-send.dynamodb.UpdateItem", fail)
    try:
        yield
    finally:
        dynamodb.meta.events.unregister("before-send.dynamodb.UpdateItem", fail)


def test_a_second_run_is_told_who_since_when_and_how_to_go_on(
    take: Callable[..., Hold], clock: Clock
) -> None:
    first = take("arn:aws:iam::111111111111:user/alex")
    clock.advance(timedelta(minutes=1))
    with pytest.raises(PendingError) as busy:
        take("sam")
    said, mend = str(busy.value).splitlines()
    assert said.startswith("orders is being deployed into dev by arn:aws:iam::111111111111:user/alex, run ")
    assert said.endswith(", since 2026-03-02T09:30:00.000000Z")
    assert "run the same command again; a run that died holds it until 2026-03-02T09:33:00.000000Z" in mend
    first.close()
    take("sam")


def test_all_locks_or_none(take: Callable[..., Hold], store: StateStore, clock: Clock) -> None:
    """One that is held lets go of what was taken before it."""
    take("alex", NEVER, "orders")
    with pytest.raises(PendingError, match="orders is being deployed"):
        take("sam", NEVER, "trading", "orders", "control")
    assert store.lock("control", "dev", clock()) is None
    assert store.lock("trading", "dev", clock()) is None
    take("kim", NEVER, "trading", "control")


def test_the_same_person_twice_is_two_runs(take: Callable[..., Hold]) -> None:
    take("alex")
    with pytest.raises(PendingError, match="by alex, run "):
        take("alex")


def test_a_run_that_lives_keeps_its_lock(take: Callable[..., Hold], store: StateStore, clock: Clock) -> None:
    """Past any lease, and since when it holds it stays true."""
    hold = take("alex", OFTEN)
    for _ in range(3):
        clock.advance(LEASE - timedelta(seconds=1))
        eventually(lambda: hold.locks["orders"].expires_at == clock() + LEASE)
    stands = store.lock("orders", "dev", clock())
    assert stands is not None
    assert (stands.token, stands.since) == (1, START)
    assert not hold.lost.is_set()


def test_a_run_that_died_keeps_others_out_for_a_lease(take: Callable[..., Hold], clock: Clock) -> None:
    take("dead")
    clock.advance(LEASE - timedelta(microseconds=1))
    with pytest.raises(PendingError):
        take("sam")
    clock.advance(timedelta(microseconds=1))
    assert take("sam").locks["orders"].token == 2


def test_a_run_that_stood_still_stops_and_records_nothing(
    take: Callable[..., Hold], store: StateStore, clock: Clock
) -> None:
    """As on a computer that slept: another run went on meanwhile, and its record stands."""
    late, stop = take("late", 0.5), threading.Event()
    begun = store.begin_environment_release(release(), clock(), "late", late.locks["orders"])
    assert begun is not None
    clock.advance(LEASE)
    next_one = take("next")
    late.guard(stop)
    assert stop.wait(30)
    lost = late.locks["orders"]
    assert not store.end_environment_release("orders", "dev", 1, "failed", clock(), lost)
    assert store.begin_environment_release(release(), clock(), "late", lost) is None
    assert store.end_environment_release("orders", "dev", 1, "succeeded", clock(), next_one.locks["orders"])


def test_an_end_that_was_recorded_may_be_said_again_by_its_holder_alone(
    take: Callable[..., Hold], store: StateStore, clock: Clock
) -> None:
    """As after a lost answer."""
    lock = take("alex").locks["orders"]
    store.begin_environment_release(release(), clock(), "alex", lock)
    assert store.end_environment_release("orders", "dev", 1, "succeeded", clock(), lock)
    assert store.end_environment_release("orders", "dev", 1, "succeeded", clock(), lock)
    assert not store.end_environment_release("orders", "dev", 1, "failed", clock(), lock)


def test_a_lock_is_kept_while_aws_does_not_answer_and_lost_when_it_ends(
    take: Callable[..., Hold], dynamodb: Any, clock: Clock
) -> None:
    hold = take("alex", OFTEN)
    with unreachable(dynamodb):
        clock.advance(LEASE - timedelta(seconds=1))
        assert not hold.lost.wait(10 * OFTEN)
    eventually(lambda: hold.locks["orders"].expires_at > START + LEASE)
    with unreachable(dynamodb):
        clock.advance(LEASE)
        assert hold.lost.wait(30)


def test_closing_without_an_answer_is_no_error(
    take: Callable[..., Hold], dynamodb: Any, clock: Clock
) -> None:
    hold = take("alex")
    with unreachable(dynamodb):
        hold.close()
    with pytest.raises(PendingError):
        take("sam")
    clock.advance(LEASE)
    take("sam")


def test_some_renewals_may_fail() -> None:
    """A lease outlives several turns, with room for clocks that differ."""
    assert timedelta(seconds=3 * RENEWAL_SECONDS) < LEASE


def test_deployments_of_many_runs_never_overlap(store: StateStore) -> None:
    """Each tries until it may: what is recorded lies one after the other, each begun and ended by one run."""

    def deploy(number: int) -> None:
        while True:
            try:
                hold = Hold.take(store, ("orders",), "dev", f"run-{number}", lambda: datetime.now(UTC), NEVER)
            except PendingError:
                time.sleep(OFTEN)
                continue
            try:
                lock = hold.locks["orders"]
                latest = store.latest_environment_release("orders", "dev")
                assert latest is None or latest.state == "succeeded"
                begun = store.begin_environment_release(
                    release(f"v{number}"), datetime.now(UTC), lock.owner, lock
                )
                assert begun is not None
                ended = datetime.now(UTC)
                assert store.end_environment_release("orders", "dev", begun.number, "succeeded", ended, lock)
                return
            finally:
                hold.close()

    with ThreadPoolExecutor(max_workers=6) as pool:
        list(pool.map(deploy, range(12)))
    done = sorted(store.environment_releases("orders", "dev"), key=lambda each: each.number)
    assert len(done) == len({each.tag for each in done}) == 12
    for before, after in pairwise(done):
        assert before.ended_at is not None
        assert before.ended_at <= after.started_at
