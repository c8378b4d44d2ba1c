"""Resources and outputs: which exist under the conditions, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validator.effective.intrinsics.arguments import need_extensions
from validator.effective.modules import may_hold
from validator.effective.result import EffectiveResource
from validator.effective.scope import IntrinsicError, Scope
from validator.effective.symbols import NO_VALUE, Symbol
from validator.effective.template import Path

POLICIES = frozenset({"DeletionPolicy", "UpdateReplacePolicy"})
_EVALUATED = ("Metadata", "CreationPolicy", "UpdatePolicy")
_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")
_KNOWN = POLICIES | {"Type", "Properties", "Condition", "DependsOn", *_EVALUATED}


def evaluate_resources(scope: Scope, results: dict[str, EffectiveResource]) -> None:
    """Put every resource that exists into `results`; a false condition leaves its resource out."""
    declared = scope.resources
    if not declared:
        scope.fail(("Resources",), "the template has no resources", "declare at least one resource")
    existing: dict[str, bool | Symbol] = {}
    for name, body in declared.items():
        path: Path = ("Resources", name)
        if not isinstance(body, dict) or not isinstance(body.get("Type"), str):
            scope.fail(path, f"the resource {name} has no Type", "give it a Type")
            continue
        existing[name] = _exists(scope, body, path)
        if existing[name] is False:
            scope.absent.add(name)
    for name, exists in existing.items():
        if exists is not False:
            results[name] = _resource(scope, declared[name], ("Resources", name), exists)


def _exists(scope: Scope, body: Mapping[str, Any], path: Path) -> bool | Symbol:
    """Return whether the condition of a resource or output holds, and record where that came from."""
    if "Condition" not in body:
        return True
    here = (*path, "Condition")
    outer, scope.trace = scope.trace, set()
    try:
        name = body["Condition"]
        if isinstance(name, dict):
            if "$symbol" not in name:
                need_extensions(scope, "a computed Condition")
            name = scope.value(name, here, here)
        if name is NO_VALUE:
            return True
        if isinstance(name, Symbol):
            return name
        if not isinstance(name, str):
            return scope.fail(here, "Condition takes the name of a condition")
        return scope.condition(name, here)
    except IntrinsicError as error:
        return scope.fail(error.path or here, error.message, error.hint)
    finally:
        if scope.trace:
            scope.origins[path] = scope.origins.get(path, frozenset()) | scope.trace
        scope.trace = outer


def _resource(scope: Scope, body: Mapping[str, Any], path: Path, exists: bool | Symbol) -> EffectiveResource:
    attributes: dict[str, Any] = {} if exists is True else {"Condition": exists}
    for key, item in body.items():
        here = (*path, key)
        if key == "DependsOn":
            names = _dependencies(scope, item, here)
            if names:
                attributes[key] = names
        elif key in POLICIES or key in _EVALUATED:
            if key in POLICIES and not isinstance(item, str) and not scope.extended:
                scope.fail(
                    here, f"{key} must be text", "add `Transform: AWS::LanguageExtensions` to compute it"
                )
            value = scope.value(item, here, here)
            if value is not NO_VALUE:
                attributes[key] = value
        elif key == "Version" and body["Type"].startswith(_CUSTOM):
            attributes[key] = item
        elif key not in _KNOWN and scope.strict:
            scope.fail(here, f"a resource has no attribute {key}", "move it into Properties, or remove it")
    return EffectiveResource(body["Type"], _properties(scope, body, (*path, "Properties")), attributes)


def _properties(scope: Scope, body: Mapping[str, Any], path: Path) -> dict[str, Any]:
    value = scope.value(body.get("Properties", {}), path, path)
    if value is NO_VALUE:
        return {}
    if isinstance(value, Symbol):
        return {"$properties": value}
    if not isinstance(value, dict):
        scope.fail(path, "Properties must be a mapping")
        return {}
    return value


def _dependencies(scope: Scope, declared: Any, path: Path) -> list[str]:
    """Return the resources that must come first; one that does not exist here is no dependency."""
    if scope.extended and not isinstance(declared, str):
        declared = scope.value(declared, path, path)
    names = declared if isinstance(declared, list) else [declared]
    kept = []
    for name in names:
        if not isinstance(name, str):
            scope.fail(path, "DependsOn takes the names of resources")
        elif name not in scope.resources and scope.strict and not may_hold(scope.modules, name):
            scope.fail(path, f"no resource is named {name}", "declare it, or correct the name")
        elif name not in scope.absent:
            kept.append(name)
    return kept


def evaluate_outputs(scope: Scope, declared: Mapping[str, Any], results: dict[str, Any]) -> None:
    """Put every output that exists into `results` as a mapping with Value, Description and Export."""
    for name, body in declared.items():
        path: Path = ("Outputs", name)
        if not isinstance(body, dict) or "Value" not in body:
            scope.fail(path, f"the output {name} has no Value", "give it a Value")
            continue
        exists = _exists(scope, body, path)
        if exists is False:
            continue
        fields = {key: item for key, item in body.items() if key != "Condition"}
        value = scope.value(fields, path, path)
        if "Value" not in value:
            scope.fail(
                (*path, "Value"), f"the output {name} comes to no value", "give it a Condition instead"
            )
            continue
        results[name] = value if exists is True else value | {"Condition": exists}
