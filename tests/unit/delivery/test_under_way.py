"""A stack in progress keeps a release out for a while: gate and deployment say so as the plan does (REQ-G6, REQ-G7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.commands.gate import CODES
from pipelines.commands.plan import exit_code
from pipelines.delivery.admission import refused
from pipelines.delivery.places import Ordered, judged
from pipelines.gathering.gather import Question
from pipelines.gathering.known import known
from pipelines.plan.model import Plan, PlannedStack
from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Missing
from pipelines.promotion.verdicts import Decision
from tests.unit.plan.values import plan, stack
from tests.unit.promotion import good
from validator.errors import FailureError, PendingError, TechnicalError

BUSY = stack(kind="wait", problem="it is UPDATE_IN_PROGRESS from an earlier run")
STUCK = stack(kind="blocked", name="prod/orders/queue", problem="it is UPDATE_ROLLBACK_FAILED")
ORDER = Ordered("prod", good.TAG)


def decision(found: Plan) -> Decision:
    """Return the decision on a plan that was made of these stacks."""
    read = known(lambda: judged(found, ORDER, frozenset()))
    return decide(good.evidence(plan=read), good.PROD)


@pytest.mark.parametrize(
    ("stacks", "state", "code", "error"),
    [((BUSY,), "pending", 4, PendingError), ((BUSY, STUCK), "error", 3, TechnicalError)],
)
def test_gate_and_deployment_wait_for_it(
    stacks: tuple[PlannedStack, ...], state: str, code: int, error: type[Exception]
) -> None:
    """Only where nothing else stands in the way: a stack that is stuck does not pass by itself."""
    made = decision(plan(*stacks))
    assert (made.state, CODES[made.state]) == (state, code)
    said = {one.gate: one.verdict for one in made.judged if one.verdict.state != "success"}
    assert said.keys() == {"approval", "data-loss"}
    assert all("it is UPDATE_IN_PROGRESS from an earlier run" in one.reason for one in said.values())
    told = refused(Question("prod", good.TAG), made)
    assert type(told) is error
    assert ("ask again once that ended" in str(told)) == (state == "pending")


def test_it_is_what_the_plan_says() -> None:
    assert exit_code(plan(BUSY)) == CODES["pending"]
    with pytest.raises(PendingError, match="under way: prod/orders/table: it is UPDATE_IN_PROGRESS"):
        judged(plan(BUSY), ORDER, frozenset())
    with pytest.raises(FailureError, match="cannot be planned"):
        judged(plan(BUSY, STUCK), ORDER, frozenset())


def test_no_error_hides_behind_it() -> None:
    """REQ-G2: who is who could not be had; that does not come with time."""
    found = good.evidence(plan=Missing("under way", passes=True), people=Missing("AWS did not answer"))
    (said,) = (one.verdict for one in decide(found, good.PROD).judged if one.gate == "approval")
    assert said.state == "error"
    assert decide(replace(found, people=None), good.PROD).state == "pending"
