"""Exact decimals: read from text within stated limits, written in one canonical form, never floats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation

from functions.orders.document import JsonNumber

LONGEST_LITERAL = 40
"""Characters of a number that are read at all; the largest valid amount needs 19."""

# The number grammar of RFC 8259, for strings as for numbers. Two digits of exponent keep every value small
# enough to expand, and ASCII classes keep out the digits of other scripts, which Decimal would accept.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?")
# More digits than any literal within the limits can have, so that no operation ever rounds unnoticed.
_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])


@dataclass(frozen=True, slots=True)
class Limits:
    """What an amount may be: more than 0, at most `maximum`, at most `scale` digits after the point."""

    maximum: Decimal
    scale: int


def parse_amount(value: object, limits: Limits) -> Decimal:
    """Return `value`, a JSON string or number, as an exact decimal in canonical form.

    Raises `ValueError` with what is allowed; the message never quotes the value.
    """
    text = value.text if isinstance(value, JsonNumber) else value
    if not isinstance(text, str) or len(text) > LONGEST_LITERAL or not _NUMBER.fullmatch(text):
        raise ValueError(
            f"must be a decimal number of at most {LONGEST_LITERAL} characters, as a string or a number"
        )
    amount = Decimal(text)
    if amount <= 0:
        raise ValueError("must be greater than 0")
    if amount > limits.maximum:
        raise ValueError(f"must be at most {canonical(limits.maximum)}")
    try:
        amount.quantize(Decimal(1).scaleb(-limits.scale), context=_EXACT)
    except Inexact:
        raise ValueError(f"must have at most {limits.scale} digits after the point") from None
    return Decimal(canonical(amount))


def canonical(amount: Decimal) -> str:
    """Return the one way to write `amount`: plain digits, no exponent, no trailing zeros after the point."""
    return format(amount.normalize(_EXACT), "f")
