"""Functions that look something up: FindInMap, ImportValue, GetStackOutput, Transform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validator.effective.intrinsics.arguments import items, need_extensions, text
from validator.effective.intrinsics.strings import call
from validator.effective.scope import IntrinsicError, Scope
from validator.effective.symbols import Symbol
from validator.effective.template import Path

_DEFAULT = "DefaultValue"


def find_in_map(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::FindInMap`: a value of a mapping by two keys, or else its `DefaultValue`.

    Keys may be computed; `DefaultValue` belongs to `AWS::LanguageExtensions`.
    Source: Template Reference, "Fn::FindInMap" and "Fn::FindInMap enhancements".
    """
    arguments = items(argument, "Fn::FindInMap", 3, 4)
    keys = [
        text(scope.value(key, at, (*src, index)), "a key of Fn::FindInMap")
        for index, key in enumerate(arguments[:3])
    ]
    fallback = _fallback(scope, arguments)
    if any(isinstance(key, Symbol) for key in keys):
        tail = [scope.value(value, at, (*src, 3, _DEFAULT)) for value in fallback]
        return call(scope, "mapping", *keys, *tail)
    found: Any = scope.mappings
    for depth, key in enumerate(keys):
        found = found.get(key) if isinstance(found, Mapping) else None
        if found is None:
            if fallback:
                scope.note("mapping", ".".join(map(str, keys)))
                return scope.value(fallback[0], at, (*src, 3, _DEFAULT))
            raise IntrinsicError(_missing(keys, depth), "add the key, or give a DefaultValue")
    scope.note("mapping", ".".join(map(str, keys)))
    if isinstance(found, dict):
        raise IntrinsicError(f"the mapping {'.'.join(map(str, keys))} must hold text or a list")
    scope.measure(found)
    return found


def _fallback(scope: Scope, arguments: list[Any]) -> list[Any]:
    if len(arguments) < 4:
        return []
    need_extensions(scope, "a DefaultValue of Fn::FindInMap")
    if not isinstance(arguments[3], dict) or list(arguments[3]) != [_DEFAULT]:
        raise IntrinsicError("the fourth argument of Fn::FindInMap is a mapping with DefaultValue alone")
    return [arguments[3][_DEFAULT]]


def _missing(keys: list[str | Symbol], depth: int) -> str:
    if depth == 0:
        return f"no mapping is named {keys[0]}"
    inside = ".".join(map(str, keys[:depth]))
    return f"the mapping {inside} has no key {keys[depth]}"


def import_value(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::ImportValue`: the symbol of another stack's export.

    Source: Template Reference, "Fn::ImportValue".
    """
    return Symbol("import", (text(scope.value(argument, at, src), "the name of Fn::ImportValue"),))


def stack_output(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::GetStackOutput`: the symbol of another stack's output.

    Source: Template Reference, "Fn::GetStackOutput".
    """
    fields = argument if isinstance(argument, dict) else {}
    if not {"StackName", "OutputName"} <= fields.keys() <= {"StackName", "OutputName", "Region", "RoleArn"}:
        raise IntrinsicError("Fn::GetStackOutput takes StackName, OutputName and maybe Region and RoleArn")
    parts = {key: text(scope.value(part, at, (*src, key)), key) for key, part in fields.items()}
    names = [parts["StackName"], parts["OutputName"]]
    return call(scope, "output", *names, *[parts[key] for key in ("Region", "RoleArn") if key in parts])


def transform(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::Transform`: the symbol of what a macro makes of its parameters; of a list of macros, the list of each.

    Source: Template Reference, "Fn::Transform"; the list is in no page, and in templates that CloudFormation takes.
    """
    if isinstance(argument, list) and argument:
        made = [transform(scope, macro, at, (*src, index)) for index, macro in enumerate(argument)]
        return made[0] if len(made) == 1 else call(scope, "list", *made)
    if not isinstance(argument, dict) or not isinstance(argument.get("Name"), str):
        raise IntrinsicError("Fn::Transform takes the Name of a macro and its Parameters")
    parameters = scope.value(argument.get("Parameters", {}), at, (*src, "Parameters"))
    return call(scope, "transform", argument["Name"], parameters)
