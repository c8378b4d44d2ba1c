"""The dead letter queue of a subscription, for what its own queue refuses: by its policy, its key, or not being there.

https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
"""

from __future__ import annotations

import json
import logging
from typing import Any

from sandbox.extension import event_dead_letters
from sandbox.extension.claims import Extension, emulated
from sandbox.extension.event_dead_letters import queue_refusal
from sandbox.extension.names import Name, replace
from sandbox.extension.service_access import Caller

DELIVER = Name.function(
    "services.sns",
    "_deliver_to_sqs",
    "endpoint",
    "envelope",
    "raw",
    "raw_message",
    "message_group_id",
    "message_dedup_id",
    "message_attributes",
    "topic_arn",
)
TOPICS = Name("services.sns", "_topics")

_log = logging.getLogger("lockstep.sandbox")


def _dead_letter_queue(topic_arn: str, endpoint: str) -> str | None:
    """Return the dead letter queue of the topic's subscription for an endpoint."""
    topic = TOPICS.get().get(topic_arn) or {}
    for subscription in topic.get("subscriptions", ()):
        policy = subscription["attributes"].get("RedrivePolicy")
        if subscription["endpoint"] == endpoint and policy:
            found: str | None = json.loads(policy).get("deadLetterTargetArn")
            return found
    return None


def _redriving(original: Any) -> Any:
    def deliver(endpoint: str, *message: Any, topic_arn: str = "", **further: Any) -> None:
        parts = topic_arn.split(":")
        if len(parts) == 6 and endpoint.count(":") == 5:
            caller = Caller("sns.amazonaws.com", topic_arn, parts[4], parts[3])
            refusal = queue_refusal(endpoint, caller)
            if refusal is not None:
                dead = _dead_letter_queue(topic_arn, endpoint)
                if dead is None or queue_refusal(dead, caller) is not None:
                    _log.warning("a message of %s is lost: %s", topic_arn, refusal.message)
                    return
                endpoint = dead
        original(endpoint, *message, topic_arn=topic_arn, **further)

    return deliver


EXTENSION = Extension(
    name="sns_redrives",
    claims=(
        emulated(
            "AWS::SNS::Subscription RedrivePolicy",
            "takes what a queue refuses by its policy or its key; not what a function fails on",
        ),
    ),
    names=(*event_dead_letters.NAMES, DELIVER, TOPICS),
    install=lambda: replace(DELIVER, _redriving),
)
