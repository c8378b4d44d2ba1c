"""Conditions whose operands are intrinsic functions.

ministack evaluates `Ref` to a parameter and `Fn::Select`; every other function is compared as the text it was
written as, so `!Equals [!Ref AWS::Region, us-west-2]` is false in us-west-2, and nothing says so. Here each
operand becomes its value first, with ministack's own resolver.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.extension.claims import Extension, absent, emulated
from sandbox.extension.names import Name, replace

EVALUATE = Name.function("services.cloudformation.engine", "_evaluate_conditions", "template", "params")
RESOLVE = Name.function(
    "services.cloudformation.engine",
    "_resolve_refs",
    "value",
    "resources",
    "params",
    "conditions",
    "mappings",
    "stack_name",
    "stack_id",
)
_LOGIC = ("Fn::And", "Fn::Or", "Fn::Not")
_UNKNOWN_HERE = ("AWS::StackName", "AWS::StackId")


def _names_the_stack(node: object) -> bool:
    """Tell whether a value depends on the stack's own name, which the evaluator is not given."""
    if isinstance(node, Mapping):
        return any(_names_the_stack(value) for value in node.values())
    if isinstance(node, list):
        return any(_names_the_stack(value) for value in node)
    return isinstance(node, str) and any(name in node for name in _UNKNOWN_HERE)


def _literal(node: Any, params: Any, mappings: Any) -> Any:
    """Return an operand as its value."""
    if _names_the_stack(node):
        raise ValueError(
            "Template error: the sandbox does not evaluate AWS::StackName or AWS::StackId in Conditions"
        )
    return RESOLVE.get()(node, {}, params, {}, mappings, "", "")


def with_literal_operands(node: Any, params: Any, mappings: Any) -> Any:
    """Return a condition in which the operands of every `Fn::Equals` are values; its logic stays."""
    if not isinstance(node, dict) or len(node) != 1:
        return node
    function, arguments = next(iter(node.items()))
    if function == "Fn::Equals":
        return {function: [_literal(argument, params, mappings) for argument in arguments]}
    if function in _LOGIC:
        return {function: [with_literal_operands(argument, params, mappings) for argument in arguments]}
    return node


def _make(original: Any) -> Any:
    def evaluate(template: Any, params: Any) -> Any:
        conditions = template.get("Conditions") or {}
        mappings = template.get("Mappings") or {}
        literal = {name: with_literal_operands(node, params, mappings) for name, node in conditions.items()}
        return original({**template, "Conditions": literal}, params)

    return evaluate


EXTENSION = Extension(
    name="conditions",
    claims=(
        emulated(
            "Conditions", "Fn::Equals over Ref (pseudo parameters too), Sub, FindInMap, Join, Select, Split"
        ),
        absent("Conditions over AWS::StackName and AWS::StackId", "refused with a message"),
    ),
    names=(EVALUATE, RESOLVE),
    install=lambda: replace(EVALUATE, _make),
)
