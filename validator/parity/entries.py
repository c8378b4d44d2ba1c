"""One entry of the policy file as a declaration, or every mistake in it with its place. Pure (REQ-V4).

`pipelines/variance.schema.json` says the same to editors; a test holds both against the same entries.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..environments import ENVIRONMENTS
from .declarations import Bound, Declaration, Range, Scalar

_SECTIONS = "settings|Parameters|Tags|Dependencies|Options|Resolvers|Resources|Outputs|Conditions"
_PATH = re.compile(rf"[A-Za-z0-9*][A-Za-z0-9_.*/-]*:(({_SECTIONS})\.\S+|Stack|Template)")
_ORDERS = ("grows", "shrinks")
_NO_DATE = "is no date: write year-month-day, as in 2027-06-30"
_EMPTY = "is empty: a declaration says why the environments differ, and who answers for it"

Mistake = tuple[tuple[str, ...], str]
"""The keys that lead to what is wrong, and what that is."""
Read = TypeVar("Read")


class MalformedError(ValueError):
    """An entry that declares nothing, with all of its mistakes."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(
            "; ".join(f"{'.'.join(keys)}: {words}".removeprefix(": ") for keys, words in mistakes)
        )


def declaration_of(entry: Any, environments: Sequence[str] = ENVIRONMENTS) -> Declaration:
    """Return the declaration in an entry as YAML gives it; raises MalformedError."""
    fields = _Fields.of(entry, ("path", "reason", "owner", "bound"), ("expires",))
    path, reason = fields.read("path", _path), fields.read("reason", _text_of(10))
    owner, expires = fields.read("owner", _text_of(2)), fields.read("expires", _date)
    bound = fields.read("bound", lambda value: bound_of(value, environments))
    if fields.mistakes or path is None or reason is None or owner is None or bound is None:
        raise MalformedError(fields.mistakes)
    return Declaration(path, reason, owner, bound, expires)


def bound_of(value: Any, environments: Sequence[str] = ENVIRONMENTS) -> Bound:
    """Return the bound in a value as YAML gives it; raises MalformedError."""
    fields = _Fields.of(value, (), ("order", "range", "ratio", "among", "exactly"))
    bound = Bound(
        order=fields.read("order", _order),
        range=fields.read("range", _range),
        ratio=fields.read("ratio", _ratio),
        among=fields.read("among", _among),
        exactly=fields.read("exactly", lambda written: _exactly(written, environments)),
    )
    if not fields.mistakes and bound == Bound():
        fields.mistakes.append(((), "is empty: give at least one of order, range, ratio, among, exactly"))
    elif not fields.mistakes and bound == Bound(order=bound.order):
        words = "is an order alone, which any jump keeps: add range, ratio, among or exactly"
        fields.mistakes.append(((), words))
    if fields.mistakes:
        raise MalformedError(fields.mistakes)
    return bound


@dataclass(frozen=True, slots=True)
class _Fields:
    """A mapping that is read key by key; what is wrong is noted, so that one mistake hides no other."""

    fields: Mapping[str, Any]
    mistakes: list[Mistake] = field(default_factory=list)

    @classmethod
    def of(cls, value: Any, required: Sequence[str], optional: Sequence[str]) -> _Fields:
        """Return the fields of a value; raises MalformedError where it is no mapping."""
        if not isinstance(value, Mapping):
            raise MalformedError([((), "is no mapping")])
        known = {*required, *optional}
        unknown = [str(key) for key in value if key not in known]
        mistakes: list[Mistake] = [((key,), "is not a key of a declaration") for key in unknown]
        mistakes += [((key,), "is missing") for key in required if value.get(key) is None]
        return cls(value, mistakes)

    def read(self, key: str, read: Callable[[Any], Read]) -> Read | None:
        """Return what `read` makes of a key; None where it has no value, and where that is wrong."""
        if self.fields.get(key) is None:
            return None
        try:
            return read(self.fields[key])
        except MalformedError as error:
            self.mistakes.extend(((key, *keys), words) for keys, words in error.mistakes)
        except ValueError as error:
            self.mistakes.append(((key,), str(error)))
        return None


def _path(value: Any) -> str:
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise ValueError("is not of the form that docs/variances.md gives")
    return value


def _text_of(length: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        text = value.strip() if isinstance(value, str) else None
        if text is None:
            raise ValueError("is no text")
        if len(text) < length:
            raise ValueError(f"has fewer than {length} characters" if text else _EMPTY)
        return text

    return read


def _date(value: Any) -> datetime.date:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    try:
        found = datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(_NO_DATE) from None
    if found.isoformat() != value:  # Python reads a week's number too.
        raise ValueError(_NO_DATE)
    return found


def _order(value: Any) -> str:
    if value not in _ORDERS:
        raise ValueError(f"is none of {', '.join(_ORDERS)}")
    return str(value)


def _number(value: Any) -> float:
    """Return a number as YAML writes one: no text, no truth value, and neither `.nan` nor `.inf`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e308:
        raise ValueError("is no finite number")
    return float(value)


def _range(value: Any) -> Range:
    fields = _Fields.of(value, (), ("minimum", "maximum"))
    minimum, maximum = fields.read("minimum", _number), fields.read("maximum", _number)
    if not fields.mistakes and minimum is None and maximum is None:
        fields.mistakes.append(((), "gives neither minimum nor maximum, so it bounds nothing"))
    if minimum is not None and maximum is not None and minimum > maximum:
        fields.mistakes.append(((), f"minimum {minimum:g} is above maximum {maximum:g}"))
    if fields.mistakes:
        raise MalformedError(fields.mistakes)
    return Range(minimum, maximum)


def _ratio(value: Any) -> float:
    if _number(value) <= 1:
        raise ValueError("is not above 1")
    return float(value)


def _among(value: Any) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or len(value) < 2 or not all(map(_is_scalar, value)):
        raise ValueError("is no list of two plain values or more")
    return tuple(value)


def _exactly(value: Any, environments: Sequence[str]) -> dict[str, Scalar]:
    """Return a value for each environment; `prod/ledger/standby` is a region of one."""
    if not isinstance(value, Mapping) or not all(map(_is_scalar, value.values())):
        raise ValueError("is no mapping of environments to plain values")
    unknown = sorted(str(name) for name in value if str(name).split("/")[0] not in environments)
    if unknown:
        raise ValueError(
            f"{', '.join(unknown)} is no environment; the environments are {', '.join(environments)}"
        )
    return dict(value)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, int | float | str)
