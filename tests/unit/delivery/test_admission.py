"""Who is recorded as having approved a promotion: whoever the gate counted, and nobody else (REQ-G2, REQ-G6)."""

from __future__ import annotations

from pipelines.delivery.admission import approvers
from pipelines.promotion.decide import decide
from pipelines.promotion.policy import Rule
from tests.unit.promotion import good


def recorded(rule: Rule, *by: tuple[str, str]) -> str:
    """Return who is recorded, where these approved a plan each."""
    given = tuple(good.approval(name, environment=rule.environment, plan=plan) for name, plan in by)
    return approvers(decide(good.evidence(rule.environment, approvals=given), rule))


def test_only_those_whose_approval_counted_are_named() -> None:
    """Not an author, not who approved another plan."""
    others = ("ada@example.com", "sha256:plan"), ("mallory@example.com", "sha256:another")
    assert recorded(good.PROD, ("grace@example.com", "sha256:plan"), *others) == "grace@example.com"
    two = ("grace@example.com", "sha256:plan"), ("edsger@example.com", "sha256:plan")
    assert recorded(good.PROD, *two, *others) == "edsger@example.com, grace@example.com"


def test_where_nobody_has_to_that_is_said() -> None:
    assert recorded(good.DEV, ("grace@example.com", "sha256:plan")) == "nobody has to"
