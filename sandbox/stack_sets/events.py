"""StackSet events on the default bus of the administrator's account and region.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stackset-operation-status-change.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stackset-stack-instance-status-change.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.extension.names import Name
from sandbox.stack_sets.records import Instance, Operation, StackSet

PUT_EVENTS = Name.function("services.eventbridge", "_put_events", "data", "allow_aws_source")
SCOPE = Name.function("core.responses", "request_scope", "account_id", "region")

NAMES = (PUT_EVENTS, SCOPE)


def operation_changed(stack_set: StackSet, operation: Operation) -> None:
    """Say which status an operation has now."""
    detail = {
        "stack-set-arn": stack_set.arn,
        "stack-set-operation-id": operation.id,
        "status-details": {"status": operation.status},
    }
    _put(stack_set, "CloudFormation StackSet Operation Status Change", detail)


def instance_changed(stack_set: StackSet, operation: Operation, instance: Instance) -> None:
    """Say which status an instance has now."""
    detail = {
        "stack-set-arn": stack_set.arn,
        "stack-id": instance.stack_id,
        "action": operation.action,
        "status-details": {
            "status": instance.status,
            "status-reason": instance.reason,
            "detailed-status": instance.detailed_status,
        },
    }
    _put(stack_set, "CloudFormation StackSet StackInstance Status Change", detail)


def _put(stack_set: StackSet, detail_type: str, detail: Mapping[str, Any]) -> None:
    entry = {
        "Source": "aws.cloudformation",
        "DetailType": detail_type,
        "Resources": [stack_set.arn],
        "Detail": json.dumps(detail),
    }
    with SCOPE.get()(stack_set.account, stack_set.region):
        PUT_EVENTS.get()({"Entries": [entry]}, allow_aws_source=True)
