"""Which release comes back, and under which decision, read from records of deployments (REQ-R4, REQ-G1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.delivery import returning
from pipelines.delivery.break_glass import BreakGlass
from pipelines.delivery.deliver import Entry
from pipelines.delivery.places import Ordered
from pipelines.delivery.returning import (
    DataLossError,
    Return,
    before,
    bring_back,
    decision_of,
    finish_return,
    owed,
    taken_back,
)
from pipelines.state.records import EnvironmentRelease
from tests.unit.promotion.good import deployment
from validator.errors import FailureError

from .records import deployed, made_table
from .repositories import Repository

History = dict[str, list[EnvironmentRelease]]


class Records:
    """Deployments by workload, the newest first, as the state table gives them."""

    def __init__(self, history: History) -> None:
        self._history = history

    def environment_releases(
        self, workload: str, environment: str, _odd: Any = None
    ) -> Iterator[EnvironmentRelease]:
        return iter(self._history.get(workload, ()))


def one(workload: str, number: int, tag: str, state: str = "succeeded", **given: Any) -> EnvironmentRelease:
    return deployment("prod", workload, number=number, tag=tag, state=state, **given)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ({"orders": [one("orders", 1, "v1")]}, "v1"),
        ({"orders": [one("orders", 2, "v2", "rolled_back"), one("orders", 1, "v1")]}, "v1"),
        ({"orders": [one("orders", 2, "v2", "failed")]}, ""),
        ({"orders": [one("orders", 1, "v1")], "billing": []}, "v1"),
        ({"orders": [one("orders", 1, "v1")], "billing": [one("billing", 1, "v0")]}, ""),
        ({}, ""),
        ({"orders": [one("orders", 1, "v3")]}, ""),
    ],
    ids=[
        "the last",
        "not what was taken back",
        "none was good",
        "a new workload",
        "several",
        "the first",
        "itself",
    ],
)
def test_what_last_succeeded_comes_back(history: History, expected: str) -> None:
    failed = [one(workload, 3, "v3", "failed") for workload in ("orders", "billing")]
    table: Any = Records({name: [failed[0], *those] for name, those in history.items()})
    assert before(table, failed) == expected


def test_what_comes_back_stands_under_the_decision_that_once_let_it_in() -> None:
    """So that it may go on from there; what no gate ever let in may not."""
    let_in = one("orders", 1, "v1", decision="sha256:a")
    table: Any = Records({"orders": [one("orders", 2, "v1", decision=""), let_in]})
    assert decision_of(table, ["billing", "orders"], "prod", "v1") == "sha256:a"
    bare: Any = Records({"orders": [one("orders", 1, "v1", decision="")]})
    assert decision_of(bare, ["orders"], "prod", "v1") == ""
    assert decision_of(table, ["orders"], "prod", "v2") == ""


NOTHING: Any = None


@pytest.mark.parametrize("failed", [True, False])
def test_the_record_tells_what_is_to_be_taken_back_from_what_somebody_stopped(
    tmp_path: Path, failed: bool
) -> None:
    """A way back goes on in either case: half of it is nowhere. Without gates nothing comes back by itself."""
    table: Any = Records({"orders": [one("orders", 1, "v1")]})
    recording: Any = SimpleNamespace(table=table, begun=(one("orders", 2, "v2", "deploying"),))
    places: Any = SimpleNamespace(repository=Repository.made(tmp_path / "work").root)
    entry = Entry(Ordered("prod", "v2"), places, NOTHING, NOTHING)
    assert entry.back_to(recording, failed=failed) == entry.before == ("v1" if failed else "")
    back = Return("prod", "v1", (), NOTHING, NOTHING, NOTHING)
    assert back.back_to(recording, failed=failed) == "v1"
    assert BreakGlass("prod", "v2", "why", NOTHING).back_to(recording, failed=failed) == ""


def test_what_is_no_tag_cannot_come_back(tmp_path: Path) -> None:
    """Such as what was deployed into dev as it was checked out."""
    table: Any = Records({"orders": [one("orders", 1, "v1.0.0-3-gabc")]})
    recording: Any = SimpleNamespace(table=table, begun=(one("orders", 2, "v2", "deploying"),))
    said: list[str] = []
    places: Any = SimpleNamespace(repository=Repository.made(tmp_path / "work").root)
    stage: Any = SimpleNamespace(warn=said.append)
    entry = Entry(Ordered("dev", "v2"), places, stage, NOTHING)
    assert entry.back_to(recording, failed=True) == entry.before == ""
    assert said == ["v1.0.0-3-gabc ran in dev before, and is no tag: it cannot come back"]


def last(tag: str, state: Any, back_to: str = "") -> EnvironmentRelease:
    return one("orders", 3, tag, state, back_to=back_to)


@pytest.mark.parametrize(
    ("latest", "but", "expected"),
    [
        (last("v2", "failed", "v1"), "v2", "v1"),
        (last("v2", "failed", "v1"), "v3", "v1"),
        (last("v2", "rolled_back", "v1"), "v2", "v1"),
        (last("v2", "rolled_back", "v1"), "v1", "v1"),
        (last("v1", "failed", "v1"), "v3", "v1"),
        (last("v1", "deploying"), "v3", "v1"),
        (last("v1", "deploying"), "v1", ""),
        (last("v2", "deploying"), "v3", ""),
        (last("v2", "failed"), "v3", ""),
        (last("v2", "rolled_back"), "v3", ""),
        (last("v1", "succeeded"), "v3", ""),
        (last("v3", "succeeded", "v1"), "v3", ""),
    ],
)
def test_a_way_back_that_did_not_end_is_owed_whoever_comes_next(
    latest: EnvironmentRelease, but: str, expected: str
) -> None:
    """REQ-R4: whatever release is ordered; what somebody stopped, or what came back, is not."""
    table: Any = Records({"orders": [latest, one("orders", 1, "v1")]})
    assert owed(table, [latest], but) == expected


def test_what_awaits_is_kept_with_the_end_and_ends_with_what_comes_after() -> None:
    """One write says both, so that no death comes between them."""
    table = made_table()
    deployed(table, "v1", "succeeded")
    assert deployed(table, "v2", "failed", back_to="v1").awaits == "v1"
    assert deployed(table, "v2", "failed").awaits == ""
    assert deployed(table, "v3", "failed", "rolled_back", back_to="v1").awaits == "v1"
    assert deployed(table, "v1").awaits == ""


def test_what_failed_on_its_way_back_is_not_taken_back_itself() -> None:
    """Else it would stay out of every environment for good."""
    assert taken_back([last("v1", "failed", "v1")], "v1") == ()
    bad = last("v2", "failed", "v1")
    assert taken_back([bad], "v1") == (bad,)
    other = one("billing", 5, "v2", "deploying")
    assert taken_back([bad, other], "v1") == (bad, other)
    assert taken_back([bad, one("billing", 4, "v1")], "v1") == (bad,)


@pytest.mark.parametrize(("ordered", "goes_on"), [("v3", True), ("v2", False), ("v1", False)])
def test_where_data_is_in_the_way_another_release_may_take_the_place(
    ordered: str, goes_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQ-R3: nobody has to lose data to get to a better release; its gates are asked."""
    table = made_table()
    deployed(table, "v1", "succeeded")
    deployed(table, "v2", "failed", back_to="v1")

    def refused(*_: Any) -> Any:
        raise DataLossError("v1 would take data with it")

    monkeypatch.setattr(returning, "bring_back", refused)
    said: list[str] = []
    stage: Any = SimpleNamespace(warn=said.append)
    if goes_on:
        finish_return(Path(), table, ["orders"], Ordered("dev", ordered), stage, NOTHING)
        assert "v3 may take its place all the same" in said[-1]
        return
    with pytest.raises(DataLossError):
        finish_return(Path(), table, ["orders"], Ordered("dev", ordered), stage, NOTHING)


def test_a_release_whose_tag_was_moved_does_not_come_back(tmp_path: Path) -> None:
    """REQ-G1: what the tag names by now never ran there. It is known before a file of it is used."""
    repository, table = Repository.made(tmp_path / "work"), made_table()
    deployed(table, "v1", "succeeded", commit=repository.git("rev-parse", "v1"))
    bad = deployed(table, "v2", "failed", back_to="v1")
    repository.git("tag", "--force", "v1", "v2")
    stage: Any = SimpleNamespace()
    with pytest.raises(FailureError, match="the tag v1 was moved"):
        bring_back(repository.root, table, "v1", (bad,), [bad], stage, NOTHING)
    assert not (repository.root / ".lockstep").exists()
