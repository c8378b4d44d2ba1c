"""Ref and Fn::GetAtt: what other parts of the template are called."""

from __future__ import annotations

from typing import Any

from validator.effective.intrinsics.arguments import need_extensions, text
from validator.effective.modules import may_hold
from validator.effective.scope import IntrinsicError, Scope
from validator.effective.symbols import NO_VALUE, Symbol, scalar_text, symbolic
from validator.effective.template import Path


def ref(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Ref`: the value of a parameter or pseudo parameter, or the symbol of a resource.

    With `AWS::LanguageExtensions` the name may itself be computed.
    Source: Template Reference, "Ref" and "AWS::LanguageExtensions transform".
    """
    if type(argument) is not str:
        need_extensions(scope, "a Ref to a computed name")
        argument = text(scope.value(argument, at, src), "the name in Ref")
        if isinstance(argument, Symbol):
            return Symbol("ref", (argument,))
    return named(scope, argument)


def named(scope: Scope, name: str) -> Any:
    """Return what `Ref` gives for `name`; raise when the template has nothing of that name."""
    variables = scope.variables
    if name in variables:
        scope.note("parameter", name)
        return _variable(scope, variables[name])
    if name in scope.resources:
        _present(scope, name)
        return Symbol("ref", (name,))
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in scope.pseudo:
        scope.note("pseudo", name)
        return scope.pseudo[name]
    if not name.startswith("AWS::") and (not scope.strict or may_hold(scope.modules, name)):
        return Symbol("ref", (name,))
    raise unknown_reference(scope, name)


def unknown_reference(scope: Scope, name: str) -> IntrinsicError:
    """Return the error of a `Ref` to a name that means nothing where it stands."""
    if name in scope.template.section("Resources"):
        return IntrinsicError(f"the resource {name} cannot be referred to here", "refer to a parameter")
    hint = "declare it as a parameter or a resource, or correct the name"
    return IntrinsicError(f"no parameter or resource is named {name}", hint)


def _variable(scope: Scope, value: Any) -> Any:
    """Return a parameter's value; numbers as text where text is being made."""
    if type(value) is str:
        return value
    if isinstance(value, list):
        scope.spend(len(value))
        return [scalar_text(item) for item in value] if scope.textual and not symbolic(value) else value
    return scalar_text(value) if scope.textual and not isinstance(value, Symbol) else value


def get_att(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::GetAtt`: the symbol of a resource's attribute; `Resource.Attribute` or a list of the two.

    With `AWS::LanguageExtensions` both may be computed.
    Source: Template Reference, "Fn::GetAtt".
    """
    if type(argument) is str:
        resource, dot, attribute = argument.partition(".")
        if not (resource and dot and attribute):
            raise IntrinsicError(f"Fn::GetAtt needs Resource.Attribute, not {argument!r}")
        return _attribute(scope, resource, attribute)
    if not isinstance(argument, list) or len(argument) < 2:
        raise IntrinsicError("Fn::GetAtt takes the name of a resource and that of an attribute")
    parts: list[str | Symbol] = []
    for index, part in enumerate(argument):
        if type(part) is not str and index == 0:
            need_extensions(scope, "Fn::GetAtt of a computed name")
        value = part if type(part) is str else scope.value(part, at, (*src, index))
        parts.append(text(value, "a name in Fn::GetAtt"))
    if all(isinstance(part, str) for part in parts):
        return _attribute(scope, str(parts[0]), ".".join(map(str, parts[1:])))
    if isinstance(parts[0], str):
        _known(scope, parts[0])
    return Symbol("att", tuple(parts))


def _attribute(scope: Scope, resource: str, attribute: str) -> Symbol:
    _known(scope, resource)
    return Symbol("att", (resource, attribute))


def _known(scope: Scope, resource: str) -> None:
    if resource in scope.resources:
        _present(scope, resource)
    elif scope.strict and not may_hold(scope.modules, resource):
        raise unknown_resource(resource)


def unknown_resource(name: str) -> IntrinsicError:
    """Return the error of a resource that is not declared."""
    return IntrinsicError(f"no resource is named {name}", "declare it, or correct the name")


def _present(scope: Scope, name: str) -> None:
    if name in scope.absent:
        raise IntrinsicError(
            f"the resource {name} does not exist here: its condition is false",
            "choose the value with Fn::If on the same condition",
        )


def dotted_reference(scope: Scope, name: str) -> Any:
    """Return what `${name}` means in `Fn::Sub`: `Ref`, or `Fn::GetAtt` where the name has a dot."""
    if "." in name:
        resource, _, attribute = name.partition(".")
        return _attribute(scope, resource, attribute)
    return named(scope, name)


def given(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """Return the symbol that the JSON form of an effective template spells as `{"$symbol": "..."}`."""
    if isinstance(argument, str):
        return Symbol.verbatim(argument)
    return {"$symbol": scope.value(argument, (*at, "$symbol"), src)}
