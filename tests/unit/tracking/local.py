"""A real client of DynamoDB whose requests the local AWS' own handlers answer, in this process.

botocore builds and checks every request and parses every answer; only the wire is missing. Faults go in where botocore
would send (`before-send`), so that its retries run as they do against AWS.
"""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable, Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import boto3
import botocore
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from ministack.core.responses import request_scope
from ministack.services import dynamodb

HOME, REGION = "333333333333", "us-west-2"
TABLE = "shared-control-state"

Fault = Callable[[str], Exception | tuple[int, str] | None]
"""What happens to an operation instead of its effect: an exception, or an HTTP status and AWS' error code."""


def _copied(value: Any) -> Any:
    """Return a copy of plain data as `deepcopy` makes it, which also remembers what it has met."""
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    if type(value) is list:
        return [_copied(item) for item in value]
    return value if isinstance(value, str | int | float | None) else copy.deepcopy(value)


def _hurry() -> None:
    """Let the handlers read each of our few expressions once, and copy items fast: a third of their time."""
    read = cache(dynamodb._tokenize)
    dynamodb._tokenize = lambda expr: list(read(expr))
    dynamodb._condition_syntax_error = cache(dynamodb._condition_syntax_error)
    dynamodb.copy = SimpleNamespace(copy=copy.copy, deepcopy=_copied)


_hurry()


class _Raw(io.BytesIO):
    def stream(self, **_kwargs: Any) -> Any:
        yield self.getvalue()


def answered(request: Any, status: int, body: bytes) -> AWSResponse:
    return AWSResponse(request.url, status, {}, _Raw(body))


def handled(operation: str, body: bytes) -> tuple[int, bytes]:
    """Return HTTP status and body of an operation, as the local AWS' own handlers answer it."""
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    with request_scope(HOME, REGION):
        coroutine = dynamodb.handle_request("POST", "/", headers, body, {})
        try:
            coroutine.send(None)
        except StopIteration as ended:
            status, _headers, answer = ended.value
    return status, answer if isinstance(answer, bytes) else answer.encode()


class Direct:
    """The same without botocore, for thousands of runs; `test_local.py` holds that both answer alike."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = "".join(part.capitalize() for part in name.split("_"))

        def call(**request: Any) -> Any:
            status, body = handled(operation, json.dumps(request).encode())
            answer = json.loads(body)
            if status < 400:
                return answer
            code = answer.pop("__type").rpartition("#")[2]
            message = answer.pop("message", answer.pop("Message", ""))
            raise ClientError({"Error": {"Code": code, "Message": message}, **answer}, operation)

        return call

    def get_paginator(self, operation: str) -> Direct._Pages:
        return Direct._Pages(getattr(self, operation))

    class _Pages:
        def __init__(self, call: Callable[..., Any]) -> None:
            self._call = call

        def paginate(self, **request: Any) -> Iterator[Any]:
            while True:
                answer = self._call(**request)
                yield answer
                if "LastEvaluatedKey" not in answer:
                    return
                request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


class LocalDynamoDB:
    """One table in an account of its own; `calls` counts operations, `fault` says which ones fail."""

    def __init__(self, attempts: int = 2) -> None:
        self.calls: list[str] = []
        self.fault: Fault = lambda _operation: None
        self.after: Fault = lambda _operation: None
        self.client: Any = boto3.client(
            "dynamodb",
            region_name=REGION,
            aws_access_key_id=HOME,
            aws_secret_access_key="local",
            # Signing says nothing here, and costs more than the operation.
            config=Config(
                retries={"mode": "standard", "total_max_attempts": attempts},
                signature_version=botocore.UNSIGNED,
            ),
        )
        self.client.meta.events.register("before-send.dynamodb", self._send)

    def _send(self, request: Any, **_kwargs: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"]
        operation = (operation.decode() if isinstance(operation, bytes) else operation).rpartition(".")[2]
        self.calls.append(operation)
        failed = self.fault(operation)
        if failed is None:
            status, body = handled(operation, request.body)
            failed = self.after(operation)
            if failed is None:
                return answered(request, status, body)
        if isinstance(failed, Exception):
            raise failed
        status, code = failed
        return answered(request, status, b'{"__type":"%s","message":"injected"}' % code.encode())

    def create(self) -> None:
        """Make the table anew, as templates/state-table.yaml has it."""
        indexes = [f"gsi{n}" for n in (1, 2, 3, 4)]
        names = ["pk", "sk", *(f"{index}{part}" for index in indexes for part in ("pk", "sk"))]
        client = Direct()
        if TABLE in client.list_tables()["TableNames"]:
            client.delete_table(TableName=TABLE)
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            KeySchema=_keys("pk", "sk"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": index.upper(),
                    "KeySchema": _keys(f"{index}pk", f"{index}sk"),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
                for index in indexes
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )

    def stream(self) -> list[dict[str, Any]]:
        """Return the records of the table's stream, as the announcer gets them."""
        records = dynamodb.stream_live_records(TABLE, account_id=HOME, region=REGION)
        return [{**record, "eventSource": "aws:dynamodb"} for record in records]

    def items(self, kind: str) -> list[dict[str, Any]]:
        """Return the items whose partition begins with `kind`."""
        found = self.client.scan(TableName=TABLE)["Items"]
        return [item for item in found if item["pk"]["S"].startswith(kind)]


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


MESSAGE_BYTES = 262_144
"""What SNS takes (SNS API reference, Publish, Message)."""


class LocalSNS:
    """A real client of SNS whose requests are kept; `down` says that the service does not answer.

    A message that is too large is refused, and one that holds `disliked`, as SNS refuses what is invalid.
    """

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.down = False
        self.disliked = "\0"
        self.client: Any = boto3.client(
            "sns",
            region_name=REGION,
            aws_access_key_id=HOME,
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}, signature_version=botocore.UNSIGNED),
        )
        self.client.meta.events.register("before-send.sns", self._send)

    def _send(self, request: Any, **_kwargs: Any) -> AWSResponse:
        if self.down:
            raise EndpointConnectionError(endpoint_url=request.url)
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        fields = {name: values[0] for name, values in parse_qs(body).items()}
        if len(fields["Message"].encode()) > MESSAGE_BYTES or self.disliked in fields["Message"]:
            fault = "<ErrorResponse><Error><Code>InvalidParameter</Code></Error></ErrorResponse>"
            return answered(request, 400, fault.encode())
        names = [fields[name] for name in sorted(fields) if name.endswith(".Name")]
        values = [fields[name] for name in sorted(fields) if name.endswith(".Value.StringValue")]
        self.published.append(
            {
                "topic": fields["TopicArn"],
                "subject": fields["Subject"],
                "structure": fields["MessageStructure"],
                "message": json.loads(fields["Message"]),
                "attributes": dict(zip(names, values, strict=True)),
            }
        )
        answer = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"
        return answered(request, 200, answer.encode())

    def ids(self) -> list[str]:
        """Return fingerprint and generation of each announcement, in order."""
        return [f"{one['fingerprint']}#{one['generation']}" for one in self.documents()]

    def documents(self) -> list[dict[str, Any]]:
        """Return what machines read of each announcement, in order."""
        return [json.loads(each["message"]["https"]) for each in self.published]
