"""How much a Jinja template may work and make: counted, so that it ends the same on every machine. Pure (REQ-V1, X2).

Every loop, call, filter and value is charged to the budget of one expansion. A value is measured before it is made
where its size follows from its arguments, and after it is made otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

WORK = 1_000_000
"""Steps of one expansion: seconds of work, and far more than a config file needs."""
LARGEST = 1_000_000
"""Characters of a text, or of a whole file that is expanded: the most that CloudFormation takes of a template."""
MOST = 100_000
"""Values in a list or mapping, with those inside."""
BITS = 10_000
"""Bits of a number."""
WIDTH = 1_000
"""Columns of a format or a padding."""
DEEPEST = 30
"""Levels of lists and mappings inside each other."""

_WIDTHS = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(?P<width>\*|\d*)(?:\.(?P<precision>\*|\d*))?")


class TooMuchError(Exception):
    """An expression would work too long, or make too much."""


class _Budget:
    """What is left of the work of one expansion."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = WORK


_BUDGET: ContextVar[_Budget] = ContextVar("budget")


@contextmanager
def budget() -> Iterator[None]:
    """Give what runs inside a budget of its own."""
    token = _BUDGET.set(_Budget())
    try:
        yield
    finally:
        _BUDGET.reset(token)


def charge(steps: int) -> None:
    """Take steps off the budget; raises TooMuchError where none are left."""
    found = _BUDGET.get()
    found.left -= steps
    if found.left < 0:
        raise TooMuchError(f"takes more than {WORK} steps")


def counted(items: Iterable[Any]) -> Iterator[Any]:
    """Yield items, each at the cost of one step."""
    found = _BUDGET.get()
    for item in items:
        found.left -= 1
        if found.left < 0:
            raise TooMuchError(f"takes more than {WORK} steps")
        yield item


def measured(value: Any) -> Any:
    """Return `value` where it is no larger than a value may be, and charge for its size."""
    if isinstance(value, str | bytes):
        fits(len(value))
        charge(1 + len(value) // 100)
    elif isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > BITS:
            raise TooMuchError("makes a number that is too large")
    elif isinstance(value, list | tuple | Mapping | set | frozenset):
        values, characters = _size(value, 0, 0, 0)
        charge(1 + values // 10 + characters // 100)
    return value


def _size(value: Any, values: int, characters: int, depth: int) -> tuple[int, int]:
    """Return how many values and characters there are, shared ones each time that they stand somewhere."""
    if depth > DEEPEST:
        raise TooMuchError(f"nests more than {DEEPEST} levels deep")
    inside = (part for pair in value.items() for part in pair) if isinstance(value, Mapping) else value
    for item in inside:
        values += 1
        if isinstance(item, str):
            characters += len(item)
        elif isinstance(item, list | tuple | Mapping | set | frozenset):
            values, characters = _size(item, values, characters, depth + 1)
        if values > MOST:
            raise TooMuchError(f"makes more than {MOST} values")
    fits(characters)
    return values, characters


def fits(characters: int) -> None:
    """Raise TooMuchError for a text that would be too long."""
    if characters > LARGEST:
        raise TooMuchError(f"makes a text of more than {LARGEST} characters")


def padded(width: Any) -> None:
    """Raise TooMuchError for a padding that is too wide."""
    if isinstance(width, int) and abs(width) > WIDTH:
        raise TooMuchError(
            f"pads to {width if abs(width) < 10**18 else 'too many'} columns; {WIDTH} are the most"
        )


def joined(parts: Iterable[Any], separator: Any = "") -> list[Any]:
    """Return parts as a list, where the text that they join to is not too long."""
    found, characters = [], 0
    for part in counted(parts):
        text = part if isinstance(part, str) else str(measured(part))
        characters += len(text) + len(str(separator))
        fits(characters)
        found.append(part)
    return found


def replaced(text: str, old: Any, new: Any) -> None:
    """Raise TooMuchError where replacing `old` by `new` in a text would make too much."""
    fits(len(text) + text.count(str(old)) * len(str(new)))


def formatted(text: str) -> None:
    """Raise TooMuchError for a `%` format with a width beyond bounds, or one that an argument gives."""
    for found in _WIDTHS.finditer(text):
        for part in (found["width"], found["precision"]):
            if part == "*" or (part and (len(part) > 9 or int(part) > WIDTH)):
                raise TooMuchError(f"formats with a width of {part[:20]}; {WIDTH} is the most")


def operated(operator: str, left: Any, right: Any) -> None:
    """Raise TooMuchError where an operator's result would be too large."""
    if operator == "%" and isinstance(left, str):
        formatted(left)
    elif operator == "**" and isinstance(left, int) and isinstance(right, int) and right > 0:
        if left.bit_length() * right > BITS:
            raise TooMuchError("makes a number that is too large")
    elif operator == "*":
        for many, times in ((left, right), (right, left)):
            if isinstance(times, int) and isinstance(many, str | list | tuple) and len(many) * times > MOST:
                raise TooMuchError(
                    f"repeats a value {str(times)[:20]} times; it makes more than {MOST} of them"
                )
    elif operator == "+" and isinstance(left, str) and isinstance(right, str):
        fits(len(left) + len(right))
