"""Fn::If, and the condition functions where they may not stand."""

from __future__ import annotations

from typing import Any

from validator.effective.intrinsics.arguments import items
from validator.effective.intrinsics.strings import call
from validator.effective.scope import IntrinsicError, Origin, Scope
from validator.effective.symbols import Symbol
from validator.effective.template import Path


def if_(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::If`: one of two values by a condition; a symbol of both where the condition is symbolic.

    Source: Template Reference, "Condition functions".
    """
    name, *branches = items(argument, "Fn::If", 3)
    nested = scope.nested
    chosen = scope.condition(name, (*src, 0))
    if isinstance(chosen, Symbol):
        values = [scope.value(branch, at, (*src, index + 1)) for index, branch in enumerate(branches)]
        return call(scope, "if", chosen, *values)
    index = 0 if chosen else 1
    branch, where = branches[index], (*src, index + 1)
    return scope.value(branch, at, where) if nested else _branch(scope, branch, at, where)


def _branch(scope: Scope, node: Any, at: Path, src: Path) -> Any:
    """Evaluate a branch that becomes part of the effective template itself, not another function's argument.

    If it is a mapping or list, its parts keep origins and positions of their own.
    """
    outer: set[Origin] | None = scope.trace
    if not isinstance(node, dict | list):
        return scope.value(node, at, src)
    scope.trace = None
    scope.sources[at] = src
    try:
        return scope.value(node, at, src)
    finally:
        scope.trace = outer


def misplaced(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """Refuse a condition function outside Conditions and Rules."""
    del scope, argument, at
    raise IntrinsicError(f"{src[-1]} may stand only in Conditions and Rules", "name a condition in Fn::If")
