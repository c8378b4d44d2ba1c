"""A small pure model of CloudFormation in one account and region: what an agent reads, and the events it sends.

`Cloud` answers the calls that an agent makes, as CloudFormation does: a deleted stack by its id alone.
"""
# ruff: noqa: N803 - the arguments are called as boto3 calls them

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

DEV, REGION = "111111111111", "us-east-1"
AGENT_BUS = "dev-control-agent"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TAGS = {"ManagedBy": "lockstep", "Environment": "dev", "Workload": "orders"}


def event(
    detail_type: str,
    detail: Any,
    *,
    time: datetime = START,
    source: str = "aws.cloudformation",
    event_id: str = "11111111-1111-4111-8111-111111111111",
    account: str = DEV,
    region: str = REGION,
) -> dict[str, Any]:
    return {
        "version": "0",
        "id": event_id,
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": f"{time:%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": [],
        "detail": detail,
    }


class Cloud:
    """The stacks of a region; every change moves the clock and yields CloudFormation's events."""

    def __init__(self) -> None:
        self.now = START
        self.stacks: dict[str, dict[str, Any]] = {}
        self.gone: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.templates: dict[str, str] = {}
        self._serial = 0

    # What happens to stacks.

    def create(self, name: str, version: str = "v1.0.0", *, fails: bool = False, **tags: str) -> None:
        self._serial += 1
        unique = f"{self._serial:08}-0000-4000-8000-000000000000"
        stack = {
            "StackId": f"arn:aws:cloudformation:{REGION}:{DEV}:stack/{name}/{unique}",
            "StackName": name,
            "CreationTime": self.tick(),
            "Tags": [],
            "Parameters": [{"ParameterKey": "NamePrefix", "ParameterValue": "dev-orders-"}],
        }
        self.stacks[name] = stack
        self._tag(name, {**TAGS, "Version": version, **tags})
        self.templates[stack["StackId"]] = f"Description: {name} {version}"
        self.become(name, "CREATE_IN_PROGRESS")
        for status in ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE") if fails else ("CREATE_COMPLETE",):
            self.become(name, status)

    def update(self, name: str, version: str, *, fails: bool = False) -> None:
        self.stacks[name]["LastUpdatedTime"] = self.tick()
        before = {tag["Key"]: tag["Value"] for tag in self.stacks[name]["Tags"]}
        self.become(name, "UPDATE_IN_PROGRESS")
        if fails:
            self.become(name, "UPDATE_ROLLBACK_IN_PROGRESS", "Resource handler returned message: no")
            self.become(name, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
            self.become(name, "UPDATE_ROLLBACK_COMPLETE")
        else:
            self._tag(name, {**before, "Version": version})
            self.templates[self.stacks[name]["StackId"]] = f"Description: {name} {version}"
            self.become(name, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            self.become(name, "UPDATE_COMPLETE")

    def delete(self, name: str) -> None:
        self.stacks[name]["DeletionTime"] = self.tick()
        self.become(name, "DELETE_IN_PROGRESS")
        self.become(name, "DELETE_COMPLETE")
        stack = self.stacks.pop(name)
        self.gone[stack["StackId"]] = stack

    def become(self, name: str, status: str, reason: str = "") -> None:
        stack = self.stacks[name]
        # Stacks are replaced, never changed: what an agent has read stays as it was.
        self.stacks[name] = {**stack, "StackStatus": status, "StackStatusReason": reason}
        at = self.tick()
        detail = {
            "stack-id": stack["StackId"],
            "status-details": {"status": status, "status-reason": reason},
            "client-request-token": "",
        }
        event_id = f"{len(self.events):08x}-0000-4000-8000-000000000000"
        self.events.append(event("CloudFormation Stack Status Change", detail, time=at, event_id=event_id))

    def tick(self, seconds: float = 1.5) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def clock(self) -> datetime:
        """What an agent's clock says: a moment passes with each look."""
        self.now += timedelta(milliseconds=1)
        return self.now

    def _tag(self, name: str, tags: dict[str, str]) -> None:
        self.stacks[name]["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items() if value]

    # What CloudFormation answers.

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:
        by_id = {stack["StackId"]: stack for stack in self.stacks.values()} | self.gone
        stack = self.stacks.get(StackName) or by_id.get(StackName)
        if stack is None:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        return {"Stacks": [dict(stack)]}

    def get_paginator(self, operation: str) -> Cloud:
        assert operation == "describe_stacks"
        return self

    def paginate(self) -> Iterator[dict[str, Any]]:
        for stack in self.stacks.values():
            yield {"Stacks": [dict(stack)]}

    def get_template(self, *, StackName: str, TemplateStage: str) -> dict[str, Any]:
        assert TemplateStage == "Original"
        return {"TemplateBody": self.templates[StackName]}


class Bus:
    """EventBridge in the region: what an agent puts comes out as events, with an envelope of its own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.bodies: list[str] = []
        self.refuses = 0

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:
        assert 1 <= len(Entries) <= 10
        assert {each["EventBusName"] for each in Entries} == {AGENT_BUS}, (
            "home hears the agent's own bus alone"
        )
        assert sum(len(each["Detail"]) for each in Entries) <= 256_000
        results: list[dict[str, str]] = []
        for each in Entries:
            if self.refuses:
                self.refuses -= 1
                results.append({"ErrorCode": "InternalFailure", "ErrorMessage": "injected"})
                continue
            event_id = f"a0000000-0000-4000-8000-{len(self.bodies):012x}"
            sent = event(
                each["DetailType"],
                json.loads(each["Detail"]),
                time=self.cloud.now,
                source=each["Source"],
                event_id=event_id,
            )
            self.bodies.append(json.dumps(sent))
            results.append({"EventId": event_id})
        return {"FailedEntryCount": sum("ErrorCode" in each for each in results), "Entries": results}
