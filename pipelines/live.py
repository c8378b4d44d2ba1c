"""What is deployed: reading live stacks from CloudFormation. The only code that does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from validator.digest import live_digest

if TYPE_CHECKING:
    from pipelines.aws import Aws

SSM_BATCH = 10
"""GetParameters takes ten names (Systems Manager API reference)."""


@dataclass(frozen=True, slots=True)
class LiveStack:
    """A stack as CloudFormation has it. `body` is None until the template was read as well."""

    name: str
    stack_id: str
    status: str
    reason: str
    parameters: Mapping[str, str]
    resolved: Mapping[str, str]
    tags: Mapping[str, str]
    outputs: Mapping[str, str]
    changed_at: datetime
    body: str | None = None

    @property
    def digest(self) -> str:
        """The digest to compare with a rendered stack's; read the template first."""
        if self.body is None:
            raise ValueError(f"the template of {self.name} was not read")
        return live_digest(self.body, self.parameters, self.tags)

    @property
    def stands(self) -> bool:
        """Whether the stack is whole: as its last success left it, also where a later update was rolled back."""
        return self.is_complete or self.status == "UPDATE_ROLLBACK_COMPLETE"

    @property
    def is_complete(self) -> bool:
        """Whether the last operation succeeded; a rolled back update stands, but is no success."""
        return self.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}


def _live(raw: Mapping[str, Any], body: str | None = None) -> LiveStack:
    return LiveStack(
        name=raw["StackName"],
        stack_id=raw["StackId"],
        status=raw["StackStatus"],
        reason=raw.get("StackStatusReason", ""),
        parameters={p["ParameterKey"]: p.get("ParameterValue", "") for p in raw.get("Parameters", [])},
        resolved={
            p["ParameterKey"]: p["ResolvedValue"] for p in raw.get("Parameters", []) if "ResolvedValue" in p
        },
        tags={t["Key"]: t["Value"] for t in raw.get("Tags", [])},
        outputs={o["OutputKey"]: o["OutputValue"] for o in raw.get("Outputs", [])},
        changed_at=raw.get("LastUpdatedTime") or raw["CreationTime"],
        body=body,
    )


def read_stack(aws: Aws, name: str) -> LiveStack | None:
    """Return one live stack with its template, or None where there is none."""
    from botocore.exceptions import ClientError

    client = aws.client("cloudformation")
    try:
        raw = client.describe_stacks(StackName=name)["Stacks"][0]
        return _live(raw, _template(client, name))
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise


def read_stacks(aws: Aws, names: Iterable[str], *, templates: bool) -> dict[str, LiveStack]:
    """Return the live stacks among `names`, by name; one list call, then the templates side by side."""
    client, wanted = aws.client("cloudformation"), set(names)
    raws = [raw for raw in _all(client) if raw["StackName"] in wanted]
    if not templates:
        return {raw["StackName"]: _live(raw) for raw in raws}
    with ThreadPoolExecutor(max_workers=8) as pool:
        bodies = pool.map(lambda raw: _template(client, raw["StackName"]), raws)
        return {raw["StackName"]: _live(raw, body) for raw, body in zip(raws, bodies, strict=True)}


def all_stacks(aws: Aws) -> Iterator[LiveStack]:
    """Yield every live stack of a region that is not deleted, without its template."""
    yield from map(_live, _all(aws.client("cloudformation")))


def _all(client: Any) -> Iterator[Mapping[str, Any]]:
    yield from (raw for page in client.get_paginator("describe_stacks").paginate() for raw in page["Stacks"])


def _template(client: Any, name: str) -> str:
    body = client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    return body if isinstance(body, str) else json.dumps(body)


def read_parameters(aws: Aws, names: Iterable[str]) -> dict[str, str]:
    """Return the values in Parameter Store of those of `names` that exist."""
    client, ordered = aws.client("ssm"), sorted(set(names))
    found: dict[str, str] = {}
    for start in range(0, len(ordered), SSM_BATCH):
        answer = client.get_parameters(Names=ordered[start : start + SSM_BATCH])
        found |= {item["Name"]: item["Value"] for item in answer["Parameters"]}
    return found


def failure_reason(aws: Aws, stack_id: str, since: datetime) -> str:
    """Return the first cause in a stack's events: the resource that failed by itself, with its reason."""
    pages = aws.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack_id)
    failed = [
        event
        for page in pages
        for event in page["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED") and event["Timestamp"] >= since
    ]
    own = [e for e in failed if "cancelled" not in e.get("ResourceStatusReason", "").lower()] or failed
    if not own:
        return ""
    first = min(own, key=lambda event: event["Timestamp"])
    reason = first.get("ResourceStatusReason", "no reason given")
    if first["ResourceType"] == "AWS::CloudFormation::Stack":
        return _validation_reason(aws, stack_id, since) or str(reason)
    return f"{first['LogicalResourceId']} ({first['ResourceType']}): {reason}"


def _validation_reason(aws: Aws, stack_id: str, since: datetime) -> str:
    """Return what CloudFormation's own validation found before it touched any resource; empty where it found nothing.

    Source: CloudFormation API reference, DescribeEvents (events of type VALIDATION_ERROR).
    """
    from botocore.exceptions import ClientError

    try:
        events = aws.client("cloudformation").describe_events(StackName=stack_id)["OperationEvents"]
    except ClientError:
        return ""
    found = [
        f"{event.get('LogicalResourceId', 'the template')} ({event.get('ResourceType', 'no type')}): "
        f"{event['ValidationStatusReason']}"
        for event in events
        if event.get("ValidationStatus") == "FAILED" and event["Timestamp"] >= since
    ]
    return "; ".join(dict.fromkeys(found))


def read_physical_ids(aws: Aws, name: str) -> dict[str, str]:
    """Return the physical id of each resource of a live stack by logical id; empty where there is no stack."""
    from botocore.exceptions import ClientError

    try:
        pages = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
        resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return {}
        raise
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources if r.get("PhysicalResourceId")}
