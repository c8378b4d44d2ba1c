"""Conditions: each one's truth, or the symbol of what decides it once deployed.

Source: AWS CloudFormation Template Reference, "Condition functions"; User Guide, "Conditions".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from validator.effective.intrinsics.arguments import evaluated, items
from validator.effective.intrinsics.strings import call
from validator.effective.scope import IntrinsicError, Logic, Origin, Scope
from validator.effective.symbols import Symbol, freeze, scalar_text, symbolic
from validator.effective.template import Path

Truth = bool | Symbol
_SHOWN = 10


def evaluate_conditions(scope: Scope, declared: Mapping[str, Any]) -> None:
    """Set the value and the origins of every condition in the scope; a circle is a problem."""
    for name in _in_order(scope, declared):
        trace: set[Origin] = set()
        scope.trace = trace
        scope.conditions[name] = guarded(scope, declared[name], ("Conditions", name))
        scope.condition_origins[name] = frozenset(trace)
    scope.trace = None


def _in_order(scope: Scope, declared: Mapping[str, Any]) -> list[str]:
    """Return the conditions so that each comes after those it names; a circle is cut where it closes."""
    order: list[str] = []
    done: set[str] = set()
    for first in declared:
        stack = [] if first in done else [(first, _used(declared[first]))]
        open_names = {first: 0}
        while stack:
            name, used = stack[-1]
            following = next((other for other in used if other in declared and other not in done), None)
            if following is None:
                stack.pop()
                del open_names[name]
                done.add(name)
                order.append(name)
            elif following in open_names:
                _circle(scope, [*list(open_names)[open_names[following] :], following])
            else:
                stack.append((following, _used(declared[following])))
                open_names[following] = len(open_names)
    return order


def _circle(scope: Scope, names: list[str]) -> None:
    shown = names if len(names) <= _SHOWN else [*names[: _SHOWN - 2], "...", names[-1]]
    message = f"circular conditions: {' needs '.join(shown)}"
    scope.fail(("Conditions", names[0]), message, "break the circle")


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
    if isinstance(node, dict) and len(node) == 1:
        (name,) = node
        here = (*path, name)
        if name == "Condition":
            return scope.condition(node[name], here)
        if name == "$symbol":
            return Symbol.verbatim(str(node[name]))
        function = scope.logic.get(name)
        if function is not None:
            return function(scope, node[name], here)
    if isinstance(node, bool) or (isinstance(node, str) and node.lower() in {"true", "false"}):
        return scalar_text(node).lower() == "true"
    functions = ", ".join(sorted(scope.logic))
    raise IntrinsicError(f"a condition is one of {functions} or Condition", path=path)


def equals(scope: Scope, argument: Any, path: Path) -> Truth:
    """`Fn::Equals`: whether two values are the same, letter by letter."""
    left, right = evaluated(scope, items(argument, "Fn::Equals", 2), path, path)
    return same(scope, left, right)


def same(scope: Scope, left: Any, right: Any) -> Truth:
    """Return whether two values are equal as CloudFormation compares them: by their text."""
    if symbolic(left) or symbolic(right):
        scope.measure([left, right])
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
    unknown = list(dict.fromkeys(part for part in truths if isinstance(part, Symbol)))
    if not unknown:
        return not decisive
    return unknown[0] if len(unknown) == 1 else call(scope, "or" if decisive else "and", *unknown)


def negated(scope: Scope, argument: Any, path: Path) -> Truth:
    """`Fn::Not`: whether a condition does not hold."""
    (inner,) = items(argument, "Fn::Not", 1)
    value = truth(scope, inner, (*path, 0))
    if not isinstance(value, Symbol):
        return not value
    (first, *_) = value.args
    return first if value.kind == "not" and isinstance(first, Symbol) else call(scope, "not", value)


CONDITION_FUNCTIONS: Mapping[str, Logic] = {
    "Fn::Equals": equals,
    "Fn::And": both,
    "Fn::Or": either,
    "Fn::Not": negated,
}
"""The functions that stand in Conditions."""
