"""Conditions: each one's truth, or the symbol of what decides it once deployed.

Source: AWS CloudFormation Template Reference, "Condition functions"; User Guide, "Conditions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from validator.effective.intrinsics.arguments import evaluated, items
from validator.effective.intrinsics.strings import call
from validator.effective.scope import IntrinsicError, Scope
from validator.effective.symbols import Symbol, freeze, scalar_text, symbolic
from validator.effective.template import Path

Truth = bool | Symbol


def evaluate_conditions(scope: Scope, declared: Mapping[str, Any]) -> None:
    """Set the value and the origins of every condition in the scope; a circle is a problem of each member."""
    needs = {name: [used for used in _used(body) if used in declared] for name, body in declared.items()}
    try:
        order = list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = error.args[1]
        for name in dict.fromkeys(circle):
            path: Path = ("Conditions", name)
            scope.conditions[name] = scope.fail(
                path, f"circular conditions: {' needs '.join(reversed(circle))}"
            )
        remaining = {name: body for name, body in declared.items() if name not in scope.conditions}
        order = _without(remaining, needs)
    for name in order:
        outer, scope.trace = scope.trace, set()
        path = ("Conditions", name)
        scope.conditions[name] = guarded(scope, declared[name], path)
        scope.condition_origins[name] = frozenset(scope.trace)
        scope.trace = outer


def _without(remaining: Mapping[str, Any], needs: Mapping[str, list[str]]) -> list[str]:
    """Return an order of the conditions that are in no circle found so far; further circles stay symbols."""
    inner = {name: [used for used in needs[name] if used in remaining] for name in remaining}
    try:
        return list(TopologicalSorter(inner).static_order())
    except CycleError:
        return []


def _used(body: Any) -> Iterator[str]:
    """Yield the names of the conditions that an expression names."""
    queue = [body]
    while queue:
        node = queue.pop()
        if isinstance(node, dict):
            name = node.get("Condition")
            if isinstance(name, str):
                yield name
            queue += node.values()
        elif isinstance(node, list):
            queue += node


def guarded(scope: Scope, node: Any, path: Path) -> Truth:
    """Return the truth of `node`; what is wrong with it becomes a problem and an unknown truth."""
    try:
        return truth(scope, node, path)
    except IntrinsicError as error:
        return scope.fail(error.path or path, error.message, error.hint)


def truth(scope: Scope, node: Any, path: Path) -> Truth:
    """Return the truth of a condition expression; raise `IntrinsicError` when it is none."""
    if isinstance(node, bool):
        return node
    if isinstance(node, dict) and len(node) == 1:
        (name,) = node
        here = (*path, name)
        if name == "Condition":
            return scope.condition(node[name], here)
        if name == "$symbol":
            return Symbol("value", (str(node[name]),))
        function = CONDITION_FUNCTIONS.get(name)
        if function is not None:
            return function(scope, node[name], here)
    if isinstance(node, str) and node.lower() in {"true", "false"}:
        return node.lower() == "true"
    functions = ", ".join(sorted(CONDITION_FUNCTIONS))
    raise IntrinsicError(f"a condition is one of {functions} or Condition", path=path)


def equals(scope: Scope, argument: Any, path: Path) -> Truth:
    """`Fn::Equals`: whether two values are the same, letter by letter."""
    left, right = evaluated(scope, items(argument, "Fn::Equals", 2), path, path)
    return same(scope, left, right)


def same(scope: Scope, left: Any, right: Any) -> Truth:
    """Return whether two values are equal as CloudFormation compares them: by their text."""
    if symbolic(left) or symbolic(right):
        return True if freeze(left) == freeze(right) else call(scope, "equals", left, right)
    return bool(_canonical(left) == _canonical(right))


def _canonical(value: Any) -> Any:
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    return scalar_text(value) if isinstance(value, str | int | float) else value


def both(scope: Scope, argument: Any, path: Path) -> Truth:
    """`Fn::And`: whether all of 2 to 10 conditions hold."""
    return _fold(scope, "Fn::And", argument, path, decisive=False)


def either(scope: Scope, argument: Any, path: Path) -> Truth:
    """`Fn::Or`: whether one of 2 to 10 conditions holds."""
    return _fold(scope, "Fn::Or", argument, path, decisive=True)


def _fold(scope: Scope, name: str, argument: Any, path: Path, *, decisive: bool) -> Truth:
    parts = items(argument, name, 2, 10)
    truths = [truth(scope, part, (*path, index)) for index, part in enumerate(parts)]
    if any(part is decisive for part in truths):
        return decisive
    unknown = [part for part in truths if isinstance(part, Symbol)]
    if not unknown:
        return not decisive
    return unknown[0] if len(unknown) == 1 else call(scope, "or" if decisive else "and", *unknown)


def negated(scope: Scope, argument: Any, path: Path) -> Truth:
    """`Fn::Not`: whether a condition does not hold."""
    (inner,) = items(argument, "Fn::Not", 1)
    value = truth(scope, inner, (*path, 0))
    return call(scope, "not", value) if isinstance(value, Symbol) else not value


CONDITION_FUNCTIONS: dict[str, Callable[[Scope, Any, Path], Truth]] = {
    "Fn::Equals": equals,
    "Fn::And": both,
    "Fn::Or": either,
    "Fn::Not": negated,
}
"""The functions that stand in Conditions."""
