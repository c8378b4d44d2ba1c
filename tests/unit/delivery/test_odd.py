"""What is no record in one environment is left out and told, and stops no way back of the others (ADR 0017, REQ-R1)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.delivery import rollback
from pipelines.delivery.returning import decision_of
from pipelines.delivery.ways import Way, Ways, _refusals, _refused, _way
from pipelines.gathering.trail import recorded
from pipelines.state import keys
from pipelines.state.store import StateStore
from tests.state_table import START
from tests.unit.promotion.good import POLICY
from tests.unit.tracking.local import TABLE
from validator.errors import FailureError, TechnicalError

from .records import deployed, made_table

PLACES = ("dev", "staging", "prod")
JUNK = {"junk": {"S": "\x1b[2J"}}


def put(table: StateStore, key: Any) -> None:
    """Write what is no record, as who deploys there may."""
    item = {"pk": {"S": key.pk}, "sk": {"S": key.sk}, **JUNK}
    table._table._client.put_item(TableName=TABLE, Item=item)


@pytest.fixture
def table() -> StateStore:
    made = made_table()
    deployed(made, "v1", "succeeded")
    put(made, keys.environment_release("orders", "dev", 9))
    return made


@pytest.mark.parametrize("number", [0, 99_999_999, 100_000_000, 10**12])
@pytest.mark.parametrize("is_elsewhere", [True, False])
def test_a_number_that_its_key_cannot_hold_is_no_record(number: int, is_elsewhere: bool) -> None:
    """REQ-C1: it would stay the last for ever, or sort before those that came later."""
    table = made_table()
    one = deployed(table, "v1", "succeeded")
    key = keys.environment_release("orders", "dev", 7 if is_elsewhere else number)
    forged = {**replace(one, number=number).to_item(), "pk": {"S": key.pk}, "sk": {"S": key.sk}}
    table._table._client.put_item(TableName=TABLE, Item=forged)
    said: list[str] = []
    assert list(table.environment_releases("orders", "dev", said.append)) == [one]
    assert said == [f"{key.sk}: number {number} of orders in dev is not kept there"]


def project() -> Any:
    stack = SimpleNamespace(workload="orders", name="dev/orders/queue", region="us-east-1")
    return SimpleNamespace(
        environments=PLACES, of=lambda environment: [stack] if environment == "dev" else []
    )


def test_the_last_consistent_release_is_found(table: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may deploy into dev would switch that off for prod."""
    home: Any = SimpleNamespace(table=lambda: table)
    monkeypatch.setattr(rollback, "Workspace", lambda _root: SimpleNamespace(deployable=project))
    monkeypatch.setattr(rollback, "reachable", lambda _files: home)
    monkeypatch.setattr(rollback, "policy_of", lambda *_: POLICY)
    said: list[str] = []
    # v1 came in without a gate, so that it is none: that is a "no", and not a crash.
    with pytest.raises(FailureError, match="no release was good in every environment"):
        rollback.newest_consistent(Path(), said.append)
    assert len(said) == 1
    assert "dev records of orders" in said[0] and "REL#00000009" in said[0] and "mend: " in said[0]
    assert "\x1b" not in said[0]
    past = rollback._past(table, "orders", "dev", said.append)
    assert [one.tag for one in past.deployments] == ["v1"]


def test_a_way_is_found_past_it(table: StateStore) -> None:
    said: list[str] = []
    workspace: Any = SimpleNamespace(project=project)
    way = _way(workspace, POLICY, table, "dev", "v1", said.append)
    assert [one.tag for one in way.latest.values()] == ["v1"]
    assert len(said) == 1 and "REL#00000009" in said[0]
    assert decision_of(table, ["orders"], "dev", "v1") == ""


def test_a_record_of_the_release_that_is_none_is_a_reason_and_no_crash(tmp_path: Path) -> None:
    from .repositories import Repository

    made = made_table()
    put(made, keys.release("orders", "v1", "dev"))
    way = Way("dev", "env/dev", ("orders",), {}, {}, ())
    (reason,) = _refusals(way, Repository.made(tmp_path / "work").root, "v1", made)
    assert "dev: the record of v1 of orders cannot be read" in reason


def test_what_keeps_all_from_coming_back_names_those_that_can() -> None:
    """REQ-R1: one record of dev keeps `--all` from prod; whoever must go back there at once reads how."""
    wrong = {"prod": [], "staging": [], "dev": ["dev: v1 of orders was rolled back there, and stays out"]}
    said = str(_refused("v1", wrong))
    assert "dev: v1 of orders was rolled back there" in said
    assert (
        "one at a time: `lockstep rollback v1 --env prod`, then `lockstep rollback v1 --env staging`; name"
        in said
    )
    assert "--env" not in str(_refused("v1", {"prod": ["prod: v1 of orders never succeeded there"]}))


def test_where_the_last_cannot_be_read_its_own_environment_stops_in_words(table: StateStore) -> None:
    home: Any = SimpleNamespace(table=lambda: table)
    plan: Any = SimpleNamespace()
    files: Any = SimpleNamespace()
    way = Way("dev", "env/dev", ("orders",), {}, {}, (), plan)
    (ended,) = rollback.go(Ways(Path(), "v1", files, home, (way,)), files, files)
    assert ended.state == "failed"
    assert isinstance(ended.error, TechnicalError)
    assert "the last deployment of orders into dev cannot be read" in str(ended.error)


def test_evidence_is_shown_without_it(table: StateStore) -> None:
    """REQ-G6: of a release that has nothing to do with it too."""
    put(table, keys.promotion("orders", "v1", "dev", "staging"))
    put(table, keys.decision("orders", "dev", START, "sha256:e"))
    stack = SimpleNamespace(workload="orders")
    both: Any = SimpleNamespace(environments=PLACES, of=lambda _environment: [stack])
    home: Any = SimpleNamespace(table=lambda: table)
    said: list[str] = []
    trail = recorded(home, both, "v1", said.append)
    assert [one.tag for one in trail.deployments] == ["v1"]
    assert trail.promotions == ()
    assert trail.decisions == ()
    found = [part in line for part, line in zip(("REL#00000009", "PROMO#", "DECISION#"), said, strict=True)]
    assert found == [True, True, True]
    with pytest.raises(ValueError):
        recorded(home, both, "v1#x", said.append)
