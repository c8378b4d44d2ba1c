"""Problems of references that can be told without evaluating."""

from __future__ import annotations

from collections.abc import Iterable

from validator.effective.intrinsics.references import unknown_reference, unknown_resource
from validator.effective.scope import IntrinsicError, Scope
from validator.effective.template import Reference


def report(scope: Scope, found: Iterable[Reference]) -> None:
    """Record each reference to nothing."""
    for reference in found:
        error = _unknown(scope, reference)
        scope.fail(reference.path, error.message, error.hint)


def _unknown(scope: Scope, reference: Reference) -> IntrinsicError:
    if reference.kind == "condition":
        return scope.unknown_condition(reference.name)
    if reference.kind == "resource":
        return unknown_resource(reference.name)
    return unknown_reference(scope, reference.name)
