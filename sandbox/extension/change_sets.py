"""Change sets in full: what makes a resource anew, for every type, and the values before and after.

ministack tells of some types which properties make a resource anew, and says "conditionally" of every property of the
others; here the registry's schemas tell. `IncludePropertyValues` gives each property that changes by itself its values,
with those of NoEcho parameters hidden as AWS hides them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceTargetDefinition.html
"""

from __future__ import annotations

import copy
import importlib
import json
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree as ET

from pipelines.plan.schemas import recreation
from sandbox.extension.claims import Extension, absent, emulated
from sandbox.extension.conditions import EVALUATE as CONDITIONS
from sandbox.extension.conditions import RESOLVE as REFS
from sandbox.extension.names import Name, replace

_STACKS = "services.cloudformation.stacks"
_PROVISIONERS = "services.cloudformation.provisioners"
ACTIONS = Name("services.cloudformation.handlers", "_ACTION_HANDLERS")
RECREATION = Name.function(_STACKS, "_property_recreation", "resource_type", "name")
KNOWN = Name(_PROVISIONERS, "_REPLACING_PROPERTIES")
FIND = Name.function("services.cloudformation.changesets", "_find_change_set", "cs_name", "stack_name")
RESOLVE = Name.function(
    "services.cloudformation.changesets",
    "_resolve_props_for_diff",
    "template",
    "params",
    "stack_name",
    "stack_id",
)
STACKS = Name("services.cloudformation", "_stacks")
HIDDEN = "****"
"""What CloudFormation shows of a NoEcho parameter."""
AFTERWARDS = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""What it shows of a value that another resource has once it is made or changed."""
_REQUIRES = {"always": "Always", "conditional": "Conditionally", "never": "Never"}


def _telling(original: Any) -> Any:
    """Return what tells of a property of a type that ministack does not know by the type's schema."""

    def tell(resource_type: str, name: str) -> Any:
        if resource_type in KNOWN.get():
            return original(resource_type, name)
        return _REQUIRES[recreation(resource_type, name)]

    return tell


def _with_policies(original: Any) -> Any:
    """Resolve the deletion policies too, which may be conditions, as CloudFormation has them by then."""

    def resolve(template: Any, params: Any, stack_name: Any, stack_id: Any) -> Any:
        resolved = original(template, params, stack_name, stack_id)
        if resolved:
            conditions = CONDITIONS.get()(template, params)
            for body in resolved["Resources"].values():
                for name in {"DeletionPolicy", "UpdateReplacePolicy"} & body.keys():
                    mappings = template.get("Mappings", {})
                    body[name] = REFS.get()(
                        body[name], {}, params, conditions, mappings, stack_name, stack_id
                    )
        return resolved

    return resolve


def _properties(template: Any, params: Any, stack: Any) -> dict[str, Any]:
    """Return the properties of each resource as they are shown, without what nobody may see."""
    if not template:
        return {}
    shown = copy.deepcopy(params or {})
    for entry in shown.values():
        if str(entry.get("NoEcho")).lower() == "true":
            entry["Value"] = HIDDEN
    found: dict[str, Any] = {}
    conditions = CONDITIONS.get()(template, params)
    for name, body in template.get("Resources", {}).items():
        # What refers to a resource that is not there yet has no value to show.
        with suppress(Exception):
            found[name] = REFS.get()(
                copy.deepcopy(body.get("Properties", {})),
                stack.get("_resources") or {},
                shown,
                conditions,
                template.get("Mappings", {}),
                stack.get("StackName", ""),
                stack.get("StackId", ""),
            )
    return found


def _text(node: ET.Element, name: str) -> str:
    return next((child.text or "" for child in node if child.tag.rpartition("}")[2] == name), "")


def _inside(node: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in node.iter() if child.tag.rpartition("}")[2] == name]


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _complete(root: ET.Element, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Add the values to each target that is a property."""
    for change in _inside(root, "ResourceChange"):
        logical_id = _text(change, "LogicalResourceId")
        unknown = {
            _text(target, "Name")
            for detail in _inside(change, "member")
            if _text(detail, "ChangeSource") in {"ResourceReference", "ResourceAttribute"}
            for target in _inside(detail, "Target")
        }
        for target in _inside(change, "Target"):
            name = _text(target, "Name")
            if _text(target, "Attribute") != "Properties" or not name:
                continue
            space = target.tag.rpartition("}")[0] + "}" * ("}" in target.tag)
            ET.SubElement(target, f"{space}Path").text = f"/Properties/{name}"
            for key, values in (("BeforeValue", before), ("AfterValue", after)):
                if key == "AfterValue" and name in unknown:
                    ET.SubElement(target, space + key).text = AFTERWARDS
                elif name in values.get(logical_id, {}):
                    ET.SubElement(target, space + key).text = _shown(values[logical_id][name])


def _describing(original: Any) -> Any:
    def describe(params: Any) -> Any:
        status, headers, body = original(params)
        wanted = (params.get("IncludePropertyValues") or ["false"])[0].lower() == "true"
        if status != 200 or not wanted:
            return status, headers, body
        names = [(params.get(key) or [""])[0] for key in ("ChangeSetName", "StackName")]
        _, change_set = FIND.get()(*names)
        stack = STACKS.get().get(change_set["StackName"]) or {}
        before = _properties(stack.get("_template"), stack.get("_resolved_params"), stack)
        after = _properties(change_set["_template"], change_set["_resolved_params"], stack)
        root = ET.fromstring(body)  # noqa: S314 - written by our own process
        if "}" in root.tag:
            ET.register_namespace("", root.tag[1:].rpartition("}")[0])
        _complete(root, before, after)
        return status, headers, ET.tostring(root, encoding="utf-8", xml_declaration=True)

    return describe


def _install() -> None:
    # In the module that makes change sets alone: how an update is carried out stays ministack's own.
    module = importlib.import_module(f"ministack.{_STACKS}")
    setattr(module, RECREATION.name, _telling(RECREATION.get()))
    replace(RESOLVE, _with_policies)
    actions = ACTIONS.get()
    actions["DescribeChangeSet"] = _describing(actions["DescribeChangeSet"])


EXTENSION = Extension(
    name="change_sets",
    claims=(
        emulated(
            "Change sets",
            "types CREATE and UPDATE; replacement by the types' schemas, policy action, scope, values",
        ),
        absent("Change sets: BeforeContext, AfterContext, nested stacks, REVERT_DRIFT", "left out"),
    ),
    names=(ACTIONS, RECREATION, KNOWN, FIND, RESOLVE, CONDITIONS, REFS, STACKS),
    install=_install,
)
