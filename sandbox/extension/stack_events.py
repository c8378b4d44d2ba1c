"""The events of CloudFormation on EventBridge, on the default bus of the stack's own account and region.

An event is put once the current step of the stack is done, on the main loop: a stack never waits for a delivery.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/events-detail-reference.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-status-change.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-drift-detection-change.html
"""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Mapping
from typing import Any

from sandbox.extension.claims import Extension, absent, emulated
from sandbox.extension.names import Name, replace

ADD_EVENT = Name.function(
    "services.cloudformation.stacks",
    "_add_event",
    "stack_id",
    "stack_name",
    "logical_id",
    "resource_type",
    "status",
    "reason",
    "physical_id",
    "detailed_status",
)
TOKEN = Name("services.cloudformation.stacks", "CLIENT_REQUEST_TOKEN")
ACTIONS = Name("services.cloudformation.handlers", "_ACTION_HANDLERS")
RESOLVE_STACK = Name.function("services.cloudformation.handlers", "_resolve_stack", "stack_name")
PUT_EVENTS = Name.function("services.eventbridge", "_put_events", "data", "allow_aws_source")
PIN_ORIGIN = Name.function("core.iam_evaluator", "pin_request_origin", "source_ip", "secure_transport")
SCOPE = Name.function("core.responses", "request_scope", "account_id", "region")

_loop: asyncio.AbstractEventLoop | None = None


def publish(
    arn: str, detail_type: str, detail: Mapping[str, Any], source: str = "aws.cloudformation"
) -> None:
    """Put an event of a service about the resource `arn`, soon, in that resource's account and region."""
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": [arn],
    }

    def put() -> None:
        PIN_ORIGIN.get()("127.0.0.1", secure_transport=True)
        parts = arn.split(":")
        with SCOPE.get()(parts[4], parts[3]):
            PUT_EVENTS.get()({"Entries": [entry]}, allow_aws_source=True)

    _main_loop().call_soon_threadsafe(put, context=contextvars.Context())


def _main_loop() -> asyncio.AbstractEventLoop:
    """Return the loop that serves; a thread's work was started by it, so it is known by then."""
    global _loop  # noqa: PLW0603 - one process, one loop
    try:
        _loop = asyncio.get_running_loop()
    except RuntimeError:
        if _loop is None:
            raise
    return _loop


def _telling(original: Any) -> Any:
    def add(*values: Any, **named: Any) -> None:
        original(*values, **named)
        event = {**dict(zip(ADD_EVENT.parameters or (), values, strict=False)), **named}
        stack_id = event["stack_id"]
        if event["resource_type"] == "AWS::CloudFormation::Stack" and event.get("physical_id") == stack_id:
            status = {"status": event["status"], "status-reason": event.get("reason", "")}
            token = TOKEN.get().get()
            detail = {"stack-id": stack_id, "status-details": status, "client-request-token": token}
            publish(stack_id, "CloudFormation Stack Status Change", detail)

    return add


def _drift(stack_id: str, detection_id: str, drift: str, detection: str, count: int, token: str) -> None:
    detail = {
        "stack-id": stack_id,
        "stack-drift-detection-id": detection_id,
        "status-details": {"stack-drift-status": drift, "detection-status": detection},
        "drift-detection-details": {"drifted-stack-resource-count": count},
        "client-request-token": token,
    }
    publish(stack_id, "CloudFormation Drift Detection Status Change", detail)


def _detecting(original: Any) -> Any:
    """Tell the start and the end of a detection; ministack's is over when the call returns."""

    def detect(params: Any) -> Any:
        answer = original(params)
        stack = RESOLVE_STACK.get()((params.get("StackName") or [""])[0])
        if answer[0] != 200 or stack is None:
            return answer
        found = next(reversed(stack["_drift_detections"].values()))
        token = (params.get("ClientRequestToken") or [""])[0]
        identity = stack["StackId"], found["StackDriftDetectionId"]
        _drift(*identity, "UNKNOWN", "DETECTION_IN_PROGRESS", -1, token)
        drifted = int(found.get("DriftedStackResourceCount", 0))
        _drift(*identity, found["StackDriftStatus"], found["DetectionStatus"], drifted, token)
        return answer

    return detect


def _install() -> None:
    replace(ADD_EVENT, _telling)
    actions = ACTIONS.get()
    actions["DetectStackDrift"] = _detecting(actions["DetectStackDrift"])


EXTENSION = Extension(
    name="stack_events",
    claims=(
        emulated(
            "CloudFormation Stack Status Change",
            "on the default bus of the stack's account and region; UPDATE_COMPLETE_CLEANUP_IN_PROGRESS never comes",
        ),
        emulated(
            "CloudFormation Drift Detection Status Change",
            "start and end of each detection, which is over within its call",
        ),
        absent("CloudFormation Resource Status Change", "stacks are told, their resources are not"),
    ),
    names=(ADD_EVENT, TOKEN, ACTIONS, RESOLVE_STACK, PUT_EVENTS, PIN_ORIGIN, SCOPE),
    install=_install,
)
