"""DynamoDB's attribute values from and to plain values.

Numbers are int or float, never Decimal. DynamoDB keeps 38 digits and writes a whole number without a fraction, so
`1.0` comes back as `1`, which equals it
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

Attribute = dict[str, Any]
"""One attribute value as the API has it: `{"S": "text"}`."""

Item = dict[str, Attribute]
"""One item as the API has it."""

_DIGITS = 38
_SMALLEST, _LARGEST = 1e-130, 9.99e125


def attribute(value: Any) -> Attribute:
    """Return the attribute value of a plain value. Raises ValueError for what DynamoDB cannot keep exactly."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            return {"N": _number(value)}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": item(value)}
        case list() | tuple():
            return {"L": [attribute(each) for each in value]}
        case AbstractSet() if value and all(isinstance(each, str) for each in value):
            return {"SS": sorted(value)}
    raise ValueError(f"DynamoDB has no attribute value for {type(value).__name__} {value!r:.80}")


def item(values: Mapping[str, Any]) -> Item:
    """Return the attribute values of a mapping's values."""
    return {name: attribute(value) for name, value in values.items()}


def plain(attribute: Mapping[str, Any]) -> Any:
    """Return the plain value of an attribute value; a set comes back as a frozenset."""
    ((kind, value),) = attribute.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return _plain_number(value)
        case "M":
            return plain_item(value)
        case "L":
            return [plain(each) for each in value]
        case "SS" | "BS":
            return frozenset(value)
        case "NS":
            return frozenset(map(_plain_number, value))
    return value


def plain_item(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the plain values of an item."""
    return {name: plain(value) for name, value in item.items()}


def _number(value: int | float) -> str:
    if isinstance(value, int):
        if len(str(abs(value)).rstrip("0")) > _DIGITS or abs(value) > _LARGEST:
            raise ValueError(f"{value} is beyond the {_DIGITS} digits of a DynamoDB number")
        return str(value)
    if value == 0:
        return "0"
    if not math.isfinite(value) or not _SMALLEST <= abs(value) <= _LARGEST:
        raise ValueError(f"{value} is beyond the range of a DynamoDB number")
    return repr(value)


def _plain_number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
