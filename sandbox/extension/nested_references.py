"""`Ref` and `Fn::GetAtt` over an intrinsic function, as AWS::LanguageExtensions allows them.

ministack takes only a name there, or an `Fn::Sub` that a loop fills in. Whatever the transform can compute from the
template and its parameters is computed here first.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

_MODULE = "services.cloudformation.language_extensions"
EXPAND = Name.function(_MODULE, "_expand", "node", "bindings", "context", "ids")
VALUE = Name.function(_MODULE, "_value", "node", "bindings", "context")
UNRESOLVED = Name(_MODULE, "_Unresolved")


def _named(node: Any, bindings: Any, context: Any) -> Any:
    """Return the name that an intrinsic function stands for; the node itself when it is no name yet."""
    if not isinstance(node, dict):
        return node
    try:
        found = VALUE.get()(node, bindings, context)
    except UNRESOLVED.get():
        return node
    return found if isinstance(found, str) else node


def _make(original: Any) -> Any:
    def expand(node: Any, bindings: Any, context: Any, ids: bool = False) -> Any:
        if isinstance(node, dict) and len(node) == 1:
            if "Ref" in node:
                node = {"Ref": _named(node["Ref"], bindings, context)}
            elif isinstance(node.get("Fn::GetAtt"), list):
                node = {"Fn::GetAtt": [_named(one, bindings, context) for one in node["Fn::GetAtt"]]}
        return original(node, bindings, context, ids)

    return expand


EXTENSION = Extension(
    name="nested_references",
    claims=(
        emulated(
            "AWS::LanguageExtensions", "Fn::ForEach, Length, ToJsonString, conditions in policies, nested Ref"
        ),
    ),
    names=(EXPAND, VALUE, UNRESOLVED),
    install=lambda: replace(EXPAND, _make),
)
