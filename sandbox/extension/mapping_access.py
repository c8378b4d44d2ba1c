"""What an event source mapping needs of its function's role to read the queue or the stream.

ministack reads as nobody. AWS reads as the function's role: without these actions no message arrives.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace
from sandbox.extension.policies import BOUNDARY, CONTEXT, EVALUATE, OF_ROLES, ROLE_POLICIES, ROLES

MAPPINGS = Name.function("services.lambda_svc", "_iter_all_esms")
FUNCTION = Name.function("services.lambda_svc", "_get_func_record_for_qualifier", "name", "qualifier")
ARN = Name.function("services.lambda_svc", "_esm_arn", "esm_id")
SCOPE = Name.function("core.responses", "request_scope", "account_id", "region")

ACTIONS = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "dynamodb": ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
}
"""What Lambda does by source, on the source itself; `dynamodb:ListStreams` is asked for `*` on AWS and not here."""

ASK_SECONDS = 2.0
"""How long an answer holds, since a mapping is looked at many times a second."""

_answers: dict[str, tuple[float, str]] = {}


def _denied(account: str, region: str, mapping: Any) -> str:
    """Return the action that the function's role lacks; empty when it may read."""
    source = str(mapping.get("EventSourceArn", ""))
    actions = ACTIONS.get(source.split(":")[2] if source.count(":") > 2 else "", ())
    function, config = FUNCTION.get()(mapping["FunctionName"], mapping.get("Qualifier"))
    role = str((config or {}).get("Role", ""))
    if function is None or not actions or role.count(":") != 5:
        return ""
    owner, name = role.split(":")[4], role.rpartition("/")[2]
    policies = ROLE_POLICIES.get()(name, owner)
    limits = BOUNDARY.get()(ROLES.get(), name, owner)
    lacking = [
        action
        for action in actions
        if EVALUATE.get()(
            CONTEXT.get()(
                principal_arn=f"arn:aws:sts::{owner}:assumed-role/{name}/{mapping['FunctionName']}",
                principal_type="AssumedRole",
                principal_account=account,
                action=action,
                resource_arn=source,
                region=region,
                service_context={"aws:sourcearn": ARN.get()(mapping["UUID"])},
            ),
            policies,
            *limits,
        ).decision
        != "Allow"
    ]
    return next(iter(lacking), "")


def _may_read(account: str, region: str, mapping: Any) -> bool:
    asked, action = _answers.get(mapping["UUID"], (0.0, ""))
    if time.monotonic() - asked > ASK_SECONDS:
        with SCOPE.get()(account, region):
            action = _denied(account, region, mapping)
        _answers[mapping["UUID"]] = (time.monotonic(), action)
        if action:
            mapping["LastProcessingResult"] = f"PROBLEM: the function's role is not allowed {action}"
    return not action


def _asking(original: Any) -> Any:
    def mappings() -> Iterator[Any]:
        for account, region, mapping in original():
            if not mapping.get("Enabled", True) or _may_read(account, region, mapping):
                yield account, region, mapping

    return mappings


EXTENSION = Extension(
    name="mapping_access",
    claims=(
        emulated(
            "AWS::Lambda::EventSourceMapping: the function's role",
            "has to allow reading the queue or the stream; without that nothing arrives, and the mapping says so",
        ),
    ),
    names=(MAPPINGS, FUNCTION, ARN, SCOPE, *OF_ROLES),
    install=lambda: replace(MAPPINGS, _asking),
)
