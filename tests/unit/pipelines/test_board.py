"""The board as the state table has it, where one environment's own records are odd (REQ-X3, REQ-P8)."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.board import recorded_board
from pipelines.state.marshal import item
from pipelines.state.records import Census
from pipelines.state.store import StateStore
from tests.state_table import HOUR, KEY, START, lock_of, release, state
from tests.unit.tracking.local import HOME, TABLE, LocalDynamoDB


def stack(environment: str, account: str) -> Any:
    """Return a stack as far as the board reads it."""
    return SimpleNamespace(
        workload="orders",
        environment=environment,
        account=account,
        region=KEY.region,
        external_name=f"lockstep-{environment}-orders-queue",
        name=f"{environment}/orders/queue",
        short_name="queue",
        digest="sha256:2",
    )


def deployed() -> StateStore:
    """Return a table in which a deployment of `orders` into dev succeeded at START."""
    table = LocalDynamoDB()
    table.create()
    store = StateStore(table.client, TABLE, lambda _seconds: None)
    begun = store.begin_environment_release(release(), START, "somebody", lock_of(store, "dev"))
    assert begun is not None
    assert store.end_environment_release("orders", "dev", begun.number, "succeeded", START)
    return store


def test_a_record_of_dev_that_is_none_hides_no_other() -> None:
    """REQ-X3: the rest is shown all the same, and what could not be read is said of dev alone."""
    table = LocalDynamoDB()
    table.create()
    store = StateStore(table.client, TABLE, lambda _seconds: None)
    for environment in ("dev", "prod"):
        begun = store.begin_environment_release(
            release(environment=environment), START, "somebody", lock_of(store, environment)
        )
        assert begun is not None
        assert store.end_environment_release("orders", environment, begun.number, "succeeded", START)
    store.record_state(state(key=KEY))
    for number in (7, 8):
        odd = {
            "pk": "ENV#orders#dev",
            "sk": f"REL#{number:08}",
            "state": "succeeded",
            "gsi1pk": "x",
            "gsi1sk": "y",
        }
        table.client.put_item(TableName=TABLE, Item=item(odd))
    stacks = {"dev": (stack("dev", KEY.account),), "prod": (stack("prod", HOME),)}
    project: Any = SimpleNamespace(places=stacks, environments=tuple(stacks), of=lambda name: stacks[name])
    board = recorded_board(project, store, None, START + HOUR)
    assert [(line.environment, line.release) for line in board.summaries] == [
        ("dev", "v1.2.0"),
        ("prod", "v1.2.0"),
    ]
    ((name, said),) = board.troubles
    assert name == "dev"
    assert said.startswith("2 of the records of its deployments cannot be read, such as REL#00000008: ")
    assert recorded_board(project, store, "prod", START + HOUR).troubles == ()


@pytest.mark.parametrize(
    ("after_minutes", "counted", "state_of_row"),
    [(None, 0, "unknown"), (0, 0, "unknown"), (5, 1, "unknown"), (5, 0, "missing"), (40, 1, "missing")],
)
def test_a_stack_is_missing_once_its_agent_looked_since_the_deployment(
    after_minutes: int | None, counted: int, state_of_row: str
) -> None:
    """Not before, nor while home has not recorded all that the agent counted."""
    store = deployed()
    if after_minutes is not None:
        at = START + timedelta(minutes=after_minutes)
        assert store.record_census(Census(KEY.account, KEY.region, at, counted))
    stacks = {"dev": (stack("dev", KEY.account),)}
    project: Any = SimpleNamespace(places=stacks, environments=("dev",), of=lambda name: stacks[name])
    (row,) = recorded_board(project, store, None, START + HOUR).rows
    assert row.state == state_of_row
