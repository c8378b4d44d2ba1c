"""Conditional writes, described once: each can be done alone or as part of a transaction.

Expressions name attributes as `#name`, always, since many plain names are reserved words
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html), and values as `:name`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..keys import Key
from ..marshal import Item
from ..marshal import item as marshalled

ABSENT = "attribute_not_exists(#pk)"

_NAME = re.compile(r"#(\w+)")


@dataclass(frozen=True, slots=True)
class Write:
    """One write or check; `request` is what single calls and transactions take alike, without the table."""

    kind: Literal["Put", "Update", "ConditionCheck"]
    request: Mapping[str, Any]


def put(item: Item, condition: str, **values: Any) -> Write:
    """Put an item where the condition holds of what stands there."""
    return Write("Put", {"Item": item, **conditioned(condition, values)})


def update(key: Key, expression: str, condition: str, **values: Any) -> Write:
    """Update an item where the condition holds of what stands there; the item need not exist."""
    request = conditioned(condition, values, expression)
    return Write("Update", {"Key": marshalled(key._asdict()), "UpdateExpression": expression, **request})


def check(key: Key, condition: str, **values: Any) -> Write:
    """Check an item as part of a transaction."""
    return Write("ConditionCheck", {"Key": marshalled(key._asdict()), **conditioned(condition, values)})


def conditioned(condition: str, values: Mapping[str, Any], further: str = "") -> dict[str, Any]:
    """Return the condition with the names and the plain values it speaks of."""
    names = {f"#{name}": name for name in _NAME.findall(f"{condition} {further}")}
    found = {
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {f":{name}": value for name, value in marshalled(values).items()},
    }
    return {name: value for name, value in found.items() if value}
