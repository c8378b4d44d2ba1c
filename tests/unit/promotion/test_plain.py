"""A policy as JSON keeps it is the policy (REQ-G9)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipelines.promotion.freezes import Freeze, Once, Weekly
from pipelines.promotion.plain import from_plain, to_plain
from pipelines.promotion.policy import Policy

from .good import POLICY

ZURICH = ZoneInfo("Europe/Zurich")
FREEZES = (
    Freeze(
        "weekend", "nobody is there", frozenset({"prod"}), Weekly((4, time(16)), (0, time(8, 30)), ZURICH)
    ),
    Freeze(
        "year's end",
        "holidays",
        frozenset({"prod", "staging"}),
        Once(datetime(2026, 12, 20, tzinfo=ZURICH), datetime(2027, 1, 4, 6, tzinfo=ZURICH)),
    ),
)


def policy(**given: Any) -> Policy:
    *before, prod = POLICY.rules
    return Policy((*before, replace(prod, **given)))


@pytest.mark.parametrize(
    "found",
    [
        POLICY,
        policy(freezes=FREEZES),
        policy(drill_age={"orders": timedelta(days=90)}),
        policy(approvals=2),
        policy(signed_commits=True),
    ],
    ids=["own", "freezes", "drills", "approvals", "signatures"],
)
def test_nothing_is_lost(found: Policy) -> None:
    assert from_plain(json.loads(json.dumps(to_plain(found)))) == found


def test_a_freeze_ends_when_it_did() -> None:
    """Also where the clocks of its zone change in between."""
    (_, _, prod) = from_plain(to_plain(policy(freezes=FREEZES))).rules
    for at in (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)):
        ends = [freeze.window.until(at) for freeze in FREEZES]
        assert [freeze.window.until(at) for freeze in prod.freezes] == ends
        assert any(ends)


@pytest.mark.parametrize(
    "given",
    [{"soak": 60.0}, {"approvals": 0}, {"source": "dev"}, {"gates": None}, {"freezes": [{"zone": "UTC"}]}],
    ids=str,
)
def test_what_asks_for_less_is_no_policy(given: dict[str, Any]) -> None:
    """The bounds of the requirements hold wherever a policy is read."""
    *before, prod = to_plain(POLICY)
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_plain([*before, {**prod, **given}])


def test_a_window_without_a_named_zone_has_no_plain_form() -> None:
    odd = Once(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    with pytest.raises(TypeError, match="zone"):
        to_plain(policy(freezes=(Freeze("x", "y", frozenset({"prod"}), odd),)))
