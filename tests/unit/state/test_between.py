"""What others do between the reading and the writing of the store: the condition of the write sees it (REQ-C2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from pipelines.state.records import Check, RuleRequest, StackKey
from pipelines.state.store import StateStore
from tests.state_table import HOUR, KEY, STACK_ID, START, alert, release, state, summary
from tests.unit.tracking.local import TABLE, Direct, LocalDynamoDB

MINUTE = timedelta(minutes=1)
OTHER = replace(KEY, stack="another-stack")

Between = Callable[[str, Callable[[], object]], None]


@pytest.fixture
def store(local: LocalDynamoDB) -> StateStore:
    """Return the store of whoever is late."""
    return StateStore(local.client, TABLE, lambda _: None)


@pytest.fixture
def other() -> StateStore:
    """Return the store of whoever is in between."""
    return StateStore(Direct(), TABLE, lambda _: None)  # type: ignore[arg-type]


@pytest.fixture
def between(local: LocalDynamoDB) -> Between:
    """Let something happen once, right after the next such operation."""

    def let(operation: str, act: Callable[[], object]) -> None:
        acts = [act]

        def after(name: str) -> None:
            if name == operation and acts:
                acts.pop()()

        local.after = after

    return let


def drifted(other: StateStore, key: StackKey = KEY) -> tuple[bool, bool]:
    """Return whether the environment's marker names the stack, and whether the index does."""
    return (
        key in other.drift_marker(key.workload, key.environment).drifted,
        key in {each.key for each in other.open_drift()},
    )


def test_a_stack_that_is_deleted_meanwhile_takes_no_drift(
    store: StateStore, other: StateStore, between: Between
) -> None:
    store.record_state(state())
    between("BatchGetItem", lambda: other.record_state(state("DELETE_COMPLETE", START + MINUTE)))
    done = store.record_drift(KEY, summary(at=START + HOUR), [], alert(), stack_id=STACK_ID)
    assert (done.recorded, done.alert) == (False, None)
    assert drifted(other) == (False, False)


def test_a_stack_that_is_made_anew_meanwhile_takes_no_drift(
    store: StateStore, other: StateStore, between: Between
) -> None:
    store.record_state(state())

    def anew() -> None:
        other.record_state(state("DELETE_COMPLETE", START + MINUTE))
        other.record_state(state("CREATE_COMPLETE", START + 2 * MINUTE, stack_id="arn:another"))

    between("BatchGetItem", anew)
    assert not store.record_drift(KEY, summary(at=START + HOUR), stack_id=STACK_ID).recorded
    assert drifted(other) == (False, False)


@pytest.mark.parametrize("before", [0, 1], ids=["the first", "one of several"])
def test_a_later_detection_of_meanwhile_stands(
    store: StateStore, other: StateStore, between: Between, before: int
) -> None:
    """Its drift and its alert, too (REQ-C4)."""
    store.record_state(state())
    for number in range(before):
        store.record_drift(KEY, summary(number, "in_sync", START))
    last = summary(3, "in_sync", START + 3 * MINUTE)
    between("BatchGetItem", lambda: other.record_drift(KEY, last))
    done = store.record_drift(KEY, summary(2, at=START + 2 * MINUTE), [], alert())
    assert (done.recorded, done.alert) == (False, None)
    assert drifted(other) == (False, False)
    stands = other.state(KEY)
    assert stands is not None
    assert stands.drift == last
    assert other.alert("drift-1") is None


def test_the_marker_never_goes_back(store: StateStore, other: StateStore, between: Between) -> None:
    """Another stack's drift came later, though it was recorded first: from there the hour runs (REQ-G3)."""
    between("BatchGetItem", lambda: other.record_drift(OTHER, summary(at=START + 2 * MINUTE)))
    assert store.record_drift(KEY, summary(at=START + MINUTE)).recorded
    marker = other.drift_marker("orders", "dev")
    assert (set(marker.drifted), marker.changed_at) == ({KEY, OTHER}, START + 2 * MINUTE)


def test_what_became_history_is_kept_whatever_the_marker_did_meanwhile(
    store: StateStore, other: StateStore, between: Between
) -> None:
    store.record_drift(KEY, summary(3, "in_sync", START + 3 * MINUTE))
    between("BatchGetItem", lambda: other.record_drift(OTHER, summary(at=START + HOUR)))
    assert not store.record_drift(KEY, summary(2, at=START + 2 * MINUTE)).recorded
    assert other.drift(KEY, "d-002") == summary(2, at=START + 2 * MINUTE)
    assert other.drift_marker("orders", "dev").changed_at == START + HOUR


def test_a_deletion_notes_the_drift_that_became_known_meanwhile(
    store: StateStore, other: StateStore, between: Between
) -> None:
    store.record_state(state())
    store.record_drift(KEY, summary())
    between("TransactWriteItems", lambda: other.record_drift(OTHER, summary(at=START + HOUR)))
    assert store.record_state(state("DELETE_COMPLETE", START + MINUTE))
    marker = other.drift_marker("orders", "dev")
    assert (marker.drifted, marker.changed_at) == ((OTHER,), START + HOUR)


def test_an_alert_counts_on_from_what_others_told_meanwhile(
    store: StateStore, other: StateStore, between: Between
) -> None:
    """No generation stands for two things: only one of them would be announced (REQ-C4)."""
    between("GetItem", lambda: other.raise_alert(alert()))
    assert store.raise_alert(alert()) is None
    between("GetItem", lambda: other.raise_alert(alert(START + MINUTE, "sha256:b")))
    news = store.raise_alert(alert(START + 2 * MINUTE, "sha256:c"))
    assert news is not None
    assert news.generation == 3
    assert other.alert("drift-1") == news


@pytest.mark.parametrize("before", [0, 1], ids=["the first", "one of several"])
def test_a_later_check_of_meanwhile_stands(
    store: StateStore, other: StateStore, between: Between, before: int
) -> None:
    check = Check("orders", "dev", START, "v1.2.0", "consistent", ())
    for _ in range(before):
        store.put_check(check)
    last = replace(check, at=START + 2 * MINUTE, verdict="inconsistent")
    between("GetItem", lambda: other.put_check(last))
    assert not store.put_check(replace(check, at=START + MINUTE))
    assert other.check("orders", "dev") == replace(last, failed_at=last.at)


def test_a_deployment_of_meanwhile_keeps_its_number(
    store: StateStore, other: StateStore, between: Between
) -> None:
    between("Query", lambda: other.begin_environment_release(release("v9"), START, "run-2"))
    begun = store.begin_environment_release(release(), START, "run-1")
    assert begun is not None
    assert begun.number == 2
    assert [each.tag for each in other.environment_releases("orders", "dev")] == ["v1.2.0", "v9"]


def test_what_an_index_lists_is_judged_by_what_stands(
    store: StateStore, other: StateStore, between: Between
) -> None:
    """An index is behind for moments (REQ-C4)."""
    store.record_state(state())
    store.record_drift(KEY, summary())
    assert drifted(store) == (True, True)
    between("Query", lambda: other.record_drift(KEY, summary(2, "in_sync", START + MINUTE)))
    assert list(store.open_drift()) == []
    store.record_drift(KEY, summary(3, "started", START + HOUR))
    between("Query", lambda: other.record_drift(KEY, summary(3, "in_sync", START + HOUR)))
    assert list(store.started()) == []


def test_a_question_that_was_answered_meanwhile_waits_for_nothing(
    store: StateStore, other: StateStore, between: Between
) -> None:
    """An index is behind for moments (REQ-G9)."""
    request = RuleRequest(
        deployment=1,
        repository="example/orders",
        environment="prod",
        run=2,
        commit="0" * 40,
        ref="env/prod",
        installation=3,
        delivery="d",
        made_at=START,
        received_at=START,
    )
    assert store.take_rule_request(request)
    assert list(store.open_rule_requests()) == [request]
    between("Query", lambda: other.end_rule_request(request, "approved", "fine", START))
    assert list(store.open_rule_requests()) == []
