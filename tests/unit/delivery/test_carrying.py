"""What is left of a run that died, and what is said where the gates keep the rest of it out (REQ-G1, REQ-R4)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.attestation import Statement, decided
from pipelines.delivery.carrying import begun, half_there, is_way_back, left_over
from pipelines.delivery.places import Ordered
from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Begun
from pipelines.state.store import StateStore
from tests.state_table import START, release
from tests.unit.promotion import good
from validator.errors import FailureError, PendingError, TechnicalError

from .records import deployed, made_table

ORDER = Ordered("dev", "v2")
DIED = Begun("sha256:d", "sha256:plan", START)


def began(table: StateStore, tag: str, decision: str) -> None:
    """Record a run of a release into dev that died."""
    table.put_release(release(tag))
    assert table.begin_environment_release(release(tag), START, "alex", decision=decision)


def home(table: StateStore, *kept: Statement) -> Any:
    """Return a home with a table, and with what is kept; whatever else is asked for is none."""
    texts = {one.digest: one.text for one in kept}
    store = SimpleNamespace(evidence=lambda digest: texts.get(digest, b"{}"))
    return SimpleNamespace(table=lambda: table, store=lambda _environment: store)


def test_what_is_left_names_the_plan_that_was_let_in() -> None:
    """A run that has no decision, ended, or is of another release left nothing to carry on under one."""
    evidence = good.evidence("dev")
    statement = decided(evidence, decide(evidence, good.DEV), {})
    refused = decided(evidence, decide(good.evidence("dev", parity=1), good.DEV), {})

    def found(tag: str, decision: str, *states: Any) -> Begun | None:
        table = made_table()
        began(table, tag, decision)
        for each in states:
            assert table.end_environment_release("orders", "dev", 1, each, START)
        return begun(home(table, statement, refused), ORDER, ("orders",))

    assert found("v2", statement.digest) == Begun(statement.digest, "sha256:plan", START)
    assert found("v2", statement.digest, "failed") is None
    assert found("v1", statement.digest) is None
    assert found("v2", refused.digest) is None
    assert found("v2", "") is None


def test_a_way_back_stands_under_the_decision_that_once_let_it_in() -> None:
    """REQ-R1: no gate was asked of it; of what gates let in again, they were."""
    table = made_table()
    began(table, "v2", "sha256:d")
    assert not is_way_back(table, ORDER, ("orders",), DIED)
    table.end_environment_release("orders", "dev", 1, "succeeded", START)
    deployed(table, "v3", "succeeded")
    began(table, "v2", "sha256:d")
    assert is_way_back(table, ORDER, ("orders",), DIED)
    assert not is_way_back(table, ORDER, ("orders",), Begun("sha256:again", "sha256:plan", START))


@pytest.mark.parametrize("kind", [FailureError, PendingError, TechnicalError])
def test_what_keeps_the_rest_out_says_what_may_be_there_and_how_it_goes_back(kind: type[Exception]) -> None:
    table = made_table()
    deployed(table, "v1", "succeeded")
    began(table, "v2", "sha256:d")
    with pytest.raises(kind) as raised, half_there(table, ORDER, ("orders",), DIED):
        raise kind("no\n  mend: this")
    said = str(raised.value)
    assert said.startswith("no\n  mend: this\nthe run that began to deploy v2 into dev at ")
    assert "half of it may be there, and this run changed nothing more" in said
    assert said.endswith("then run the same command again; or go back with `lockstep rollback v1 --env dev`")


def test_where_nothing_stood_before_there_is_nothing_to_go_back_to() -> None:
    table = made_table()
    began(table, "v2", "sha256:d")
    with (
        pytest.raises(FailureError, match=r"run the same command again\Z"),
        half_there(table, ORDER, ("orders",), DIED),
    ):
        raise FailureError("no")


def test_who_only_asks_and_may_not_read_it_is_told_more_strictly() -> None:
    table = made_table()
    began(table, "v2", "sha256:d")
    project = SimpleNamespace(of=lambda _: [SimpleNamespace(workload="orders")])
    places: Any = SimpleNamespace(home=home(table), workspace=SimpleNamespace(project=lambda: project))
    assert left_over(places, ORDER) is None
