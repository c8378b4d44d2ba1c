"""What a promotion records, and what keeps it out after the gates said yes (REQ-G2, REQ-G3, REQ-G6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.delivery.admission import _promote, approvers
from pipelines.promotion.decide import decide
from pipelines.promotion.policy import Rule
from pipelines.state.store import StateStore
from tests.state_table import KEY, state
from tests.unit.promotion import good
from tests.unit.tracking.local import TABLE, Direct, LocalDynamoDB
from validator.errors import FailureError


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


def test_what_was_touched_between_the_gates_and_the_start_stays_out() -> None:
    """REQ-G3: the gates said yes; the promotion holds the soak of the policy, and that nothing was touched since."""
    LocalDynamoDB().create()
    table = StateStore(Direct(), TABLE, lambda _: None)  # type: ignore[arg-type]
    begun = table.begin_environment_release(good.release("staging"), good.ago(95), "run", decision="sha256:d")
    assert begun is not None
    table.end_environment_release("orders", "staging", begun.number, "succeeded", good.SUCCESS)
    lock = table.acquire_lock("orders", "prod", "this-run", good.NOW, timedelta(hours=1))
    run: Any = ("sha256:e", "grace@example.com", SimpleNamespace(locks={"orders": lock}), lambda: good.NOW)
    with pytest.raises(
        FailureError, match=r"(?s)any more: the soak in staging began .*mend: run `lockstep gate"
    ):
        _promote(table, good.evidence(), good.rule(soak=timedelta(minutes=91)), (), run)
    key = replace(KEY, environment="staging")
    table.record_state(state("UPDATE_IN_PROGRESS", good.ago(59), key=key))
    with pytest.raises(FailureError, match="any more: a stack of staging was changed"):
        _promote(table, good.evidence(), good.PROD, (), run)
    assert table.promotion("orders", good.TAG, "staging", "prod") is None
