"""The dead letter queue of a rule's or a schedule's target.

An event that the target refuses for good goes there, with the reason in the message's attributes.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import contextvars
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.extension.names import Name
from sandbox.extension.service_access import NAMES as ACCESS_NAMES
from sandbox.extension.service_access import Caller, key_admits, policy_admits

QUEUE = Name.function("services.sqs", "_queue_by_arn", "arn")
SEND = Name.function("services.sqs", "_act_send_message", "data", "qurl")
SCOPE = Name.function("core.responses", "request_scope", "account_id", "region")
PIN_ORIGIN = Name.function("core.iam_evaluator", "pin_request_origin", "source_ip", "secure_transport")

NAMES = (*ACCESS_NAMES, QUEUE, SEND, SCOPE, PIN_ORIGIN)

_log = logging.getLogger("lockstep.sandbox")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event cannot be delivered, in the words of EventBridge's attributes."""

    code: str
    message: str


def queue_refusal(queue_arn: str, caller: Caller) -> Refusal | None:
    """Return why the service cannot send to a queue: not there, its policy, its key; None when it can."""
    queue = QUEUE.get()(queue_arn)
    if queue is None:
        return Refusal("NO_RESOURCE", f"The queue {queue_arn} does not exist")
    attributes = queue["attributes"]
    if not policy_admits(attributes.get("Policy"), caller, "sqs:SendMessage", queue_arn):
        return Refusal("NO_PERMISSIONS", f"The policy of {queue_arn} does not allow {caller.service}")
    key = attributes.get("KmsMasterKeyId")
    with SCOPE.get()(*_owner(queue_arn)):
        if key and not key_admits(str(key), caller, queue_arn):
            return Refusal("NO_PERMISSIONS", f"The key of {queue_arn} does not allow {caller.service}")
    return None


def _owner(arn: str) -> tuple[str, str]:
    """Return the account and the region of an ARN."""
    parts = arn.split(":")
    return parts[4], parts[3]


def bury(target: Mapping[str, Any], event: Mapping[str, Any], caller: Caller, refusal: Refusal) -> None:
    """Send an event that was refused to the target's dead letter queue; without one it is lost, and logged."""
    arn = str((target.get("DeadLetterConfig") or {}).get("Arn") or "")
    unreachable = queue_refusal(arn, caller) if arn else None
    if not arn or unreachable is not None:
        _log.warning(
            "event %s of %s is lost: %s %s", event.get("id"), caller.source_arn, refusal, unreachable
        )
        return
    attributes = {
        "ERROR_CODE": refusal.code,
        "ERROR_MESSAGE": refusal.message,
        "RULE_ARN": caller.source_arn,
        "TARGET_ARN": target["Arn"],
        "RETRY_ATTEMPTS": "0",  # a refusal is never tried again
    }
    message = {
        "QueueUrl": QUEUE.get()(arn)["url"],
        "MessageBody": json.dumps(event),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }

    def send() -> None:
        PIN_ORIGIN.get()("127.0.0.1", secure_transport=True)
        with SCOPE.get()(*_owner(arn)):
            SEND.get()(message, message["QueueUrl"])

    contextvars.Context().run(send)  # as the queue's owner: whoever put the event has no part in this
