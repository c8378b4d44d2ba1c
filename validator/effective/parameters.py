"""A template's parameters: what they are given, what they allow, and the value each one stands for.

Sources: AWS CloudFormation User Guide, "Parameters" (properties, types, "Specify existing resources at
runtime with CloudFormation-supplied parameter types", SSM parameter types).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from validator.effective.constraints import NUMBER, violations
from validator.effective.scope import Scope
from validator.effective.symbols import Symbol, concat, scalar_text
from validator.effective.template import Path

ParameterValue = str | Symbol | Sequence[str | Symbol]
"""What a stack passes for a parameter; a list may be given as a list or as text with commas."""

SECRET = "noecho"  # noqa: S105 - the kind of a symbol
_SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(?P<inner>.+)>")
_MAX_NUMBER = 64
MAX_BYTES = 4096
"""The longest value that CloudFormation takes ("Understand CloudFormation quotas")."""
_HINT = "supply it in the stack's parameters, or give it a Default"


def bind(scope: Scope, supplied: Mapping[str, ParameterValue]) -> None:
    """Set `scope.variables` to the value of each parameter, and record what is wrong with the supply."""
    declared = scope.template.section("Parameters")
    for name in supplied:
        if name not in declared:
            message = f"the stack supplies {name}, which is no parameter of this template"
            scope.fail(("Parameters", name), message, "remove it from the stack, or declare the parameter")
    for name, declaration in declared.items():
        path: Path = ("Parameters", name)
        if not isinstance(declaration, dict) or not isinstance(declaration.get("Type"), str):
            scope.variables[name] = scope.fail(path, f"the parameter {name} has no Type", "give it a Type")
            continue
        value = supplied.get(name, declaration.get("Default"))
        if value is None:
            scope.fail(path, f"the parameter {name} is not supplied and has no Default", _HINT)
            scope.variables[name] = Symbol("parameter", (name,))
            continue
        scope.variables[name] = _bound(scope, name, declaration, value)


def _bound(scope: Scope, name: str, declaration: Mapping[str, Any], value: Any) -> Any:
    """Return what `Ref` to the parameter gives."""
    declared = declaration["Type"]
    ssm = _SSM_VALUE.fullmatch(declared)
    kind = "String" if ssm else declared
    listed = is_list(kind)
    secret = is_secret(declaration)
    if _bytes(value) > MAX_BYTES:
        hint = "store it where the stack can read it, and pass its place"
        scope.fail(("Parameters", name), f"{name} has more than {MAX_BYTES} bytes", hint)
        return Symbol("parameter", (name,))
    members = _members(value) if listed else [_single(value)]
    for message in dict.fromkeys(violations(kind, declaration, members, scope.steps)):
        shown = "its value is not shown because of NoEcho" if secret else f"the value is {_shown(members)}"
        hint = str(declaration.get("ConstraintDescription", "")) or "change the value, or what is allowed"
        scope.fail(("Parameters", name), f"{name} {message}; {shown}", hint)
    if secret:
        return Symbol(SECRET, (name,))
    if ssm:
        return Symbol("ssm", (members[0],))
    if kind in {"Number", "List<Number>"}:
        members = [member if isinstance(member, Symbol) else number(member) for member in members]
    return members if listed else members[0]


def is_list(kind: str) -> bool:
    """Tell whether a parameter of this type holds a list."""
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def is_secret(declaration: Mapping[str, Any]) -> bool:
    """Tell whether a parameter is declared `NoEcho`."""
    return "NoEcho" in declaration and scalar_text(declaration["NoEcho"]).lower() == "true"


def number(written: str) -> int | float | str:
    """Return a number where `written` is its canonical form, and else the text as it stands.

    CloudFormation passes a number on as the text that was supplied, so `1.50` and `007` must not change.
    """
    if len(written) <= _MAX_NUMBER and NUMBER.fullmatch(written):
        value: int | float = int(written) if written.lstrip("-").isdigit() else float(written)
        if math.isfinite(value) and scalar_text(value) == written:
            return value
    return written


def _bytes(value: Any) -> int:
    """Return how long a supplied value is as CloudFormation receives it."""
    if isinstance(value, list | tuple):
        return sum(_bytes(member) + 1 for member in value)
    return 0 if isinstance(value, Symbol) else len(scalar_text(value).encode("utf-8", "replace"))


def _single(value: Any) -> str | Symbol:
    if isinstance(value, Symbol):
        return value
    if not isinstance(value, list | tuple):
        return scalar_text(value)
    parts = [
        part for member in value for part in (",", member if isinstance(member, Symbol) else str(member))
    ]
    return concat(parts[1:])


def _members(value: Any) -> list[Any]:
    if isinstance(value, Symbol):
        return [value]
    given = value if isinstance(value, list | tuple) else scalar_text(value).split(",")
    return [member if isinstance(member, Symbol) else scalar_text(member).strip() for member in given]


def _shown(members: Sequence[Any]) -> str:
    text = ",".join(str(member) for member in members)
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
