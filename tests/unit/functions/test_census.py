"""A census in parts: complete once all came, in any order; a lost part neither removes nor keeps a stack (REQ-C2)."""

from __future__ import annotations

import itertools
import json

import pytest

from pipelines.state.sequence import DELETED
from pipelines.tracking import census
from tests.unit.tracking.cloud import DEV, REGION

from .home import Home, home

__all__ = ["home"]

NAMES = ("alpha", "beta", "delta", "gamma", "omega")


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "NAMES_IN_PART", 2)


def counted(home: Home) -> list[str]:
    """Let the agent count the stacks, and return the messages of the census' parts."""
    home.agent.bus.bodies.clear()
    home.agent.reconcile()
    return [body for body in home.agent.bus.bodies if json.loads(body)["detail-type"] == "Region Census"]


def standing(home: Home) -> list[str]:
    return sorted(state.key.stack for state in home.store.states_in(DEV, REGION) if state.status != DELETED)


def full(home: Home) -> None:
    for name in NAMES:
        home.cloud.create(name)
    home.look()
    home.cloud.tick(60)


def test_a_region_has_reported_once_every_part_came_in_any_order(home: Home) -> None:
    full(home)
    for order in itertools.permutations(range(3)):
        before = home.store.census(DEV, REGION)
        parts = counted(home)
        assert len(parts) == 3
        for number in order[:2]:
            home.track(parts[number], parts[number])
            assert home.store.census(DEV, REGION) == before
        home.track(parts[order[2]], parts[order[0]])
        after = home.store.census(DEV, REGION)
        assert after is not None
        assert before is not None
        assert (after.stacks, after.observed_at > before.observed_at) == (5, True)


@pytest.mark.parametrize("lost", range(2))
def test_a_lost_part_removes_nothing_keeps_nothing_for_long_and_is_no_report(home: Home, lost: int) -> None:
    full(home)
    before = home.store.census(DEV, REGION)
    for name in ("alpha", "delta", "omega"):
        home.cloud.stacks.pop(name)  # gone without an event
    home.cloud.create("alpha-two")
    home.cloud.create("beta-two")
    parts = counted(home)
    assert len(parts) == 2
    kept = [part for number, part in enumerate(parts) if number != lost]
    home.track(*kept)
    assert {"beta", "gamma"} <= set(standing(home)), "what exists stays, whichever part is lost"
    assert home.store.census(DEV, REGION) == before
    home.track(*counted(home))
    assert standing(home) == ["beta", "gamma"], "the next census removes what the lost part would have"
    after = home.store.census(DEV, REGION)
    assert after is not None
    assert after.stacks == 4


def test_parts_of_two_censuses_make_none(home: Home) -> None:
    """The first part of the later one ends the earlier: its stragglers say what is gone, and complete nothing."""
    full(home)
    before = home.store.census(DEV, REGION)
    earlier, later = counted(home), counted(home)
    home.track(earlier[0], earlier[1], later[2], earlier[2], later[0], earlier[0])
    assert home.store.census(DEV, REGION) == before
    home.track(later[1])
    after = home.store.census(DEV, REGION)
    assert after is not None
    assert after.observed_at.isoformat().startswith(json.loads(later[0])["detail"]["observed_at"][:19])
    assert standing(home) == sorted(NAMES)
