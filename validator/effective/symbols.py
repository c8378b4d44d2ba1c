"""Symbols: values that exist only once deployed, compared by their structure (REQ-V2).

A symbol is a term: a kind and its arguments. Its text is readable and says the whole structure, so that
two environments compare equal exactly where they would resolve the same things in the same way:

- `ref:Queue`, `att:Queue.Arn`, `ssm:/orders/dev/network/VpcId`, `az:us-east-1:0`: single values;
- `arn:${partition}:sqs:us-east-1:${account}:orders`: a string with symbolic parts, written as `Fn::Sub`
  writes it, where a literal `${` is escaped as `${!`;
- `select(0, split(",", import:Subnets))`: a function that can only run once deployed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

STRING = "string"
"""The kind of a string with symbolic parts."""
_NAMED = "name"
_VERBATIM = "value"
_CALLS = frozenset(
    {"and", "base64", "cidr", "contains", "each_equals", "each_in", "equals", "if", "join", "json", "length"}
    | {"list", "map", "mapping", "not", "or", "output", "select", "split", "transform"}
)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A value that is known only once deployed.

    `kind` names where it comes from, `args` what it is made of; `text` is both in one readable line and is,
    with `kind`, what equality compares.
    """

    kind: str
    args: tuple[str | Symbol, ...] = field(compare=False, repr=False)
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _render(self.kind, self.args))

    def __str__(self) -> str:
        return self.text

    @classmethod
    def named(cls, name: str) -> Symbol:
        """Return a symbol that is known by its name alone, such as the identity value `environment`."""
        return cls(_NAMED, (name,))

    @classmethod
    def verbatim(cls, text: str) -> Symbol:
        """Return the symbol whose text is `text`, as the JSON form of an effective template gives it."""
        return cls(_VERBATIM, (text,))


class _NoValue:
    """The type of `NO_VALUE`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = _NoValue()
"""What `!Ref AWS::NoValue` gives: the property or list item that holds it is left out."""


def _render(kind: str, args: tuple[str | Symbol, ...]) -> str:
    if kind == _VERBATIM:
        return str(args[0])
    if kind in _CALLS:
        return f"{kind}({', '.join(map(_argument, args))})"
    if kind == STRING:
        return "".join(map(_inline, args))
    if kind == _NAMED:
        return _inline(args[0])
    return f"{kind}:{(':' if kind == 'az' else '.').join(map(_inline, args))}"


def _inline(arg: str | Symbol) -> str:
    if isinstance(arg, str):
        return arg.replace("${", "${!") if "${" in arg else arg
    return arg.text if arg.kind == STRING else f"${{{arg.text}}}"


def _argument(arg: str | Symbol) -> str:
    """Return an argument of a call: strings in quotes. Symbols inside them need no second escaping."""
    if isinstance(arg, Symbol) and arg.kind != STRING:
        return arg.text
    parts = arg.args if isinstance(arg, Symbol) else (arg,)
    return '"' + "".join(_inline(_quotable(part)) for part in parts) + '"'


def _quotable(part: str | Symbol) -> str | Symbol:
    return part.replace("\\", "\\\\").replace('"', '\\"') if isinstance(part, str) else part


ABSENT = Symbol.named("AWS::NoValue")
"""How a symbol writes a branch that would leave the property out."""


def concat(parts: Iterable[str | Symbol]) -> str | Symbol:
    """Return the string made of `parts`: a plain string, or a symbol with neighbours merged.

    The same string comes out the same whichever way it was put together (`Fn::Sub` or `Fn::Join`).
    """
    merged: list[str | Symbol] = []
    literal: list[str] = []
    for part in parts:
        for piece in part.args if isinstance(part, Symbol) and part.kind == STRING else (part,):
            if isinstance(piece, str):
                literal.append(piece)
                continue
            merged += ("".join(literal), piece)
            literal.clear()
    tail = "".join(literal)
    kept = [piece for piece in (*merged, tail) if piece != ""]
    if not kept:
        return ""
    return kept[0] if len(kept) == 1 else Symbol(STRING, tuple(kept))


def scalar_text(value: Any) -> str:
    """Return how CloudFormation writes a string, number or boolean inside a string."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value)


def freeze(value: Any) -> str | Symbol:
    """Return `value` as an argument of a symbol: strings and symbols as they are, the rest as terms."""
    if isinstance(value, str | Symbol):
        return value
    if value is NO_VALUE:
        return ABSENT
    if isinstance(value, list):
        return Symbol("list", tuple(freeze(item) for item in value))
    if isinstance(value, Mapping):
        return Symbol("map", tuple(part for key, item in value.items() for part in (key, freeze(item))))
    return Symbol.verbatim(scalar_text(value))


def symbolic(value: Any) -> bool:
    """Tell whether `value` is, or holds, a symbol."""
    if isinstance(value, Symbol):
        return True
    if isinstance(value, Mapping):
        return any(symbolic(item) for item in value.values())
    return isinstance(value, list) and any(symbolic(item) for item in value)


def to_json(value: Any) -> Any:
    """Return `value` as plain data for JSON: a symbol becomes `{"$symbol": "<text>"}`."""
    if isinstance(value, Symbol):
        return {"$symbol": value.text}
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value
