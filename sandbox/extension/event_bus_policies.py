"""The statements of an event bus's policy, as a resource and by PutPermission, and what they mean for PutEvents.

ministack never asks the policy of the bus. On AWS it has to allow callers of other accounts, and what it denies is
denied in its own account too.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-eventbuspolicy.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace
from sandbox.extension.resources import NAMES, Kind, Made, Properties, RefusedError, accepted, define, wanted

PUT = Name.function("services.eventbridge", "_put_permission", "data")
REMOVE = Name.function("services.eventbridge", "_remove_permission", "data")
BUSES = Name("services.eventbridge", "_event_buses")
POLICIES = Name("services.eventbridge", "_event_bus_policies")
DEFAULT_BUS = Name.function("services.eventbridge", "_ensure_default_bus")
RESOURCE_POLICY = Name.function("core.iam_evaluator", "_resource_policy", "service", "resource_arn")
ERROR = Name.function(
    "core.responses",
    "error_response_json",
    "code",
    "message",
    "status",
    "extra",
    "message_key",
    "content_type",
)


def _bus(properties: Properties) -> str:
    name = str(properties.get("EventBusName", "default"))
    DEFAULT_BUS.get()()
    if name not in BUSES.get():
        raise RefusedError(f"Event bus {name} does not exist. (Service: EventBridge, Status Code: 400)")
    return name


def _create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    bus, statement_id = _bus(properties), str(properties["StatementId"])
    if "Statement" in properties:
        policy = POLICIES.get().setdefault(bus, {"Version": "2012-10-17", "Statement": []})
        others = [one for one in policy["Statement"] if one.get("Sid") != statement_id]
        policy["Statement"] = [*others, {**properties["Statement"], "Sid": statement_id}]
    else:
        request = wanted(properties, "Action", "Principal", "Condition")
        accepted(PUT.get()({**request, "EventBusName": bus, "StatementId": statement_id}))
    return f"{bus}|{statement_id}", {}


def _update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
    return _create(logical_id, new, stack_name)


def _delete(physical_id: str, properties: Properties) -> None:
    bus, _, statement_id = physical_id.partition("|")
    REMOVE.get()({"EventBusName": bus, "StatementId": statement_id})


def _whole_policies(original: Any) -> Any:
    """Take the parameter Policy, which ministack ignores, and refuse a bus that does not exist.

    An account's number becomes the ARN of its root, as a policy names an account.
    """

    def put(data: Any) -> Any:
        bus = data.get("EventBusName", "default")
        if bus not in BUSES.get():
            return ERROR.get()("ResourceNotFoundException", f"Event bus {bus} does not exist.", 400)
        if not data.get("Policy"):
            principal = str(data.get("Principal", "*"))
            named = {"AWS": f"arn:aws:iam::{principal}:root"} if principal.isdigit() else principal
            return original({**data, "Principal": named})
        POLICIES.get()[bus] = json.loads(data["Policy"])
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, b"{}"

    return put


def _present(original: Any) -> Any:
    """Refuse to remove a statement that is not there."""

    def remove(data: Any) -> Any:
        policy = POLICIES.get().get(data.get("EventBusName", "default")) or {"Statement": []}
        there = [one.get("Sid") for one in policy["Statement"]]
        if not data.get("RemoveAllPermissions") and data.get("StatementId") not in there:
            text = "Statement with the provided id does not exist."
            return ERROR.get()("ResourceNotFoundException", text, 400)
        return original(data)

    return remove


def _with_buses(original: Any) -> Any:
    """Give the policy of a bus and its account where ministack asks for those of the resource of a request."""

    def policy_of(service: str, resource_arn: str) -> Any:
        if service not in ("events", "eventbridge") or ":event-bus/" not in resource_arn:
            return original(service, resource_arn)
        _, _, _, region, account, resource = resource_arn.split(":", 5)
        return POLICIES.get().get_scoped(account, region, resource.partition("/")[2]), account

    return policy_of


def _install() -> None:
    replace(RESOURCE_POLICY, _with_buses)
    replace(PUT, _whole_policies)
    replace(REMOVE, _present)
    define("AWS::Events::EventBusPolicy", Kind(_create, _update, _delete))


EXTENSION = Extension(
    name="event_bus_policies",
    claims=(
        emulated(
            "AWS::Events::EventBusPolicy",
            "evaluated for PutEvents and for events of rules; what it denies also in its own account",
        ),
    ),
    names=(*NAMES, PUT, REMOVE, BUSES, POLICIES, DEFAULT_BUS, RESOURCE_POLICY, ERROR),
    install=_install,
)
