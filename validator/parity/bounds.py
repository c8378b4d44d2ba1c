"""Whether the values of three environments stay inside a declared bound. Pure."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..environments import ENVIRONMENTS
from .declarations import Bound
from .words import PRESENT, is_whole, shown, text_of

NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
"""How a text writes a number; Python itself takes `nan`, `1_000`, ` 5 ` and the digits of every script."""


def broken(bound: Bound, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield, in words, each part of a bound that the values break, by environment or by the region of one.

    Another project's environments, and regions, are taken in the order in which they are given.
    """
    order = {name: index for index, name in enumerate(ENVIRONMENTS)}
    ordered = list(values.items())
    if values.keys() <= order.keys():
        ordered.sort(key=lambda pair: order[pair[0]])
    if bound.order is not None:
        yield from _order(bound.order, ordered)
    if bound.range is not None:
        yield from _range(bound, ordered)
    if bound.ratio is not None:
        yield from _ratio(bound.ratio, ordered)
    if _unlike(bound, values.values()):
        yield "`present` says of one value that it is there; here are several that differ"
    if bound.among is not None:
        for environment, value in ordered:
            if not any(_same(value, allowed) for allowed in bound.among):
                yield f"{environment} has {shown(value)}, which is not among {shown(bound.among)}"
    if bound.exactly is not None:
        for environment, value in ordered:
            if environment not in bound.exactly:
                yield f"{environment} has {shown(value)}, and the declaration says nothing of {environment}"
            elif not _same(value, bound.exactly[environment]):
                yield f"{environment} has {shown(value)}, declared is exactly {shown(bound.exactly[environment])}"


def _same(value: Any, declared: Any) -> bool:
    """Compare values by their text: `true`, `30` and `"30"`. A mapping or a list is `present` where declared."""
    return (is_whole(value) and declared == PRESENT) or text_of(value) == text_of(declared)


def _unlike(bound: Bound, values: Iterable[Any]) -> bool:
    """Tell whether several mappings or lists that differ would all pass as `present`."""
    allowed = [*(bound.among or ()), *(bound.exactly or {}).values()]
    return PRESENT in allowed and len({text_of(value) for value in values if is_whole(value)}) > 1


def number_of(value: Any) -> float | None:
    """Return a value as a number, null as without end; None for what is no number, such as `1_000`."""
    if value is None:
        return math.inf
    if isinstance(value, str):
        value = float(value) if NUMBER.fullmatch(value) else None
    if not isinstance(value, int | float) or not abs(value) < 1e308:
        return None
    return float(value)


def _order(order: str, ordered: list[tuple[str, Any]]) -> Iterator[str]:
    for (before, one), (after, two) in itertools.pairwise(ordered):
        left, right = number_of(one), number_of(two)
        if left is None or right is None:
            yield f"{shown(one)} and {shown(two)} have no order"
        elif (left > right) if order == "grows" else (left < right):
            yield f"{before} has {shown(one)} and {after} {shown(two)}, declared is that it {order}"


def _range(bound: Bound, ordered: list[tuple[str, Any]]) -> Iterator[str]:
    limits = bound.range
    if limits is None:
        return
    for environment, value in ordered:
        number = number_of(value)
        if number is None:
            yield f"{environment} has {shown(value)}, which is no number"
        elif limits.minimum is not None and number < limits.minimum:
            yield f"{environment} has {shown(value)}, below {limits.minimum:g}"
        elif limits.maximum is not None and number > limits.maximum:
            yield f"{environment} has {shown(value)}, above {limits.maximum:g}"


def _ratio(ratio: float, ordered: list[tuple[str, Any]]) -> Iterator[str]:
    numbers = [number_of(value) for _, value in ordered]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or min(known, default=1) <= 0 or math.inf in known:
        yield f"{shown([value for _, value in ordered])} have no ratio"
    elif known and max(known) / min(known) > ratio:
        yield f"the largest of {shown([value for _, value in ordered])} is more than {ratio:g} times the smallest"
