"""What a way back would lose is asked once nothing is under way: of a stack in progress nobody can tell (REQ-R3)."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.delivery import ways
from pipelines.delivery.returning import DataLossError, Return
from pipelines.plan import planning
from pipelines.plan.model import Plan
from tests.unit.plan.values import REPLACED, plan, stack
from validator.errors import PendingError

BUSY = plan(stack(kind="wait", problem="it is UPDATE_IN_PROGRESS from an earlier run"))
NOTHING: Any = None


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """Let CloudFormation answer with these, one after the other."""
    found: list[Plan] = []

    class Planning:
        def __init__(self, *_: Any) -> None:
            pass

        def run(self) -> Plan:
            return found.pop(0) if len(found) > 1 else found[0]

    monkeypatch.setattr(planning, "Planning", Planning)
    monkeypatch.setattr(ways, "POLL_SECONDS", 0.001)
    return found


class Stage:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, text: str) -> None:
        self.told.append(text)


def test_it_waits_for_what_an_earlier_run_left_under_way(plans: list[Plan]) -> None:
    plans += [BUSY, BUSY, plan(stack(REPLACED))]
    stage: Any = Stage()
    types = frozenset({REPLACED.resource_type})
    terms = Return("prod", "v1", (), NOTHING, stage, NOTHING, stateful=types)
    with pytest.raises(DataLossError, match="would take data with it"):
        terms._keep_data()
    assert stage.told.count("prod: waiting for prod/orders/table") == 2


def test_it_does_not_wait_without_end(plans: list[Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "WAIT_SECONDS", 0.0)
    plans.append(BUSY)
    with pytest.raises(PendingError, match="still under way: prod/orders/table"):
        ways.quiet_plan(NOTHING, "prod", "v1", lambda _: None)
