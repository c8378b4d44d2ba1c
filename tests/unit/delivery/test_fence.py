"""Nothing comes in by the role that takes releases back, with gates or without (REQ-G3, REQ-R1)."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.delivery.break_glass import BreakGlass
from pipelines.delivery.deliver import Entry
from pipelines.delivery.places import Ordered
from pipelines.state.records import Lock
from validator.errors import FailureError

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SESSION = "arn:aws:sts::333333333333:assumed-role/{}/botocore-session-1 (github:alice), run 0a1b2c3d"
NOTHING: Any = None


def held_by(role: str) -> Any:
    owner = SESSION.format(role)
    return SimpleNamespace(locks={"orders": Lock("orders", "prod", owner, 1, NOW, NOW)})


@pytest.mark.parametrize("role", ["prod-control-github-rollback", "prod-control-github-rollback-two"])
def test_it_is_refused_before_any_gate_is_asked(role: str) -> None:
    said: list[str] = []
    stage: Any = SimpleNamespace(warn=said.append)
    entry = Entry(Ordered("prod", "v2"), NOTHING, NOTHING, NOTHING)
    for terms in (entry, BreakGlass("prod", "v2", "an emergency", stage)):
        with pytest.raises(FailureError, match="may take prod back, and brings nothing in"):
            terms.admit(NOTHING, held_by(role))
    assert said == []


@pytest.mark.parametrize("role", ["prod-control-github", "on-call/x-github-rollback"])
def test_others_may_break_the_glass(role: str) -> None:
    """A session has the name that its user chose, after the role's: that is none of the role."""
    said: list[str] = []
    stage: Any = SimpleNamespace(warn=said.append)
    assert BreakGlass("prod", "v2", "an emergency", stage).admit(NOTHING, held_by(role)) == ""
    assert len(said) == 1
