"""Records from and to plain values: fields by name, times as text, tuples as lists, nested records as mappings."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .times import moment, timestamp

Record = TypeVar("Record")


def encoded(value: Any) -> Any:
    """Return the plain value of a record, or of anything in one."""
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, tuple | list):
        return [encoded(each) for each in value]
    if isinstance(value, Mapping):
        return {key: encoded(each) for key, each in value.items()}
    if is_dataclass(value):
        return {each.name: encoded(getattr(value, each.name)) for each in fields(value)}
    return value


def decoded(kind: type[Record], values: Mapping[str, Any], **given: Any) -> Record:
    """Return the record of plain values; `given` are fields that stand elsewhere, unknown values are ignored.

    A field with a default may be missing. Raises ValueError for a missing or wrong value, naming record and field.
    """
    arguments, anything = dict(given), cast("Any", kind)
    for name, hint in _hints(anything).items():
        if name in given or name not in values:
            continue
        try:
            arguments[name] = _value(hint, values[name])
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"{kind.__name__}.{name}: {error}") from error
    try:
        return kind(**arguments)
    except TypeError as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from error


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, value: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (kind,) = (each for each in arguments if each is not NoneType)
        return None if value is None else _value(kind, value)
    if origin is Literal:
        if value not in arguments:
            raise ValueError(f"{value!r} is none of {', '.join(map(repr, arguments))}")
        return value
    if origin is tuple:
        return tuple(_value(arguments[0], each) for each in value)
    if hint is datetime:
        return moment(value)
    if isinstance(hint, type) and is_dataclass(hint):
        return decoded(hint, value)
    if isinstance(hint, type) and not isinstance(value, hint):
        raise TypeError(f"{value!r:.80} is no {hint.__name__}")
    return value
