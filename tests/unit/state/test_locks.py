"""To whom a lock belongs, and when it ends, to the microsecond (REQ-G5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pipelines.state.records import Lock
from pipelines.state.store import StateStore
from tests.state_table import HOUR, START, lock_of

MOMENT = timedelta(microseconds=1)


@pytest.fixture
def held(store: StateStore) -> Lock:
    return lock_of(store, "dev")


def test_it_ends_when_it_says(store: StateStore, held: Lock) -> None:
    """Its holder has lost it at the moment in which another may have it."""
    end = held.expires_at
    assert store.lock("orders", "dev", end - MOMENT) == held
    assert store.lock("orders", "dev", end) is None
    assert store.renew(held, end, HOUR) is None
    assert store.acquire_lock("orders", "dev", "run-2", end - MOMENT, HOUR) is None
    assert store.acquire_lock("orders", "dev", "run-2", end, HOUR) is not None


def test_it_is_held_since_it_was_taken(store: StateStore, held: Lock) -> None:
    renewed = store.renew(held, START + HOUR, 48 * HOUR)
    assert renewed == replace(held, expires_at=START + 49 * HOUR)
    assert (held.since, store.lock("orders", "dev", START)) == (START, renewed)


@pytest.mark.parametrize("changed", [{"owner": "run-2"}, {"token": 2}, {"environment": "prod"}])
def test_it_is_nobody_elses(store: StateStore, held: Lock, changed: dict[str, object]) -> None:
    """Neither by name nor by token alone."""
    other = replace(held, **changed)
    assert store.renew(other, START, HOUR) is None
    assert not store.release_lock(other)
    assert store.lock("orders", "dev", START) == held


def test_who_takes_it_again_gives_back_what_was_taken_last(store: StateStore, held: Lock) -> None:
    """A run that was thought dead has the name of the one that carries on."""
    again = lock_of(store, "dev")
    assert not store.release_lock(held)
    assert store.lock("orders", "dev", START) == again
    assert store.release_lock(again)


def test_it_is_given_back_once(store: StateStore, held: Lock) -> None:
    assert store.release_lock(held)
    assert not store.release_lock(held)
    assert store.renew(held, START, HOUR) is None
