"""What is taken back is marked under the locks, once, and only where no other run came in between (REQ-R1, REQ-G5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.delivery.returning import Return
from pipelines.state.records import EnvironmentRelease
from pipelines.state.store import StateStore
from tests.state_table import START, lock_of, release
from tests.unit.tracking.local import TABLE, LocalDynamoDB
from validator.errors import FailureError, TechnicalError

NOW = START + timedelta(minutes=1)


@pytest.fixture
def store() -> StateStore:
    table = LocalDynamoDB(attempts=1)
    table.create()
    return StateStore(table.client, TABLE, lambda _seconds: None)


def deployed(store: StateStore, tag: str) -> EnvironmentRelease:
    """Record a deployment into dev that succeeded."""
    one = release(tag)
    store.put_release(one)
    begun = store.begin_environment_release(one, START, "alex")
    assert begun is not None
    assert store.end_environment_release("orders", "dev", begun.number, "succeeded", START)
    return begun


def terms(away: EnvironmentRelease, first: Callable[[], None] | None = None, **seen: int) -> Any:
    nothing: Any = None
    return Return("dev", "v1", (away,), nothing, nothing, lambda: NOW, seen=seen, first=first)


def held(store: StateStore) -> tuple[Any, Any]:
    """Return the home, and the locks of a run."""
    return SimpleNamespace(table=lambda: store), SimpleNamespace(locks={"orders": lock_of(store, "dev")})


def states(store: StateStore) -> list[tuple[str, str]]:
    return [(one.tag, one.state) for one in store.environment_releases("orders", "dev")]


def test_it_is_marked_and_twice_is_once(store: StateStore) -> None:
    deployed(store, "v1")
    bad = deployed(store, "v2")
    home, hold = held(store)
    for _ in range(2):
        assert terms(bad, orders=2).admit(home, hold) == ""
        assert states(store) == [("v2", "rolled_back"), ("v1", "succeeded")]
        latest = store.latest_environment_release("orders", "dev")
        assert latest is not None and latest.awaits == "v1", "whoever comes next would not know"


def test_nothing_is_marked_where_another_run_came_in_between(store: StateStore) -> None:
    deployed(store, "v1")
    bad = deployed(store, "v2")
    deployed(store, "v3")
    with pytest.raises(FailureError, match="was deployed into dev meanwhile"):
        terms(bad, first=lambda: pytest.fail("the branch would say what nobody deploys"), orders=2).admit(
            *held(store)
        )
    assert states(store) == [("v3", "succeeded"), ("v2", "succeeded"), ("v1", "succeeded")]


def test_nothing_is_marked_before_the_branch_says_it(store: StateStore) -> None:
    bad = deployed(store, "v2")

    def refused() -> None:
        raise TechnicalError("origin did not take it")

    with pytest.raises(TechnicalError, match="did not take it"):
        terms(bad, first=refused, orders=1).admit(*held(store))
    assert states(store) == [("v2", "succeeded")]


def test_a_run_that_lost_its_lock_marks_nothing(store: StateStore) -> None:
    bad = deployed(store, "v2")
    home, hold = held(store)
    later = START + timedelta(days=1)
    assert store.acquire_lock("orders", "dev", "sam", later, timedelta(minutes=3)) is not None
    with pytest.raises(TechnicalError, match="another run may have begun"):
        terms(bad, orders=1).admit(home, hold)
    assert states(store) == [("v2", "succeeded")]
