"""The stricter of two rules: what a release may not ask less of than what runs there (REQ-G2, REQ-G3, REQ-G5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pipelines.promotion.policy import Policy, stricter
from pipelines.promotion.policy_file import read

from .good import DEV, POLICY, PROD, TEXT

FREEZES = """freezes:
  - {name: end of year, reason: the books close, environments: [prod], from: 2026-12-20T00:00, until: 2027-01-04T06:00,
     time_zone: Europe/Zurich}
"""
FROZEN = read(TEXT.replace("freezes: []\n", FREEZES)).of("prod")
LOOSER: dict[str, Any] = {
    "soak": timedelta(minutes=60),
    "approvals": 1,
    "gates": tuple(one for one in PROD.gates if one != "freeze-window"),
    "freezes": (),
    "drill_age": {"orders": timedelta(days=90)},
    "stateful": frozenset({"AWS::S3::Bucket"}),
    "signed_commits": False,
}
STRICT = replace(
    FROZEN,
    soak=timedelta(minutes=90),
    approvals=2,
    drill_age={"orders": timedelta(days=30), "control": timedelta(days=60)},
    signed_commits=True,
)


@pytest.mark.parametrize("key", LOOSER)
def test_what_a_release_asks_less_of_stays(key: str) -> None:
    """Whichever of the two it is."""
    loose = replace(STRICT, **{key: LOOSER[key]})
    for one in (stricter(loose, STRICT), stricter(STRICT, loose)):
        assert replace(one, gates=()) == replace(STRICT, gates=())
        assert set(one.gates) == set(STRICT.gates)


def test_of_each_number_the_one_that_asks_for_more_counts() -> None:
    rule = stricter(replace(PROD, soak=timedelta(minutes=120)), STRICT)
    assert (rule.soak, rule.approvals) == (timedelta(minutes=120), 2)


def test_what_a_release_adds_counts_at_once() -> None:
    """And where it comes from, and its branch, are its own."""
    rule = stricter(replace(PROD, branch="live/prod", stateful=PROD.stateful | {"AWS::X::Y"}), PROD)
    assert rule.branch == "live/prod"
    assert "AWS::X::Y" in rule.stateful
    assert stricter(PROD, PROD) == PROD


def test_one_environment_is_held_and_the_others_are_not() -> None:
    """A policy that does not know the environment says nothing of it."""
    standing = Policy((DEV, POLICY.of("staging"), STRICT))
    held = POLICY.held_to(standing, "prod")
    assert held.of("prod") == stricter(PROD, STRICT)
    assert held.of("dev") == DEV
    assert POLICY.held_to(standing, "dev") == POLICY
    assert POLICY.held_to(Policy((DEV,)), "prod") is POLICY
