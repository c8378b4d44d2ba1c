"""What a tagged value comes to offline: a text where its arguments are texts, or a symbol that says how it is written.

Sceptre's own `!join`, `!select`, `!split`, `!sub` and `!no_value` need nothing but their arguments; they are worked out
here as Sceptre 4.7 does (sceptre/resolvers). Every other tag stands for a value of the deployment. Pure (REQ-V1).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..effective import Symbol, concat
from ..model import Value
from .tags import Tag

OUTPUT = "stack_output"
"""The resolver that reads an output of another stack, on which a stack depends then."""
Written = Callable[[str, str], str]
"""Gives how the argument of a tag is written in every environment: with placeholders for what names its own."""


@dataclass(frozen=True, slots=True)
class _Nothing:
    """What `!no_value` gives: the value is left out."""


NOTHING = _Nothing()


class WrongArgumentError(Exception):
    """A resolver of Sceptre's own does not take its argument."""


def tags_in(value: Any) -> Iterator[Tag]:
    """Yield every tag in a value, those in the arguments of others too."""
    if isinstance(value, Tag):
        yield value
        value = value.argument
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            if item.__class__ is not str:
                yield from tags_in(item)


def text_of(value: Any, written: Written) -> str:
    """Return any value in one line, as it is written, with its tags."""
    return _argument(value, "", written)


def _as_is(tag: str, argument: str) -> str:
    return argument


def described(value: Any, written: Written = _as_is) -> str:
    """Return what a value is written with, `!stack_output dev/vpc.yaml::VpcId`; empty for a literal."""
    if isinstance(value, list):
        parts = [described(item, written) for item in value]
        return f"[{', '.join(parts)}]" if any(parts) else ""
    if not isinstance(value, Tag):
        return ""
    return f"!{value.name} {_argument(value.argument, value.name, written)}".rstrip()


def _argument(value: Any, tag: str, written: Written) -> str:
    if isinstance(value, Tag):
        return described(value, written)
    if isinstance(value, list):
        return f"[{', '.join(_argument(item, tag, written) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_argument(item, tag, written)}" for key, item in value.items()) + "}"
    return "" if value is None else written(tag, str(value))


def resolved(value: Any, written: Written) -> Any:
    """Return a value with every tag worked out, as far as that is possible: texts, symbols, lists and mappings.

    Raises WrongArgumentError for an argument that a resolver of Sceptre's own does not take.
    """
    if isinstance(value, list):
        return [item for item in (resolved(one, written) for one in value) if item is not NOTHING]
    if isinstance(value, dict):
        pairs = ((key, resolved(item, written)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not NOTHING}
    if not isinstance(value, Tag):
        return value
    pure = _PURE.get(value.name)
    if pure is None:
        return Symbol.named(f"{value.name}:{_argument(value.argument, value.name, written)}")
    return pure(resolved(value.argument, written))


def as_text(value: Any) -> str | Symbol:
    """Return a value as `!join` and a tag write it."""
    return value if isinstance(value, str | Symbol) else str(value)


def as_value(value: Any) -> Value:
    """Return a resolved value as a stack's parameter or tag holds it; a list with a symbol in it is one symbol."""
    if not isinstance(value, list):
        return as_text(value)
    parts = [as_text(item) for item in value]
    texts = [part for part in parts if isinstance(part, str)]
    return texts if len(texts) == len(parts) else Symbol.named("list:" + ",".join(map(str, parts)))


def _pair(name: str, argument: Any, *kinds: type | tuple[type, ...]) -> tuple[Any, Any]:
    given = argument if isinstance(argument, list) else []
    if len(given) != len(kinds) or not all(map(isinstance, given, kinds)):
        raise WrongArgumentError(f"!{name} takes a list of two: {_FORMS[name]}")
    return given[0], given[1]


def _join(argument: Any) -> Any:
    delimiter, items = _pair("join", argument, str, list)
    parts = [part for item in items for part in (delimiter, as_text(item))]
    return concat(parts[1:])


def _select(argument: Any) -> Any:
    index, items = _pair("select", argument, (int, str), (list, dict, Symbol))
    if isinstance(items, Symbol):
        return Symbol.named(f"select:{index},{items}")
    try:
        return items[index]
    except (TypeError, LookupError):
        raise WrongArgumentError(f"!select finds no {index!r} in what it selects from") from None


def _split(argument: Any) -> Any:
    delimiter, text = _pair("split", argument, str, (str, Symbol))
    if isinstance(text, Symbol):
        return Symbol.named(f"split:{delimiter},{text}")
    if not delimiter:
        raise WrongArgumentError("!split needs a text to split on")
    return text.split(delimiter)


def _sub(argument: Any) -> Any:
    template, variables = _pair("sub", argument, str, dict)
    parts: list[str | Symbol] = []
    try:
        for literal, name, form, conversion in string.Formatter().parse(template):
            parts.append(literal)
            if name is None:
                continue
            if form or conversion or name not in variables:
                raise WrongArgumentError(f"!sub: {{{name}}} is no name that it is given, or has a format")
            parts.append(as_text(variables[name]))
    except ValueError as error:
        raise WrongArgumentError(f"!sub: {error}") from None
    return concat(parts)


_FORMS = {
    "join": "a text, and a list of what to join",
    "select": "an index or a key, and a list or mapping",
    "split": "a text, and the text to split",
    "sub": "a text with {names}, and a mapping of names to values",
}
_PURE: dict[str, Callable[[Any], Any]] = {
    "join": _join,
    "select": _select,
    "split": _split,
    "sub": _sub,
    "no_value": lambda argument: NOTHING,
}
