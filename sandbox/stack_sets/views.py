"""The operations that show StackSets, their instances and operations, from botocore's input to its output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.stack_sets import registry
from sandbox.stack_sets.records import Instance, Operation, RefusedError, StackSet

Request = Mapping[str, Any]
Answer = dict[str, Any]

PAGE = 100


def _page(items: Sequence[Any], request: Request, name: str) -> Answer:
    """Return the page that a request asks for, under a name."""
    token = request.get("NextToken", "0")
    if not token.isdigit():
        raise RefusedError("ValidationError", "Invalid NextToken")
    start, size = int(token), request.get("MaxResults", PAGE)
    end = start + size
    return {name: items[start:end], "NextToken": str(end) if end < len(items) else None}


def _pairs(parameters: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


def _summary(stack_set: StackSet) -> Answer:
    return {
        "StackSetName": stack_set.name,
        "StackSetId": stack_set.id,
        "Description": stack_set.description,
        "Status": stack_set.status,
        "PermissionModel": "SELF_MANAGED",
        "ManagedExecution": {"Active": stack_set.managed},
    }


def describe_stack_set(request: Request) -> Answer:
    """DescribeStackSet."""
    stack_set = registry.find(request["StackSetName"])
    return {
        "StackSet": {
            **_summary(stack_set),
            "StackSetARN": stack_set.arn,
            "TemplateBody": stack_set.template,
            "Parameters": _pairs(stack_set.parameters),
            "Capabilities": stack_set.capabilities,
            "Tags": [{"Key": key, "Value": value} for key, value in stack_set.tags.items()],
            "AdministrationRoleARN": stack_set.administration_role,
            "ExecutionRoleName": stack_set.execution_role,
            "StackSetDriftDetectionDetails": stack_set.drift or {"DriftStatus": "NOT_CHECKED"},
            "OrganizationalUnitIds": [],
            "Regions": list(dict.fromkeys(one.region for one in stack_set.instances)),
        }
    }


def list_stack_sets(request: Request) -> Answer:
    """ListStackSets."""
    found = [one for one in registry.here() if one.status == request.get("Status", one.status)]
    return _page([_drift_summary(one) for one in found], request, "Summaries")


def _drift_summary(stack_set: StackSet) -> Answer:
    drift = stack_set.drift
    return {
        **_summary(stack_set),
        "DriftStatus": drift.get("DriftStatus", "NOT_CHECKED"),
        "LastDriftCheckTimestamp": drift.get("LastDriftCheckTimestamp"),
    }


def _instance(stack_set: StackSet, instance: Instance) -> Answer:
    return {
        "StackSetId": stack_set.id,
        "Region": instance.region,
        "Account": instance.account,
        "StackId": instance.stack_id,
        "Status": instance.status,
        "StatusReason": instance.reason,
        "StackInstanceStatus": {"DetailedStatus": instance.detailed_status},
        "DriftStatus": instance.drift_status,
        "LastDriftCheckTimestamp": instance.drift_checked_at,
        "LastOperationId": instance.last_operation,
    }


def describe_stack_instance(request: Request) -> Answer:
    """DescribeStackInstance."""
    stack_set = registry.find(request["StackSetName"])
    account, region = request["StackInstanceAccount"], request["StackInstanceRegion"]
    instance = stack_set.instance((account, region))
    if instance is None:
        text = f"Stack instance not found for StackSet {stack_set.id}, account {account}, region {region}"
        raise RefusedError("StackInstanceNotFoundException", text, 404)
    overrides = {"ParameterOverrides": _pairs(instance.overrides)}
    return {"StackInstance": {**_instance(stack_set, instance), **overrides}}


_FILTERS = {
    "DETAILED_STATUS": lambda instance: instance.detailed_status,
    "LAST_OPERATION_ID": lambda instance: instance.last_operation,
    "DRIFT_STATUS": lambda instance: instance.drift_status,
}


def list_stack_instances(request: Request) -> Answer:
    """ListStackInstances."""
    stack_set = registry.find(request["StackSetName"])
    found = [
        one
        for one in stack_set.instances
        if one.account == request.get("StackInstanceAccount", one.account)
        and one.region == request.get("StackInstanceRegion", one.region)
        and all(_FILTERS[by["Name"]](one) in by["Values"].split(",") for by in request.get("Filters", ()))
    ]
    return _page([_instance(stack_set, one) for one in found], request, "Summaries")


def list_stack_set_auto_deployment_targets(request: Request) -> Answer:
    """ListStackSetAutoDeploymentTargets: none, since these belong to an organisation."""
    registry.find(request["StackSetName"])
    return {"Summaries": []}


def _operation(operation: Operation) -> Answer:
    failed = sum(result.status == "FAILED" for result in operation.results)
    return {
        "OperationId": operation.id,
        "Action": operation.action,
        "Status": operation.status,
        "CreationTimestamp": operation.created_at,
        "EndTimestamp": operation.ended_at,
        "StatusReason": operation.reason,
        "StatusDetails": {"FailedStackInstancesCount": failed},
        "OperationPreferences": operation.preferences,
    }


def describe_stack_set_operation(request: Request) -> Answer:
    """DescribeStackSetOperation."""
    stack_set = registry.find(request["StackSetName"])
    operation = stack_set.operation(request["OperationId"])
    found = {
        **_operation(operation),
        "StackSetId": stack_set.id,
        "RetainStacks": operation.retain,
        "AdministrationRoleARN": operation.administration_role,
        "ExecutionRoleName": operation.execution_role,
        "StackSetDriftDetectionDetails": operation.drift or None,
    }
    return {"StackSetOperation": found}


def list_stack_set_operations(request: Request) -> Answer:
    """ListStackSetOperations, the newest first."""
    found = reversed(registry.find(request["StackSetName"]).operations)
    return _page([_operation(one) for one in found], request, "Summaries")


def list_stack_set_operation_results(request: Request) -> Answer:
    """ListStackSetOperationResults."""
    operation = registry.find(request["StackSetName"]).operation(request["OperationId"])
    wanted = [by["Values"] for by in request.get("Filters", ()) if by["Name"] == "OPERATION_RESULT_STATUS"]
    found = [
        {
            "Account": one.account,
            "Region": one.region,
            "Status": one.status,
            "StatusReason": one.reason,
            "AccountGateResult": {"Status": "SKIPPED", "StatusReason": "Function not found"},
        }
        for one in operation.results
        if all(one.status in values.split(",") for values in wanted)
    ]
    return _page(found, request, "Summaries")
