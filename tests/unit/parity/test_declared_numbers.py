"""What counts as a number in a declaration and in the values that it bounds, and what a path has to name (REQ-V4)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from validator.parity.bounds import broken, number_of
from validator.parity.entries import MalformedError, bound_of, declaration_of
from validator.parity.width import too_wide

NO_NUMBERS = [
    math.nan,
    math.inf,
    10**400,
    "nan",
    "inf",
    "-Infinity",
    "1_000",
    " 5 ",
    "5\n",
    "٣",
    "9" * 400,
    "",
    "0x10",
    [1],
]


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_only_python_takes_for_a_number_is_none(value: Any) -> None:
    assert number_of(value) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [(5, 5), ("5", 5), ("-0.5", -0.5), (".5", 0.5), ("5.", 5), ("1e3", 1000), (True, 1), (None, math.inf)],
)
def test_a_number_is_read_as_the_hierarchy_and_cloudformation_write_it(value: Any, number: float) -> None:
    assert number_of(value) == number


def test_a_text_that_is_no_number_is_in_no_range() -> None:
    bound = bound_of({"range": {"minimum": 1, "maximum": 9}})
    assert [*broken(bound, {"dev": 1, "prod": "9"})] == []
    assert len([*broken(bound, {"dev": 1, "prod": "nan"})]) == 1


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, "5", True])
@pytest.mark.parametrize("shape", ["minimum", "maximum", "ratio"])
def test_a_bound_is_a_finite_number_and_no_text(shape: str, number: Any) -> None:
    given = {"ratio": number} if shape == "ratio" else {"range": {"minimum": 2, "maximum": 9, shape: number}}
    with pytest.raises(MalformedError, match="finite number"):
        bound_of(given)


def test_a_bound_of_whole_numbers_is_one() -> None:
    assert bound_of({"range": {"minimum": 1, "maximum": 9}, "ratio": 3}).ratio == 3


def wide(path: str) -> bool:
    """Tell whether a path with a sound bound is refused for naming nearly everything."""
    bound = {"among": ["one", "other"]}
    reason = "somebody wants it to be allowed"
    declaration = declaration_of({"path": path, "reason": reason, "owner": "somebody", "bound": bound})
    return any("nearly everything" in message for message, _ in too_wide(declaration, []))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("o*:settings.*e*.**.*i*", True),
        ("orders:settings.*_mb", True),
        ("orders:settings.table.**", True),
        ("orders:settings.*_capacity.**.read", True),
        ("orders:settings.alarms.*", False),
        ("orders:settings.table.*_capacity.*", False),
        ("orders:settings.table.**.read", False),
    ],
)
def test_a_part_of_a_name_names_nothing(path: str, expected: bool) -> None:
    assert wide(path) is expected
