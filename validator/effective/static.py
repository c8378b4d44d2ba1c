"""References that CloudFormation checks in every branch, taken or not.

A `Ref` in the branch of an `Fn::If` that is not taken, or in a resource whose condition is false, must name
something that is declared all the same ("Unresolved resource dependencies").
"""

from __future__ import annotations

from collections.abc import Iterable

from validator.effective.intrinsics.references import unknown_reference, unknown_resource
from validator.effective.scope import IntrinsicError, Scope
from validator.effective.template import Reference


def check_references(scope: Scope, found: Iterable[Reference]) -> None:
    """Record each reference to what the template does not declare.

    A template with other transforms than AWS::LanguageExtensions may refer to what they will add.
    """
    if not scope.strict:
        return
    conditions = scope.template.section("Conditions").keys() | scope.conditions.keys()
    names = scope.variables.keys() | scope.pseudo.keys() | scope.resources.keys() | {"AWS::NoValue"}
    known = {"any": names, "resource": scope.resources.keys(), "condition": conditions}
    for reference in found:
        if reference.name not in known[reference.kind]:
            error = _unknown(scope, reference)
            scope.fail(reference.path, error.message, error.hint)


def _unknown(scope: Scope, reference: Reference) -> IntrinsicError:
    if reference.kind == "condition":
        return scope.unknown_condition(reference.name)
    if reference.kind == "resource":
        return unknown_resource(reference.name)
    return unknown_reference(scope, reference.name)
