"""Declarations that let through more than what is in use needs (REQ-V4). Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from .bounds import number_of
from .declarations import Bound, Declaration

TIMES = 100
"""How many times beyond the values in use a range may reach, or a ratio may be."""


def too_wide(declaration: Declaration, values: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Yield message and mend for a path that names nearly everything, and for a bound that bounds nothing."""
    if _names_everything(declaration):
        yield "names nearly everything with its wildcards", "name the value, or the property, that differs"
    if _is_unbounded(declaration.bound):
        yield "is unbounded: one of its ends is open", "give the range both ends, or a ratio"
    numbers = [
        number for value in values if (number := number_of(value)) is not None and math.isfinite(number)
    ]
    largest, smallest = max(map(abs, numbers), default=0), min(map(abs, numbers), default=0)
    limits = declaration.bound.range
    if limits and limits.maximum is not None and numbers and limits.maximum > TIMES * max(largest, 1):
        yield (
            f"is too wide: it allows {limits.maximum:g}, and the largest value in use is {largest:g}",
            f"lower the maximum to at most {TIMES} times what is in use",
        )
    if limits and limits.minimum is not None and numbers and smallest > TIMES * max(abs(limits.minimum), 1):
        yield (
            f"is too wide: it allows {limits.minimum:g}, and the smallest value in use is {smallest:g}",
            f"raise the minimum to at least a {TIMES}th of what is in use",
        )
    if declaration.bound.ratio is not None and declaration.bound.ratio > TIMES:
        yield f"is too wide: a ratio of {declaration.bound.ratio:g}", f"give a ratio of at most {TIMES}"


def _names_everything(declaration: Declaration) -> bool:
    """Tell whether a path says too little: no workload or stack, or no name of its own behind the section."""
    words = [word for word in declaration.key.split(".")[1:] if word and "*" not in word]
    needed = 2 if "**" in declaration.key else 0 if declaration.key in ("Stack", "Template") else 1
    return not declaration.place.strip("*/") or len(words) < needed


def _is_unbounded(bound: Bound) -> bool:
    if bound.among is not None or bound.exactly is not None or bound.ratio is not None:
        return False
    return bound.range is None or bound.range.minimum is None or bound.range.maximum is None
