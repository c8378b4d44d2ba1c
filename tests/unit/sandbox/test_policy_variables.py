"""Policy variables in conditions stand for what the request has (REQ-G2)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.extension.policy_variables import UnknownKeyError, filled

REQUEST: dict[str, Any] = {
    "aws:username": "kim@example.com",
    "sts:RoleSessionName": "kim@example.com",
    "aws:PrincipalTag/team": "blue",
    "aws:TagKeys": ["one", "two"],
    "aws:sourceip": "*",
}


@pytest.mark.parametrize(
    ("operator", "value", "becomes"),
    [
        ("StringEquals", "${aws:username}", "kim@example.com"),
        ("StringLike", "*:${sts:RoleSessionName}", "*:kim@example.com"),
        ("ForAllValues:StringLike", ["a", "b#${aws:username}"], ["a", "b#kim@example.com"]),
        ("ArnLike", "arn:aws:iam::*:role/${aws:PrincipalTag/team}", "arn:aws:iam::*:role/blue"),
        ("Null", "${aws:username}", "${aws:username}"),
        ("StringEquals", "${*}", "${*}"),
    ],
)
def test_a_variable_becomes_its_value(operator: str, value: Any, becomes: Any) -> None:
    assert filled({operator: {"key": value}}, REQUEST.get) == {operator: {"key": becomes}}


@pytest.mark.parametrize("name", ["aws:userid", "aws:TagKeys", "aws:sourceip"])
def test_what_stands_for_nothing_or_for_anything_matches_nothing(name: str) -> None:
    """A key that is absent, has several values, or one that would match others."""
    with pytest.raises(UnknownKeyError):
        filled({"StringNotEquals": {"key": f"${{{name}}}"}}, REQUEST.get)
