"""Drift that ended starts the hour of a promotion again, however it ended and whenever that became known (REQ-G3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from pipelines.state import keys
from pipelines.state.records import StackKey
from pipelines.state.store import DriftMarker, StateStore
from pipelines.state.times import timestamp
from pipelines.tracking.track import GONE, deleted
from tests.state_table import KEY, START, state, summary
from tests.unit.tracking.local import TABLE, Direct, LocalDynamoDB

Step = Callable[[StateStore, StackKey], object]


def minutes(number: int) -> datetime:
    return START + timedelta(minutes=number)


@pytest.fixture(scope="module")
def table() -> StateStore:
    LocalDynamoDB().create()
    return StateStore(Direct(), TABLE, lambda _: None)  # type: ignore[arg-type]


def changed_at(table: StateStore, environment: str) -> str:
    """Return when drift of an environment last came or went, as the condition of a promotion reads it."""
    key = keys.open_drift("orders", environment)
    answer: Any = Direct().get_item(TableName=TABLE, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
    return str(answer.get("Item", {}).get("changed_at", {}).get("S", ""))


def found(number: int, status: str, at: int) -> Step:
    """Return a step: a detection of the stack ends."""
    return lambda table, key: table.record_drift(
        key, summary(number, status, minutes(at)), stack_id=state(key=key).stack_id
    )


def gone(at: int) -> Step:
    """Return a step: the stack is deleted, which is seen five seconds later."""
    return lambda table, key: table.record_state(state("DELETE_COMPLETE", minutes(at), key=key))


def missing(at: int) -> Step:
    """Return a step: a census does not name the stack any more."""
    return lambda table, key: table.record_state(deleted(state(key=key), minutes(at), GONE))


def after(table: StateStore, name: str, *steps: Step) -> str:
    """Return when drift last came or went after these steps of a stack, in an environment of its own."""
    key = replace(KEY, environment=name, stack=name)
    table.record_state(state(key=key))
    for step in steps:
        step(table, key)
    assert table.drift_marker("orders", name).drifted == ()
    return changed_at(table, name)


@pytest.mark.parametrize("departure", [gone, missing])
def test_drift_that_goes_with_its_stack_ended_then(
    table: StateStore, departure: Callable[[int], Step]
) -> None:
    at = after(table, departure.__name__, found(1, "drifted", 10), departure(40))
    assert minutes(40) <= datetime.fromisoformat(at) <= minutes(41)


def test_a_stack_without_drift_leaves_the_hour_alone(table: StateStore) -> None:
    steps = (found(1, "drifted", 10), found(2, "in_sync", 20), gone(40), gone(40))
    assert after(table, "without", *steps) == timestamp(minutes(20))
    assert after(table, "never", gone(40)) == ""


@pytest.mark.parametrize("departure", [gone, missing])
def test_in_any_order_the_hour_starts_when_drift_ended(
    table: StateStore, departure: Callable[[int], Step]
) -> None:
    """Nobody knew of the drift in between where its detection comes last; it was there all the same."""
    steps = (found(1, "in_sync", 10), found(2, "drifted", 20), departure(30))
    for number, order in enumerate(permutations(steps)):
        assert after(table, f"{departure.__name__}-{number}", *order) >= timestamp(minutes(30))
    steps = (found(1, "drifted", 10), found(2, "in_sync", 20))
    for number, order in enumerate(permutations(steps)):
        assert after(table, f"looked-{departure.__name__}-{number}", *order) == timestamp(minutes(20))


def test_what_is_delivered_again_is_no_news(table: StateStore) -> None:
    steps = (
        found(1, "drifted", 10),
        found(2, "in_sync", 20),
        found(3, "in_sync", 50),
        found(1, "drifted", 10),
    )
    assert after(table, "again", *steps) == timestamp(minutes(20))


def test_drift_of_the_stack_before_counts_until_that_was_gone(table: StateStore) -> None:
    def anew(table: StateStore, key: StackKey) -> None:
        table.record_state(state("CREATE_COMPLETE", minutes(30), key=key, stack_id="arn:another"))

    at = after(table, "anew", gone(20), anew, found(1, "drifted", 10))
    assert at == timestamp(minutes(30) + timedelta(seconds=5))


def test_what_was_in_sync_and_becomes_known_late_leaves_the_hour_alone(table: StateStore) -> None:
    assert after(table, "late", found(3, "in_sync", 20), found(2, "in_sync", 10)) == ""


def test_drift_that_is_open_came_when_it_was_first_found(table: StateStore) -> None:
    """Whatever becomes known of it while it is."""
    key = replace(KEY, environment="open", stack="open")
    for step in (found(1, "drifted", 10), found(3, "drifted", 30), found(2, "drifted", 20)):
        step(table, key)
        assert changed_at(table, "open") == timestamp(minutes(10))


def test_of_two_detections_of_one_moment_one_is_the_last_in_any_order(table: StateStore) -> None:
    steps = (found(1, "in_sync", 10), found(2, "drifted", 10))
    for number, order in enumerate(permutations(steps)):
        key = replace(KEY, environment=f"moment-{number}")
        for step in order:
            step(table, key)
        assert table.drift_marker("orders", key.environment).drifted == (key,)


def test_drift_goes_with_its_stack_by_the_later_of_both_clocks(table: StateStore) -> None:
    """The agent's may be behind CloudFormation's."""

    def behind(table: StateStore, key: StackKey) -> None:
        table.record_state(state("DELETE_COMPLETE", minutes(40), key=key, observed_at=minutes(30)))

    assert after(table, "behind", found(1, "drifted", 10), behind) == timestamp(minutes(40))
    assert after(table, "late-behind", behind, found(1, "drifted", 10)) == timestamp(minutes(40))
    assert after(table, "later", gone(20), found(1, "drifted", 40)) == timestamp(minutes(40))


def test_a_stack_of_nobody_marks_nothing(table: StateStore) -> None:
    key = replace(KEY, workload="-", environment="-")
    assert table.record_drift(key, summary()).recorded
    assert table.drift_marker("-", "-") == DriftMarker()
