"""Whole items: keys, attributes, when they expire, and how they fit.

An item takes at most 400 kB, names included
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html). What is too large is cut, and the
attribute `cut` names it: a record that is not whole is better than none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .keys import Key
from .marshal import Item
from .marshal import item as marshalled

EVENT_DAYS = 400
DRIFT_DAYS = 180
REFUSAL_DAYS = 180
ALERT_DAYS = 7
FOREIGN_DAYS = 7
DELETED_DAYS = 400
RULE_REQUEST_DAYS = 40
"""Days until an item is removed: history, drift, refusals, alerts once resolved, and the states of stacks that are not
ours, which every pass renews, of deleted ones, as long as their history, and what GitHub asked, which it waits 30 days
for."""

ITEM_BYTES = 390_000
"""The limit of 400 kB, less what keys, indexes and later updates take."""

_DAY = 24 * 60 * 60


def expiry(since: datetime, days: int) -> int:
    """Return when an item expires, in epoch seconds: the value of the table's TTL attribute `expires_at`."""
    return int(since.timestamp()) + days * _DAY


def built(key: Key, values: Mapping[str, Any], limit: int = ITEM_BYTES, **further: Any) -> Item:
    """Return the item of plain values cut to `limit` bytes, and of `further` ones, which are never cut.

    A further value that is None or empty is left out: no index lists it.
    """
    kept, cut = fitted(values, limit)
    present = {name: value for name, value in further.items() if value is not None and value != ""}
    return marshalled({**key._asdict(), **kept, "cut": cut, **present})


def size(value: Any) -> int:
    """Return the bytes a plain value takes, at least
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
    """
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, Mapping):
        return 3 + sum(1 + size(name) + size(each) for name, each in value.items())
    if isinstance(value, list | tuple | frozenset):
        return 3 + sum(1 + size(each) for each in value)
    return 1 if value is None or isinstance(value, bool) else 21


def fitted(values: Mapping[str, Any], limit: int) -> tuple[dict[str, Any], list[str]]:
    """Return the values within `limit` bytes, and the names of those that were cut for it: the largest."""
    kept, cut = dict(values), set[str]()
    while (over := size(kept) - limit) > 0:
        for name in sorted(kept, key=lambda each: size(kept[each]), reverse=True):
            shorter = shortened(kept[name], max(size(kept[name]) - over, 0))
            if size(shorter) < size(kept[name]):
                kept[name] = shorter
                cut.add(name)
                break
        else:
            break  # what is left cannot be cut
    return kept, sorted(cut)


def shortened(value: Any, limit: int) -> Any:
    """Return the beginning of a text, a list or a mapping within `limit` bytes; other values as they are."""
    if isinstance(value, str):
        return value.encode()[:limit].decode(errors="ignore")
    if isinstance(value, list):
        return _beginning(value, limit)
    if isinstance(value, Mapping):
        return dict(_beginning(list(value.items()), limit))
    return value


def _beginning(parts: list[Any], limit: int) -> list[Any]:
    taken, used = list[Any](), 3
    for part in parts:
        used += size(part) + 1
        if used > limit:
            break
        taken.append(part)
    return taken
