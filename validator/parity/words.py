"""Values as people write them: for messages, and for the bounds of declarations. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..effective import Symbol
from .sides import ABSENT

PRESENT = "present"


def is_whole(value: Any) -> bool:
    """Tell whether a value is a mapping or a list: a bound calls it `present`, and does not repeat it."""
    return isinstance(value, Mapping | list | tuple) and not _is_symbol(value)


def is_boundable(values: Iterable[Any]) -> bool:
    """Tell whether a bound can be proposed: two mappings or lists that differ would only be repeated."""
    return sum(is_whole(value) for value in values) < 2


def text_of(value: Any) -> str:
    """Return a value by its text, as the hierarchy and CloudFormation both write it: `true`, `null`, `30`."""
    if isinstance(value, str) or value is ABSENT:
        return str(value)
    if isinstance(value, Symbol) or _is_symbol(value):
        return value.text if isinstance(value, Symbol) else str(value["$symbol"])
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(_flat(value), default=str)


def shown(value: Any, lack: str = "absent") -> str:
    """Return a value for a message, cut where it is long; `lack` is said of a side without one."""
    if value is ABSENT:
        return lack
    text = text_of(value)
    quoted = repr(text) if isinstance(value, str) or _is_symbol(value) else text
    return quoted if len(quoted) <= 80 else f"{quoted[:77]}..."


def _is_symbol(value: Any) -> bool:
    return isinstance(value, Symbol) or (isinstance(value, Mapping) and value.keys() == {"$symbol"})


def _flat(value: Any) -> Any:
    """Return data with each symbol as its text."""
    if _is_symbol(value):
        return text_of(value)
    if isinstance(value, Mapping):
        return {str(key): _flat(item) for key, item in value.items()}
    return [_flat(item) for item in value] if isinstance(value, list | tuple) else value
