"""Functions that make strings: Sub, Join, Split, Base64, ToJsonString."""

from __future__ import annotations

import base64 as encoding
import json
from typing import Any

from validator.effective.intrinsics.arguments import items, need_extensions, text
from validator.effective.intrinsics.references import dotted_reference
from validator.effective.scope import IntrinsicError, Scope
from validator.effective.substitution import NAME, pieces
from validator.effective.symbols import NO_VALUE, Symbol, concat, freeze, symbolic
from validator.effective.template import Path


def sub(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::Sub`: a string with `${Name}`, `${Resource.Attribute}` and `${!Literal}` filled in.

    The list form adds variables of its own, which come before the template's names.
    Source: Template Reference, "Fn::Sub".
    """
    own: dict[str, Any] = {}
    template = argument
    if isinstance(argument, list):
        template, variables = items(argument, "Fn::Sub", 2)
        if not isinstance(variables, dict):
            raise IntrinsicError("the second argument of Fn::Sub is a mapping of its variables")
        own = {name: scope.value(value, at, (*src, 1, name)) for name, value in variables.items()}
    if type(template) is not str:
        raise IntrinsicError("Fn::Sub takes a string, or a list of a string and its variables")
    parts: list[str | Symbol] = []
    for variable, piece in pieces(template):
        if not variable:
            parts.append(piece)
            continue
        if piece in own:
            value = own[piece]
        elif not NAME.fullmatch(piece):
            raise IntrinsicError(f"${{{piece}}} is no name", "write a literal ${...} as ${!...}")
        else:
            value = dotted_reference(scope, piece)
        parts.append(text(value, f"${{{piece}}} in Fn::Sub"))
    return _joined(scope, parts)


def _joined(scope: Scope, parts: list[str | Symbol]) -> str | Symbol:
    if all(type(part) is str for part in parts):
        plain = "".join(parts)  # type: ignore[arg-type]
        scope.grow(len(plain))
        return plain
    scope.grow(sum(len(part) if isinstance(part, str) else len(part.text) for part in parts))
    return concat(parts)


def join(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::Join`: the items of a list with a delimiter between them.

    Source: Template Reference, "Fn::Join".
    """
    delimiter, listed = items(argument, "Fn::Join", 2)
    if not isinstance(delimiter, str):
        raise IntrinsicError("the delimiter of Fn::Join must be text")
    values = scope.value(listed, at, (*src, 1))
    if isinstance(values, Symbol):
        return call(scope, "join", delimiter, values)
    if not isinstance(values, list):
        raise IntrinsicError("the second argument of Fn::Join must be a list")
    parts: list[str | Symbol] = []
    for index, value in enumerate(values):
        if index and delimiter:
            parts.append(delimiter)
        parts.append(text(value, "each item of Fn::Join"))
    return _joined(scope, parts)


def call(scope: Scope, kind: str, *arguments: Any) -> Symbol:
    """Return the symbol of a function that can only run once deployed, within the bound on text."""
    scope.measure(list(arguments))
    return Symbol(kind, tuple(freeze(argument) for argument in arguments))


def split(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::Split`: the parts of a string between delimiters.

    Source: Template Reference, "Fn::Split".
    """
    delimiter, source = items(argument, "Fn::Split", 2)
    if not isinstance(delimiter, str) or not delimiter:
        raise IntrinsicError("the delimiter of Fn::Split must be text, at least one character")
    value = text(scope.value(source, at, (*src, 1)), "the string of Fn::Split")
    if isinstance(value, Symbol):
        return call(scope, "split", delimiter, value)
    scope.spend(value.count(delimiter) + 1)
    return value.split(delimiter)


def base64(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::Base64`: the Base64 form of a string's UTF-8 bytes.

    Source: Template Reference, "Fn::Base64".
    """
    value = text(scope.value(argument, at, src), "the argument of Fn::Base64")
    if isinstance(value, Symbol):
        return call(scope, "base64", value)
    scope.grow(len(value) * 2)
    return encoding.b64encode(value.encode("utf-8", "surrogatepass")).decode("ascii")


def to_json_string(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::ToJsonString`: a mapping or list as compact JSON text; `AWS::NoValue` is left out of it.

    Numbers that come from parameters are text in it, as `Ref` gives them.
    Source: Template Reference, "Fn::ToJsonString".
    """
    need_extensions(scope, "Fn::ToJsonString")
    outer, scope.textual = scope.textual, True
    try:
        value = scope.value(argument, at, src)
    finally:
        scope.textual = outer
    if value is NO_VALUE or not isinstance(value, dict | list | Symbol):
        raise IntrinsicError("Fn::ToJsonString takes a mapping or a list")
    if symbolic(value):
        return call(scope, "json", value)
    scope.measure(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
