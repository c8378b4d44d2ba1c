"""AWS::CloudFormation::StackSet: a StackSet and its instances as a resource of a stack (REQ-C10).

The resource is complete when its operations are, and fails with their reasons; ministack lets it run on a thread of
its own meanwhile.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace
from sandbox.extension.resources import (
    NAMES,
    Kind,
    Made,
    Properties,
    RefusedError,
    define,
    tag_map,
    truth,
    wanted,
)
from sandbox.stack_sets import records, registry, service

TYPE = "AWS::CloudFormation::StackSet"
LOOK_SECONDS = 0.02

THREADED = Name.function("services.cloudformation.stacks", "_runs_on_worker_thread", "resource_type")
SENT_BACK = Name.function("services.cloudformation.stacks", "_sends_back_failed_update", "resource_type")
LOOP = Name("app", "_MAIN_LOOP")

Call = Callable[[Mapping[str, Any]], dict[str, Any]]

_DEFINITION = (
    "Description",
    "TemplateBody",
    "TemplateURL",
    "Capabilities",
    "Tags",
    "AdministrationRoleARN",
    "ExecutionRoleName",
)


def _call(operation: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    """Call the API on the server's loop, in the scope of the stack; `RefusedError` when it refuses."""

    async def calling() -> dict[str, Any]:
        return operation(request)

    try:
        return asyncio.run_coroutine_threadsafe(calling(), LOOP.get()).result()
    except records.RefusedError as error:
        raise RefusedError(f"{error.message} (Service: CloudFormation, Error Code: {error.code})") from None


def _operate(operation: Call, stack_set: records.StackSet, request: Mapping[str, Any]) -> None:
    """Begin an operation once no other runs, and wait for its end; `RefusedError` with the reasons of a failure."""
    while stack_set.running:
        time.sleep(LOOK_SECONDS)
    began = stack_set.operation(_call(operation, {"StackSetName": stack_set.id, **request})["OperationId"])
    while began.is_running:
        time.sleep(LOOK_SECONDS)
    if began.status == "SUCCEEDED":
        return
    failed = [one for one in began.results if one.status == "FAILED"]
    reasons = "; ".join(f"{one.account} {one.region}: {one.reason}" for one in failed) or began.reason
    raise RefusedError(
        f"Stack set operation [{began.id}] was unexpectedly stopped or failed. status reason(s): [{reasons}]"
    )


def _definition(properties: Properties) -> dict[str, Any]:
    """Return the part of a request that says what each instance is."""
    found = wanted(properties, *_DEFINITION)
    found["Parameters"] = [
        {"ParameterKey": one["ParameterKey"], "ParameterValue": str(one["ParameterValue"])}
        for one in properties.get("Parameters", ())
    ]
    found["Tags"] = [
        {"Key": key, "Value": value}
        for key, value in tag_map(properties).items()
        if not key.startswith("aws:")  # those of the parent stack are its own
    ]
    if "ManagedExecution" in properties:
        found["ManagedExecution"] = {"Active": truth(properties["ManagedExecution"].get("Active"))}
    return found


def _preferences(properties: Properties) -> dict[str, Any]:
    given = properties.get("OperationPreferences") or {}
    numbers = {name: int(value) for name, value in given.items() if name.endswith(("Count", "Percentage"))}
    return {"OperationPreferences": {**given, **numbers}} if given else {}


Overrides = tuple[tuple[str, str], ...]


def _places(properties: Properties) -> dict[records.Target, Overrides]:
    """Return each account and region of the groups, with its parameter overrides."""
    found = {}
    for group in properties.get("StackInstancesGroup", ()):
        overrides = tuple(
            (str(one["ParameterKey"]), str(one["ParameterValue"]))
            for one in group.get("ParameterOverrides", ())
        )
        for region in group["Regions"]:
            for account in group["DeploymentTargets"].get("Accounts", ()):
                found[str(account), str(region)] = overrides
    return found


def _requests(places: Mapping[records.Target, Overrides]) -> list[dict[str, Any]]:
    """Return as few requests for these places as their regions and overrides allow."""
    regions: dict[tuple[tuple[str, ...], Overrides], list[str]] = {}
    for region in dict.fromkeys(region for _account, region in places):
        for overrides in dict.fromkeys(places.values()):
            accounts = tuple(one for one, at in places if at == region and places[one, at] == overrides)
            if accounts:
                regions.setdefault((accounts, overrides), []).append(region)
    return [
        {
            "Accounts": list(accounts),
            "Regions": names,
            "ParameterOverrides": [
                {"ParameterKey": key, "ParameterValue": value} for key, value in overrides
            ],
        }
        for (accounts, overrides), names in regions.items()
    ]


def _create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    name = properties["StackSetName"]
    made = _call(service.create_stack_set, {"StackSetName": name, **_definition(properties)})["StackSetId"]
    try:
        for request in _requests(_places(properties)):
            _operate(
                service.create_stack_instances, registry.find(made), {**request, **_preferences(properties)}
            )
    except RefusedError:
        with suppress(
            RefusedError
        ):  # what cannot be deleted is seen in the StackSet; the first reason is the cause
            _delete(made, properties)
        raise
    return made, {"StackSetId": made}


def _update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
    if any(old.get(name) != new.get(name) for name in ("StackSetName", "PermissionModel")):
        return _create(logical_id, new, stack_name)
    stack_set, preferences = registry.find(physical_id), _preferences(new)
    before = {one.target: tuple(one.overrides.items()) for one in stack_set.instances}
    after = _places(new)
    gone = {place: () for place in before if place not in after}
    for request in _requests(gone):
        _operate(service.delete_stack_instances, stack_set, {**request, **preferences, "RetainStacks": False})
    if _definition(old) != _definition(new) or any(one.status != "CURRENT" for one in stack_set.instances):
        _operate(service.update_stack_set, stack_set, {**_definition(new), **preferences})
    changed = {place: after[place] for place in after if place in before and before[place] != after[place]}
    for request in _requests(changed):
        _operate(service.update_stack_instances, stack_set, {**request, **preferences})
    for request in _requests({place: after[place] for place in after if place not in before}):
        _operate(service.create_stack_instances, stack_set, {**request, **preferences})
    return physical_id, {"StackSetId": physical_id}


def _delete(physical_id: str, properties: Properties) -> None:
    try:
        stack_set = registry.find(physical_id)
    except records.RefusedError:
        return
    if stack_set.status == "DELETED":
        return
    preferences = {**_preferences(properties), "RetainStacks": False}
    for request in _requests({one.target: () for one in stack_set.instances}):
        _operate(service.delete_stack_instances, stack_set, {**request, **preferences})
    _call(service.delete_stack_set, {"StackSetName": physical_id})


def _and_stack_sets(original: Any) -> Any:
    return lambda resource_type: resource_type == TYPE or original(resource_type)


def _install() -> None:
    define(TYPE, Kind(_create, _update, _delete), tags=True)
    replace(THREADED, _and_stack_sets)
    replace(SENT_BACK, _and_stack_sets)


EXTENSION = Extension(
    name="stack_set_resource",
    claims=(
        emulated(
            TYPE,
            "waits for its operations, fails with the instances' reasons; groups, overrides, preferences, tags",
        ),
    ),
    names=(*NAMES, *service.NAMES, THREADED, SENT_BACK, LOOP),
    install=_install,
)
