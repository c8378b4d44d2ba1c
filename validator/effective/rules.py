"""Rules: the template's own assertions about its parameters.

Sources: AWS CloudFormation User Guide, "Rules"; Template Reference, "Rule functions".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validator.effective.conditions import CONDITION_FUNCTIONS, Truth, guarded, same
from validator.effective.intrinsics.arguments import evaluated, items
from validator.effective.intrinsics.strings import call
from validator.effective.result import RuleFailure
from validator.effective.scope import Function, IntrinsicError, Logic, Scope
from validator.effective.symbols import Symbol
from validator.effective.template import Path


def evaluate_rules(scope: Scope) -> list[RuleFailure]:
    """Return every assertion that does not hold; one that only deployment can judge is no failure."""
    declared = scope.template.section("Rules")
    if not declared:
        return []
    functions, logic = scope.functions, scope.logic
    scope.functions, scope.logic = functions | _VALUES, logic | _LOGIC  # type: ignore[operator]
    try:
        return [failure for name, body in declared.items() for failure in _of_rule(scope, name, body)]
    finally:
        scope.functions, scope.logic = functions, logic


def _of_rule(scope: Scope, name: str, body: Any) -> list[RuleFailure]:
    path: Path = ("Rules", name)
    assertions = body.get("Assertions") if isinstance(body, dict) else None
    if not isinstance(assertions, list):
        scope.fail(path, f"the rule {name} has no list of Assertions", "give it Assertions")
        return []
    if "RuleCondition" in body:
        applies = guarded(scope, body["RuleCondition"], (*path, "RuleCondition"))
        if applies is not True:
            return []
    failures = []
    for index, assertion in enumerate(assertions):
        here = (*path, "Assertions", index)
        if not isinstance(assertion, dict) or "Assert" not in assertion:
            scope.fail(here, "an assertion has an Assert", "give it one")
        elif guarded(scope, assertion["Assert"], (*here, "Assert")) is False:
            failures.append(_failure(scope, name, assertion, here))
    return failures


def _failure(scope: Scope, name: str, assertion: Mapping[str, Any], path: Path) -> RuleFailure:
    described = assertion.get("AssertDescription")
    message = described if isinstance(described, str) else f"assertion {path[-1]} does not hold"
    hint = "change the parameters that the assertion names"
    return RuleFailure(name, message, scope.template.problem(path, f"rule {name}: {message}", hint))


def contains(scope: Scope, argument: Any, path: Path) -> Truth:
    """`Fn::Contains`: whether a list holds a string."""
    listed, wanted = evaluated(scope, items(argument, "Fn::Contains", 2), path, path)
    return _any_same(scope, _list(listed, "Fn::Contains"), wanted)


def each_equals(scope: Scope, argument: Any, path: Path) -> Truth:
    """`Fn::EachMemberEquals`: whether every member of a list is the same as a string."""
    listed, wanted = evaluated(scope, items(argument, "Fn::EachMemberEquals", 2), path, path)
    members = _list(listed, "Fn::EachMemberEquals")
    if isinstance(members, Symbol):
        return call(scope, "each_equals", members, wanted)
    return _all(scope, [same(scope, member, wanted) for member in members])


def each_in(scope: Scope, argument: Any, path: Path) -> Truth:
    """`Fn::EachMemberIn`: whether every member of a list is in another list."""
    checked, matched = evaluated(scope, items(argument, "Fn::EachMemberIn", 2), path, path)
    members = _list(checked, "Fn::EachMemberIn")
    allowed = _list(matched, "Fn::EachMemberIn")
    if isinstance(members, Symbol) or isinstance(allowed, Symbol):
        return call(scope, "each_in", members, allowed)
    scope.spend(len(members) * len(allowed))
    return _all(scope, [_any_same(scope, allowed, member) for member in members])


def _list(value: Any, name: str) -> list[Any] | Symbol:
    if isinstance(value, list | Symbol):
        return value
    raise IntrinsicError(f"{name} takes a list")


def _any_same(scope: Scope, members: list[Any] | Symbol, wanted: Any) -> Truth:
    if isinstance(members, Symbol):
        return call(scope, "contains", members, wanted)
    truths = [same(scope, member, wanted) for member in members]
    if any(part is True for part in truths):
        return True
    return call(scope, "contains", members, wanted) if any(part is not False for part in truths) else False


def _all(scope: Scope, truths: list[Truth]) -> Truth:
    if any(part is False for part in truths):
        return False
    unknown = [part for part in truths if isinstance(part, Symbol)]
    return call(scope, "and", *unknown) if unknown else True


def ref_all(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::RefAll`: all values of an AWS parameter type in the account and region, which only AWS knows."""
    del scope, at, src
    if not isinstance(argument, str):
        raise IntrinsicError("Fn::RefAll takes a parameter type")
    return Symbol("refall", (argument,))


def value_of(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::ValueOf`: an attribute of what a parameter names, which only AWS knows."""
    del at, src
    name, attribute = items(argument, "Fn::ValueOf", 2)
    if not isinstance(name, str) or name not in scope.variables or not isinstance(attribute, str):
        raise IntrinsicError("Fn::ValueOf takes the name of a parameter and an attribute")
    return Symbol("valueof", (name, attribute))


def value_of_all(scope: Scope, argument: Any, at: Path, src: Path) -> Any:
    """`Fn::ValueOfAll`: an attribute of everything that parameters of a type name, which only AWS knows."""
    del scope, at, src
    kind, attribute = items(argument, "Fn::ValueOfAll", 2)
    if not isinstance(kind, str) or not isinstance(attribute, str):
        raise IntrinsicError("Fn::ValueOfAll takes a parameter type and an attribute")
    return Symbol("valueofall", (kind, attribute))


_VALUES: dict[str, Function] = {
    "Fn::RefAll": ref_all,
    "Fn::ValueOf": value_of,
    "Fn::ValueOfAll": value_of_all,
}
_LOGIC: dict[str, Logic] = {
    **CONDITION_FUNCTIONS,
    "Fn::Contains": contains,
    "Fn::EachMemberEquals": each_equals,
    "Fn::EachMemberIn": each_in,
}
