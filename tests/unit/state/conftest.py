"""A state table in this process, and the store of whoever uses it."""

from __future__ import annotations

import pytest

from pipelines.state.store import StateStore
from tests.unit.tracking.local import TABLE, Direct, LocalDynamoDB


@pytest.fixture
def local() -> LocalDynamoDB:
    """Return a new table, and what is in it."""
    found = LocalDynamoDB()
    found.create()
    return found


@pytest.fixture
def store(local: LocalDynamoDB) -> StateStore:
    """Return the store of a table."""
    return StateStore(Direct(), TABLE, lambda _: None)  # type: ignore[arg-type]
