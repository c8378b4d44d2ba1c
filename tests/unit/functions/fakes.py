"""In-memory DynamoDB, SQS and S3: just the calls that the functions make, with AWS's semantics.

`test_fakes.py` holds them against a real implementation. Every call passes `wire` twice, before and after its
effect, where a test can crash the caller or let another one run. Expressions are evaluated, not recognised, so
that a write without its condition really overwrites.
"""
# ruff: noqa: N803 - the arguments are called as boto3 calls them

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from functions.orders.archive import OrderArchive
from functions.orders.intake import Intake
from functions.orders.processing import Processing
from functions.orders.queue import OrderQueue
from functions.orders.store import OrderStore

Wire = Callable[[str], None]
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class CrashError(Exception):
    """The caller's process ended here."""


def refused(operation: str, code: str, **extra: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}, **extra}, operation)


class FakeDynamoDB:
    def __init__(self, wire: Wire) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.writes = 0
        self._wire = wire

    def put_item(self, *, TableName: str, Item: dict[str, Any], **condition: Any) -> dict[str, Any]:
        return self._write("PutItem", Item["order_id"]["S"], lambda _old: copy.deepcopy(Item), condition)

    def update_item(
        self, *, TableName: str, Key: dict[str, Any], UpdateExpression: str, **condition: Any
    ) -> dict[str, Any]:
        def updated(old: dict[str, Any]) -> dict[str, Any]:
            assignments = re.findall(r"([#\w]+) = (:\w+)", UpdateExpression.removeprefix("SET "))
            names = condition.get("ExpressionAttributeNames", {})
            values = condition["ExpressionAttributeValues"]
            return {**old, **Key, **{names.get(name, name): values[value] for name, value in assignments}}

        return self._write("UpdateItem", Key["order_id"]["S"], updated, condition)

    def get_item(self, *, TableName: str, Key: dict[str, Any], ConsistentRead: bool) -> dict[str, Any]:
        assert ConsistentRead, "an eventual read could miss the order that a message names"
        self._wire("before GetItem")
        item = copy.deepcopy(self.items.get(Key["order_id"]["S"]))
        self._wire("after GetItem")
        return {"Item": item} if item else {}

    def _write(
        self,
        operation: str,
        key: str,
        change: Callable[[dict[str, Any]], dict[str, Any]],
        request: dict[str, Any],
    ) -> dict[str, Any]:
        self._wire(f"before {operation}")
        old = self.items.get(key)
        if not holds(request.get("ConditionExpression"), old or {}, request):
            wanted = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old
            raise refused(
                operation,
                "ConditionalCheckFailedException",
                **({"Item": copy.deepcopy(old)} if wanted else {}),
            )
        self.items[key] = change(old or {})
        self.writes += 1
        self._wire(f"after {operation}")
        return {}


def holds(expression: str | None, item: dict[str, Any], request: dict[str, Any]) -> bool:
    """Evaluate the two forms of condition that the store uses; any other form is an error of the test."""
    if expression is None:
        return True
    if match := re.fullmatch(r"attribute_not_exists\((\w+)\)", expression):
        return match[1] not in item
    if match := re.fullmatch(r"(#\w+) = (:\w+)", expression):
        name = request["ExpressionAttributeNames"][match[1]]
        return item.get(name) == request["ExpressionAttributeValues"][match[2]]
    raise NotImplementedError(expression)


class FakeSQS:
    def __init__(self, wire: Wire) -> None:
        self.bodies: list[str] = []
        self.returned: list[str] = []
        self._wire = wire

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        self._wire("before ChangeMessageVisibility")
        assert VisibilityTimeout == 0
        self.returned.append(ReceiptHandle)

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> dict[str, Any]:
        self._wire("before SendMessage")
        self.bodies.append(MessageBody)
        self._wire("after SendMessage")
        return {"MessageId": str(len(self.bodies))}


class FakeS3:
    """A versioned bucket: every write of a key adds a version."""

    def __init__(self, wire: Wire) -> None:
        self.versions: dict[str, list[bytes]] = {}
        self._wire = wire

    def put_object(
        self, *, Bucket: str, Key: str, Body: bytes, ContentType: str, IfNoneMatch: str | None = None
    ) -> dict[str, Any]:
        self._wire("before PutObject")
        if IfNoneMatch == "*" and Key in self.versions:
            raise refused("PutObject", "PreconditionFailed")
        self.versions.setdefault(Key, []).append(Body)
        self._wire("after PutObject")
        return {}


class World:
    """One environment in memory, with a clock that moves a second at each look."""

    def __init__(self, wire: Wire = lambda _point: None) -> None:
        self.dynamodb, self.sqs, self.s3 = FakeDynamoDB(wire), FakeSQS(wire), FakeS3(wire)
        self._moments = 0
        store = OrderStore(self.dynamodb, "orders")
        self.intake = Intake(store, OrderQueue(self.sqs, "queue"), self.clock)
        self.processing = Processing(store, OrderArchive(self.s3, "trades"), self.clock)

    def clock(self) -> datetime:
        moment = START + timedelta(seconds=self._moments)
        self._moments += 1
        return moment


def order(**changes: Any) -> dict[str, Any]:
    """Return a valid order document; a change to None leaves the field out."""
    document = {
        "client_order_id": "desk7-000123",
        "account": "ACC-1001",
        "symbol": "ACME",
        "side": "BUY",
        "type": "LIMIT",
        "quantity": "100",
        "limit_price": "187.25",
        "time_in_force": "DAY",
        **changes,
    }
    return {name: value for name, value in document.items() if value is not None}


def request(method: str, path: str, body: str | None = None, **event: Any) -> dict[str, Any]:
    """Return an API Gateway proxy event, payload format 1.0."""
    return {
        "httpMethod": method,
        "path": path,
        "headers": {"content-type": "application/json"} if body is not None else None,
        "body": body,
        "isBase64Encoded": False,
        "requestContext": {"requestId": "7c1f0f9e-0000-4000-8000-000000000001"},
        **event,
    }
