"""A state table with deployments into dev, for tests."""

from __future__ import annotations

from dataclasses import replace

from pipelines.state.records import Ending, EnvironmentRelease, ReleaseState
from pipelines.state.store import StateStore
from tests.state_table import START, release
from tests.unit.tracking.local import TABLE, LocalDynamoDB


def made_table() -> StateStore:
    """Return the store of an empty table."""
    table = LocalDynamoDB(attempts=1)
    table.create()
    return StateStore(table.client, TABLE, lambda _seconds: None)


def deployed(
    store: StateStore, tag: str, *states: ReleaseState, back_to: str = "", commit: str = ""
) -> EnvironmentRelease:
    """Record a deployment into dev that went through these states, one after the other."""
    one = release(tag)
    one = replace(one, commit=commit or one.commit)
    store.put_release(one)
    ending = Ending(back_to=back_to)
    begun = store.begin_environment_release(one, START, "alex")
    assert begun is not None
    for each in states:
        assert store.end_environment_release("orders", "dev", begun.number, each, START, None, ending)
    latest = store.latest_environment_release("orders", "dev")
    assert latest is not None
    return latest
