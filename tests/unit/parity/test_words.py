"""How values are shown and proposed: as people write them, and nothing of the configuration repeated (REQ-V4)."""

from __future__ import annotations

from typing import Any

import pytest

from validator.effective import Symbol
from validator.parity import ABSENT, Difference, Policy, propose, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ("a", "'a'"),
        (3, "3"),
        ({"$symbol": "ssm:/a"}, "'ssm:/a'"),
        (Symbol.named("account"), repr(Symbol.named("account").text)),
        ([{"$symbol": "ssm:/a"}, None], '["ssm:/a", null]'),
        (ABSENT, "absent"),
    ],
)
def test_a_value_is_shown_as_people_write_it(value: Any, text: str) -> None:
    assert shown(value) == text


def test_a_side_without_a_value_says_what_it_has_instead() -> None:
    assert shown(ABSENT, "a literal") == "a literal"


@pytest.mark.parametrize(
    ("left", "right", "bound"),
    [
        ({"Type": "AWS::SNS::Topic"}, ABSENT, {"among": ["present", "absent"]}),
        ({"$symbol": "ssm:/a"}, "b", {"among": ["ssm:/a", "b"]}),
        (["a"], ["a", "b"], None),
    ],
)
def test_a_proposal_repeats_no_configuration(left: Any, right: Any, bound: Any) -> None:
    one = Difference("orders/queue", ("Outputs", "Name"), left, right, ("dev", "prod"))
    found = propose([one], {}, Policy("pipelines/variance.yaml"))
    assert [entry["bound"] for entry in found] == ([bound] if bound else [])
