"""An environment's marker of its last touch, which a promotion checks as it is written (REQ-G3)."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from botocore.exceptions import EndpointConnectionError

from pipelines.gathering.records import source_of
from pipelines.state.records import StackState
from pipelines.state.store import StateStore
from tests.state_table import HOUR, KEY, START, state
from tests.unit.tracking.local import TABLE, Direct, LocalDynamoDB

STEPS = (
    state("UPDATE_IN_PROGRESS", START),
    state("UPDATE_COMPLETE", START),
    state("UPDATE_IN_PROGRESS", START + HOUR),
    state("UPDATE_COMPLETE", START + HOUR),
)


@pytest.fixture
def table(local: LocalDynamoDB) -> StateStore:
    return StateStore(Direct(), TABLE, lambda _: None)  # type: ignore[arg-type]


def test_it_is_when_the_last_operation_began_in_whatever_order_that_becomes_known() -> None:
    for order in permutations(STEPS):
        LocalDynamoDB().create()
        found = StateStore(Direct(), TABLE, lambda _: None)  # type: ignore[arg-type]
        for one in (*order, order[0]):
            found.record_state(one)
        assert found.touched_at("orders", "dev") == START + HOUR


def test_it_never_goes_back_whoever_tells_of_it() -> None:
    """Of another stack, to a process that knows nothing of what others wrote."""
    earlier, later = (replace(each, key=replace(KEY, stack=each.status)) for each in (STEPS[1], STEPS[2]))
    for order in ((earlier, later), (later, earlier)):
        LocalDynamoDB().create()
        for one in order:
            found = StateStore(Direct(), TABLE, lambda _: None)  # type: ignore[arg-type]
            found.record_state(one)
        assert found.touched_at("orders", "dev") == START + HOUR


def test_one_operation_is_one_write_whoever_tells_of_it(local: LocalDynamoDB) -> None:
    for one in STEPS[:2]:
        StateStore(local.client, TABLE, lambda _: None).record_state(one)
    assert len(local.calls) == 2 + 1


def test_what_it_is_at_least_is_not_written_again(local: LocalDynamoDB) -> None:
    """A deployment is many events of few operations, in any order, and many of them told twice (REQ-C2)."""
    table = StateStore(local.client, TABLE, lambda _: None)
    for one in (STEPS[1], STEPS[0], STEPS[1], STEPS[3], STEPS[2], STEPS[3]):
        table.record_state(one)
    assert len(local.calls) == 6 + 2


def test_each_environment_and_workload_has_its_own(table: StateStore) -> None:
    table.record_state(state(key=replace(KEY, environment="staging")))
    table.record_state(state(key=replace(KEY, workload="-", environment="-", stack="somebody-elses")))
    assert table.touched_at("orders", "staging") == START
    assert table.touched_at("orders", "dev") is None
    assert table.touched_at("-", "-") is None


def test_a_stack_that_was_deleted_was_touched(table: StateStore) -> None:
    """The gate reads the same: the stack is in no list any more."""
    table.record_state(state("DELETE_COMPLETE", START + HOUR))
    assert table.touched_at("orders", "dev") == START + HOUR
    found = source_of(table, "orders", "dev", "v1", [], START + 2 * HOUR)
    assert found.touched_at == START + HOUR


def test_the_gate_reads_the_stacks_where_there_is_no_marker_yet(table: StateStore) -> None:
    """A table that was written before there were markers."""
    table.record_state(state())
    Direct().delete_item(TableName=TABLE, Key={"pk": {"S": "CHECK#orders#dev"}, "sk": {"S": "TOUCHED"}})
    assert table.touched_at("orders", "dev") is None
    assert source_of(table, "orders", "dev", "v1", [], START + HOUR).touched_at == START


@pytest.mark.parametrize("between", [(), (STEPS[1],)], ids=["told again", "after the end of the operation"])
def test_who_died_before_the_marker_writes_it_when_told_again(
    local: LocalDynamoDB, table: StateStore, between: tuple[StackState, ...]
) -> None:
    lost = EndpointConnectionError(endpoint_url="https://example.com")
    local.fault = lambda _operation: lost if len(local.calls) > 1 else None
    with pytest.raises(EndpointConnectionError):
        StateStore(local.client, TABLE, lambda _: None).record_state(STEPS[0])
    for one in between:
        table.record_state(one)
    assert table.touched_at("orders", "dev") is None
    table.record_state(STEPS[0])
    assert table.touched_at("orders", "dev") == START


@pytest.mark.parametrize("one", [STEPS[0], state("DELETE_COMPLETE")], ids=["changed", "deleted"])
def test_who_failed_before_the_marker_writes_it_when_told_again(
    local: LocalDynamoDB, one: StackState
) -> None:
    """The same process, too: it knows of no marker that it did not write."""
    lost, table = EndpointConnectionError(endpoint_url="https://example.com"), StateStore(local.client, TABLE)
    writes = ["UpdateItem"] if one is STEPS[0] else []

    def fault(operation: str) -> Exception | None:
        return lost if operation == "UpdateItem" and not (writes and writes.pop()) else None

    local.fault = fault
    with pytest.raises(EndpointConnectionError):
        table.record_state(one)
    local.fault = lambda _operation: None
    assert table.touched_at("orders", "dev") is None
    assert not table.record_state(one)
    assert table.touched_at("orders", "dev") == START
