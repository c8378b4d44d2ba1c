"""What a promotion records, and what keeps it out after the gates said yes (REQ-G2, REQ-G3, REQ-G6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.attestation import read
from pipelines.configuration.encoding import digest_of
from pipelines.delivery.admission import _promote, admit, approvers
from pipelines.gathering.gather import Places, Question
from pipelines.promotion.decide import decide
from pipelines.promotion.policy import Rule
from pipelines.state.records import KeptDecision
from pipelines.state.store import StateStore
from tests.state_table import KEY, state
from tests.unit.promotion import good
from tests.unit.tracking.local import TABLE, Direct, LocalDynamoDB
from validator.errors import FailureError, TechnicalError


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


class Unreadable:
    """A release whose files nobody can read."""

    def __getattr__(self, name: str) -> Any:
        raise TechnicalError(f"its {name} cannot be read")


def test_a_decision_that_keeps_a_release_out_is_named_by_the_table_before_it_is_told(tmp_path: Path) -> None:
    """REQ-G6: where its statement is, for each workload; told again it is the same record."""
    LocalDynamoDB().create()
    table = StateStore(Direct(), TABLE, lambda _: None)  # type: ignore[arg-type]
    kept: dict[str, bytes] = {}
    store = SimpleNamespace(
        put_evidence=lambda text: kept.setdefault(digest_of(text), text) and digest_of(text)
    )
    files: Any = SimpleNamespace(root=tmp_path, project=lambda: SimpleNamespace(of=lambda _environment: []))
    home: Any = SimpleNamespace(table=lambda: table, store=lambda _by: store)
    unreadable: Any = Unreadable()
    places = Places(tmp_path, files, unreadable, good.POLICY, home, lambda *_: (), good.plan)
    locks = {
        workload: table.acquire_lock(workload, "prod", "this-run", good.NOW, timedelta(hours=1))
        for workload in ("control", "orders")
    }
    hold: Any = SimpleNamespace(locks=locks)
    for _ in range(2):
        with pytest.raises(TechnicalError, match="may not enter prod: error"):
            admit(Question("prod", good.TAG), places, hold, lambda: good.NOW)
    ((digest, text),) = kept.items()
    for workload in locks:
        record = KeptDecision(workload, "prod", good.TAG, good.NOW, "error", digest)
        assert list(table.decisions(workload, "prod", pytest.fail)) == [record]
        assert list(table.environment_releases(workload, "prod")) == []
    assert read(text, digest).said["decision"] == "error"
