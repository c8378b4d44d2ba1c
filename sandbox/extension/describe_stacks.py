"""DescribeStacks in full: parameters from Parameter Store, and the topics that are told.

ministack answers with the resolved value of an `AWS::SSM::Parameter::Value<...>` parameter where AWS gives
the name in `ParameterValue` and the value in `ResolvedValue`, and leaves out `NotificationARNs`, which
`sceptre diff` reads.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Parameter.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from sandbox.extension.claims import Extension, emulated, recorded
from sandbox.extension.names import Name

ACTIONS = Name("services.cloudformation.handlers", "_ACTION_HANDLERS")
RESOLVE_STACK = Name.function("services.cloudformation.handlers", "_resolve_stack", "stack_name")
MEMBERS = Name.function("services.cloudformation.helpers", "_extract_string_members", "params", "prefix")
_KEPT = "_lockstep_notification_arns"


def _text(node: ET.Element, name: str) -> str:
    return next((child.text or "" for child in node if child.tag.rpartition("}")[2] == name), "")


def _child(node: ET.Element, name: str) -> ET.Element | None:
    return next((child for child in node if child.tag.rpartition("}")[2] == name), None)


def _add(parent: ET.Element, like: str, name: str, text: str | None = None) -> ET.Element:
    """Add an element in the name space of the element named `like`."""
    added = ET.SubElement(parent, like.rpartition("}")[0] + "}" * ("}" in like) + name)
    added.text = text
    return added


def _complete(member: ET.Element, stack: Any) -> None:
    """Add to one stack of the answer what ministack leaves out."""
    resolved = stack.get("_resolved_params") or {}
    for parameter in _child(member, "Parameters") or ():
        entry = resolved.get(_text(parameter, "ParameterKey")) or {}
        value = _child(parameter, "ParameterValue")
        if "SsmName" in entry and value is not None:
            _add(parameter, parameter.tag, "ResolvedValue", value.text)
            value.text = entry["SsmName"]
    topics = _add(member, member.tag, "NotificationARNs")
    for arn in stack.get(_KEPT, []):
        _add(topics, member.tag, "member", arn)


def _describing(original: Any) -> Any:
    def describe(params: Any) -> Any:
        status, headers, body = original(params)
        if status != 200:
            return status, headers, body
        root = ET.fromstring(body)  # noqa: S314 - written by our own process
        if "}" in root.tag:
            ET.register_namespace("", root.tag[1:].rpartition("}")[0])
        for node in root.iter():
            if node.tag.rpartition("}")[2] == "member" and _child(node, "StackStatus") is not None:
                stack = RESOLVE_STACK.get()(_text(node, "StackId"))
                if stack is not None:
                    _complete(node, stack)
        return status, headers, ET.tostring(root, encoding="utf-8", xml_declaration=True)

    return describe


def _keeping_topics(original: Any) -> Any:
    """Keep the topics of a create or update that was accepted; left out, an update keeps the old ones."""

    def operate(params: Any) -> Any:
        answer = original(params)
        stack = RESOLVE_STACK.get()((params.get("StackName") or [""])[0])
        topics = MEMBERS.get()(params, "NotificationARNs")
        if answer[0] == 200 and stack is not None and (topics or "NotificationARNs" in params):
            stack[_KEPT] = topics
        return answer

    return operate


def _install() -> None:
    actions = ACTIONS.get()
    actions["DescribeStacks"] = _describing(actions["DescribeStacks"])
    for action in ("CreateStack", "UpdateStack"):
        actions[action] = _keeping_topics(actions[action])


EXTENSION = Extension(
    name="describe_stacks",
    claims=(
        emulated("DescribeStacks: ResolvedValue", "parameters of type AWS::SSM::Parameter::Value<...>"),
        recorded(
            "NotificationARNs of a stack",
            "of CreateStack and UpdateStack; kept and shown, and no stack event is published to them",
        ),
    ),
    names=(ACTIONS, RESOLVE_STACK, MEMBERS),
    install=_install,
)
