"""Reading one stack in the agent's own account and region (REQ-C2). The clients are passed in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.state.sequence import DELETED, operation_time
from validator.digest import live_digest

from .document import one_line
from .masking import masked
from .observation import REASON_LIMIT, Observation

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

Clock = Callable[[], datetime]
"""Tells the present time, aware of its zone."""

HIDDEN = "****"
"""What CloudFormation shows of a parameter with NoEcho."""

MANAGED_BY = "ManagedBy"
OURS = "lockstep"

_UNREADABLE = {"ValidationError", "AccessDenied", "AccessDeniedException"}


def is_ours(tags: Mapping[str, str]) -> bool:
    """Whether a stack's tags say that Lockstep manages it."""
    return tags.get(MANAGED_BY) == OURS


def tags_of(raw: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of a stack as DescribeStacks has it."""
    return {tag["Key"]: tag["Value"] for tag in raw.get("Tags", [])}


def describe(client: CloudFormationClient, stack: str) -> Mapping[str, Any] | None:
    """Return one stack by name or id, deleted ones by id alone; None where there is none."""
    from botocore.exceptions import ClientError

    try:
        return client.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise


def observation(raw: Mapping[str, Any], body: str | None, observed_at: datetime) -> Observation:
    """Return what DescribeStacks and GetTemplate say as an observation; `observed_at` is after both were read.

    The order matters: a census that began later and does not name the stack then proves that it is gone. Of a stack
    that is not ours no parameter leaves its account, of ours no secret does (REQ-P7).
    """
    tags = tags_of(raw)
    parameters = {each["ParameterKey"]: each.get("ParameterValue", "") for each in raw.get("Parameters", [])}
    shown = {key: _shown(key, value) for key, value in parameters.items()} if is_ours(tags) else {}
    return Observation(
        stack_id=raw["StackId"],
        name=raw["StackName"],
        status=raw["StackStatus"],
        reason=one_line(raw.get("StackStatusReason", ""), REASON_LIMIT),
        operation_at=operation_time(raw["CreationTime"], raw.get("LastUpdatedTime"), raw.get("DeletionTime")),
        created_at=raw["CreationTime"],
        observed_at=observed_at,
        tags=tags,
        parameters=shown,
        template_digest=None if body is None else "sha256:" + hashlib.sha256(body.encode()).hexdigest(),
        digest=None if body is None else live_digest(body, parameters, tags),
    )


def _shown(key: str, value: str) -> str:
    """Return a parameter's value, or what CloudFormation shows of one with NoEcho where it looks like a secret."""
    return value if masked(f"/{key}", value) == value else HIDDEN


def template(client: CloudFormationClient, raw: Mapping[str, Any]) -> str | None:
    """Return a stack's template as it was sent; None for a deleted stack, and where it may not be read."""
    from botocore.exceptions import ClientError

    if raw["StackStatus"] == DELETED:
        return None
    try:
        answer = client.get_template(StackName=raw["StackId"], TemplateStage="Original")
    except ClientError as error:
        if error.response["Error"]["Code"] in _UNREADABLE:
            return None
        raise
    body: Any = answer["TemplateBody"]
    return body if isinstance(body, str) else json.dumps(body)


def observe(client: CloudFormationClient, stack_id: str, clock: Clock) -> Observation | None:
    """Read one stack with its template. None where CloudFormation knows none of that id.

    Raises botocore's errors, throttling among them: the caller's queue delivers again.
    """
    raw = describe(client, stack_id)
    if raw is None:
        return None
    body = template(client, raw)
    return observation(raw, body, clock())
