"""What several functions ask of their arguments."""

from __future__ import annotations

from typing import Any

from validator.effective.scope import IntrinsicError, Scope
from validator.effective.symbols import NO_VALUE, Symbol, scalar_text
from validator.effective.template import Path


def items(argument: Any, name: str, least: int, most: int | None = None) -> list[Any]:
    """Return the argument list of `name`, which takes from `least` to `most` items."""
    most = least if most is None else most
    if not isinstance(argument, list) or not least <= len(argument) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise IntrinsicError(f"{name} takes a list of {count} arguments")
    return argument


def text(value: Any, what: str) -> str | Symbol:
    """Return `value` as text: a scalar's text, or a symbol."""
    if type(value) is str or isinstance(value, Symbol):
        return value
    if isinstance(value, str | int | float):
        return scalar_text(value)
    if value is NO_VALUE:
        raise IntrinsicError(f"{what} must be text, and is AWS::NoValue")
    kind = "a list" if isinstance(value, list) else "a mapping"
    raise IntrinsicError(
        f"{what} must be text, and is {kind}", "take one item with Fn::Select, or Fn::Join them"
    )


def whole_number(value: Any, what: str) -> int | Symbol:
    """Return `value` as a whole number that is not negative, or the symbol it is."""
    if isinstance(value, Symbol):
        return value
    written = scalar_text(value) if isinstance(value, str | int | float) else ""
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        raise IntrinsicError(f"{what} must be a whole number, and is {written or 'no scalar'!r}")
    return int(written)


def evaluated(scope: Scope, arguments: list[Any], at: Path, src: Path) -> list[Any]:
    """Return each argument evaluated, those that are `AWS::NoValue` still among them."""
    return [scope.value(argument, at, (*src, index)) for index, argument in enumerate(arguments)]


def need_extensions(scope: Scope, what: str) -> None:
    """Raise unless the template declares the transform that `what` belongs to."""
    if not scope.extended:
        hint = "add `Transform: AWS::LanguageExtensions` to the template"
        raise IntrinsicError(f"{what} needs the transform AWS::LanguageExtensions", hint)
