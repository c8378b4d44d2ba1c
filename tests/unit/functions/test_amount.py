"""Exact decimals: what is read, what is refused, how it is written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from functions.orders.amount import Limits, canonical, parse_amount
from functions.orders.document import JsonNumber

LIMITS = Limits(maximum=Decimal("1000000000"), scale=8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", "1"),
        ("1.0", "1"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("1e2", "100"),
        ("1E+9", "1000000000"),
        ("12.5e-1", "1.25"),
        ("0.00000001", "0.00000001"),
        ("1e-8", "0.00000001"),
        ("999999999.99999999", "999999999.99999999"),
        ("0.100000000000000000", "0.1"),
        ("0.1", "0.1"),
        ("0.3", "0.3"),
    ],
)
def test_an_amount_is_read_exactly_from_a_string_or_a_number(text: str, expected: str) -> None:
    for value in (text, JsonNumber(text)):
        amount = parse_amount(value, LIMITS)
        assert amount == Decimal(expected)
        assert canonical(amount) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("0", "greater than 0"),
        ("-0", "greater than 0"),
        ("0.000", "greater than 0"),
        ("-1", "greater than 0"),
        ("1000000000.00000001", "at most 1000000000"),
        ("1e99", "at most 1000000000"),
        ("0.000000001", "8 digits after the point"),
        ("1e-9", "8 digits after the point"),
        ("1e-99", "8 digits after the point"),
        ("1.123456789", "8 digits after the point"),
        ("NaN", "decimal number"),
        ("sNaN", "decimal number"),
        ("Infinity", "decimal number"),
        ("-inf", "decimal number"),
        ("1e100", "decimal number"),
        ("1e999999999", "decimal number"),
        ("1e99999999999999999999", "decimal number"),
        ("1" * 41, "decimal number"),
        ("", "decimal number"),
        (" 1", "decimal number"),
        ("1\n", "decimal number"),
        ("+1", "decimal number"),
        ("01", "decimal number"),
        (".5", "decimal number"),
        ("5.", "decimal number"),
        ("1_000", "decimal number"),
        ("1,000", "decimal number"),
        ("0x10", "decimal number"),
        ("٣", "decimal number"),
        (1.5, "decimal number"),
        (1, "decimal number"),
        (True, "decimal number"),
        (None, "decimal number"),
        ([], "decimal number"),
    ],
)
def test_what_is_no_amount_within_the_limits_is_refused_with_what_is_allowed(
    value: object, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_amount(value, LIMITS)
