"""The operations that change a StackSet, from the input of botocore's model to its output.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html and its neighbours
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.stack_sets import access, events, plan, registry, run, templates
from sandbox.stack_sets.records import Instance, Operation, RefusedError, Result, StackSet, Target

NAMES = (*registry.NAMES, *run.NAMES, *templates.NAMES)

Request = Mapping[str, Any]
Answer = dict[str, Any]

EXECUTION_ROLE = "AWSCloudFormationStackSetExecutionRole"
ADMINISTRATION_ROLE = "AWSCloudFormationStackSetAdministrationRole"


def _values(request: Request, name: str, before: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that a request gives, with those that it keeps."""
    return {
        one["ParameterKey"]: before.get(one["ParameterKey"], "")
        if one.get("UsePreviousValue")
        else one.get("ParameterValue", "")
        for one in request.get(name, ())
    }


def create_stack_set(request: Request) -> Answer:
    """CreateStackSet."""
    if request.get("PermissionModel", "SELF_MANAGED") != "SELF_MANAGED":
        raise RefusedError("ValidationError", "The sandbox has no organisation: only SELF_MANAGED")
    account = registry.ACCOUNT.get()()
    stack_set = StackSet(
        name=request["StackSetName"],
        uuid=str(uuid.uuid4()),
        account=account,
        region=registry.REGION.get()(),
        template=templates.given(request),
        administration_role=request.get("AdministrationRoleARN")
        or f"arn:aws:iam::{account}:role/{ADMINISTRATION_ROLE}",
        execution_role=request.get("ExecutionRoleName") or EXECUTION_ROLE,
        description=request.get("Description", ""),
        managed=request.get("ManagedExecution", {}).get("Active", False),
        parameters=_values(request, "Parameters", {}),
        capabilities=list(request.get("Capabilities", ())),
        tags={tag["Key"]: tag["Value"] for tag in request.get("Tags", ())},
    )
    if not stack_set.template:
        raise RefusedError("ValidationError", "Either TemplateBody or TemplateURL must be specified")
    templates.check(stack_set.template, stack_set.parameters, stack_set.capabilities)
    registry.add(stack_set)
    return {"StackSetId": stack_set.id}


def delete_stack_set(request: Request) -> Answer:
    """DeleteStackSet; one that is gone already is no error."""
    try:
        stack_set = registry.find(request["StackSetName"])
    except RefusedError:
        return {}
    if stack_set.running:
        raise _in_progress(stack_set)
    if stack_set.instances:
        raise RefusedError("StackSetNotEmptyException", "StackSet is not empty", 409)
    stack_set.status = "DELETED"
    return {}


def create_stack_instances(request: Request) -> Answer:
    """CreateStackInstances; where there is one already, it is brought up to date."""
    stack_set = registry.find(request["StackSetName"])
    targets = _targets(request)
    operation = _operation(stack_set, request, "CREATE", targets)
    for account, region in targets:
        if stack_set.instance((account, region)) is None:
            name = f"StackSet-{stack_set.name}-{uuid.uuid4()}"
            stack_set.instances.append(Instance(account, region, name))
    return _begin(stack_set, operation, overrides=_overrides(request))


def update_stack_instances(request: Request) -> Answer:
    """UpdateStackInstances: other parameter overrides; left out, there are none any more."""
    stack_set = registry.find(request["StackSetName"])
    targets = _existing(stack_set, _targets(request))
    operation = _operation(stack_set, request, "UPDATE", targets)
    return _begin(stack_set, operation, overrides=_overrides(request) or {})


def delete_stack_instances(request: Request) -> Answer:
    """DeleteStackInstances, with their stacks unless these are retained."""
    stack_set = registry.find(request["StackSetName"])
    operation = _operation(stack_set, request, "DELETE", _existing(stack_set, _targets(request)))
    operation.retain = request["RetainStacks"]
    return _begin(stack_set, operation)


def update_stack_set(request: Request) -> Answer:
    """UpdateStackSet: the named instances are brought up to date, or all; the others are OUTDATED."""
    stack_set = registry.find(request["StackSetName"])
    targets = [one.target for one in stack_set.instances]
    if request.get("Accounts") or request.get("Regions") or request.get("DeploymentTargets"):
        targets = _existing(stack_set, _targets(request))
    template = templates.given(request) or (stack_set.template if request.get("UsePreviousTemplate") else "")
    if not template:
        raise RefusedError("ValidationError", "Either TemplateBody, TemplateURL or UsePreviousTemplate")
    parameters = _values(request, "Parameters", stack_set.parameters)
    capabilities = list(request.get("Capabilities", ()))
    templates.check(template, parameters, capabilities)
    operation = _operation(stack_set, request, "UPDATE", targets)
    operation.whole_set = True
    operation.administration_role = request.get("AdministrationRoleARN") or stack_set.administration_role
    operation.execution_role = request.get("ExecutionRoleName") or stack_set.execution_role
    stack_set.template, stack_set.parameters, stack_set.capabilities = template, parameters, capabilities
    stack_set.administration_role = operation.administration_role
    stack_set.execution_role = operation.execution_role
    if "Tags" in request:
        stack_set.tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    if "ManagedExecution" in request:
        stack_set.managed = request["ManagedExecution"].get("Active", False)
    stack_set.description = request.get("Description", stack_set.description)
    for instance in stack_set.instances:
        if instance.status == "CURRENT":
            instance.status = "OUTDATED"
    return _begin(stack_set, operation)


def detect_stack_set_drift(request: Request) -> Answer:
    """DetectStackSetDrift."""
    stack_set = registry.find(request["StackSetName"])
    operation = _operation(stack_set, request, "DETECT_DRIFT", [one.target for one in stack_set.instances])
    operation.drift = {
        "DriftDetectionStatus": "IN_PROGRESS",
        "TotalStackInstancesCount": len(operation.results),
    }
    return _begin(stack_set, operation)


def stop_stack_set_operation(request: Request) -> Answer:
    """StopStackSetOperation: what runs ends, nothing new begins."""
    stack_set = registry.find(request["StackSetName"])
    operation = stack_set.operation(request["OperationId"])
    if operation.status not in ("RUNNING", "QUEUED"):
        raise RefusedError("InvalidOperationException", f"Operation {operation.id} is {operation.status}")
    operation.status = "STOPPING"
    events.operation_changed(stack_set, operation)
    return {}


def _targets(request: Request) -> list[Target]:
    """Return the places that a request names, region by region."""
    accounts = request.get("Accounts") or request.get("DeploymentTargets", {}).get("Accounts") or ()
    regions = request.get("Regions") or ()
    if not accounts or not regions:
        raise RefusedError("ValidationError", "Accounts and Regions must be specified")
    return [(account, region) for region in dict.fromkeys(regions) for account in dict.fromkeys(accounts)]


def _existing(stack_set: StackSet, targets: Sequence[Target]) -> list[Target]:
    for account, region in targets:
        if stack_set.instance((account, region)) is None:
            raise RefusedError(
                "StackInstanceNotFoundException",
                f"Stack instance not found for StackSet {stack_set.id}, account {account}, region {region}",
                404,
            )
    return list(targets)


def _overrides(request: Request) -> dict[str, str] | None:
    """Return the overrides of a request; None when it names none."""
    return _values(request, "ParameterOverrides", {}) if "ParameterOverrides" in request else None


def _in_progress(stack_set: StackSet) -> RefusedError:
    text = f"Another Operation on StackSet {stack_set.arn} is in progress: {stack_set.running[0].id}"
    return RefusedError("OperationInProgressException", text, 409)


def _operation(stack_set: StackSet, request: Request, action: str, targets: Sequence[Target]) -> Operation:
    """Return a new operation, not begun; `RefusedError` when it may not be."""
    preferences = dict(request.get("OperationPreferences", {}))
    if problem := plan.problem(preferences):
        raise RefusedError("ValidationError", problem)
    if any(one.id == request.get("OperationId") for one in stack_set.operations):
        text = f"Operation {request['OperationId']} already exists"
        raise RefusedError("OperationIdAlreadyExistsException", text, 409)
    if stack_set.running and not stack_set.managed:
        raise _in_progress(stack_set)
    if access.role_of(stack_set.administration_role) is None:
        raise RefusedError("ValidationError", f"Role {stack_set.administration_role} not found")
    return Operation(
        id=request.get("OperationId") or str(uuid.uuid4()),
        action=action,
        preferences=preferences,
        results=[Result(account, region) for account, region in targets],
        created_at=run.NOW.get()(),
        administration_role=stack_set.administration_role,
        execution_role=stack_set.execution_role,
    )


def _begin(stack_set: StackSet, operation: Operation, overrides: dict[str, str] | None = None) -> Answer:
    for result in operation.results:
        instance = stack_set.instance((result.account, result.region))
        if instance is None or operation.action == "DETECT_DRIFT":
            continue
        instance.detailed_status, instance.reason = "PENDING", ""
        if overrides is not None:
            instance.overrides = dict(overrides)
    run.begin(stack_set, operation)
    return {"OperationId": operation.id}
