"""What the table repeats, what it answers, and what it lets through: DynamoDB's answers are given, botocore is real."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from pipelines.state.keys import Key
from pipelines.state.store import ContentionError, Table
from pipelines.state.store.table import ATTEMPTS
from pipelines.state.store.writes import ABSENT, check, put, update

KEY = Key("p", "s")
ITEM: dict[str, Any] = {"pk": {"S": "p"}, "sk": {"S": "s"}}
CANCELLED = "TransactionCanceledException"


class Dynamodb:
    """A client with given answers, and a table that notes how long it would have waited."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.stub = Stubber(client)
        self.waited: list[float] = []
        self.table = Table(self.client, "state", self.waited.append)

    def refuse(self, operation: str, code: str, times: int = 1, **modeled: Any) -> None:
        for _ in range(times):
            self.stub.add_client_error(operation, code, modeled_fields=modeled)

    def cancel(self, *codes: str, times: int = 1) -> None:
        reasons = [{"Code": code} for code in codes]
        self.refuse("transact_write_items", CANCELLED, times, CancellationReasons=reasons)


@pytest.fixture(scope="module")
def client() -> Any:
    return boto3.client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
    )


@pytest.fixture
def dynamodb(client: Any) -> Iterator[Dynamodb]:
    found = Dynamodb(client)
    with found.stub:
        yield found
        found.stub.assert_no_pending_responses()


WRITES = [put(ITEM, ABSENT), check(KEY, "#a = :a", a=1)]


def test_a_condition_that_fails_is_an_answer(dynamodb: Dynamodb) -> None:
    """With what stands in the way."""
    dynamodb.refuse("put_item", "ConditionalCheckFailedException", Item=ITEM)
    outcome = dynamodb.table.write(WRITES[0])
    assert (outcome.done, outcome.item) == (False, ITEM)


def test_a_transaction_that_fails_says_where(dynamodb: Dynamodb) -> None:
    """One reason for each write, also where another write was in conflict."""
    dynamodb.cancel("None", "ConditionalCheckFailed")
    assert [each.failed for each in dynamodb.table.transact(WRITES)] == [False, True]
    dynamodb.cancel("TransactionConflict", "ConditionalCheckFailed")
    assert [each.failed for each in dynamodb.table.transact(WRITES)] == [False, True]
    assert dynamodb.waited == []


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_conflict_is_tried_again(dynamodb: Dynamodb, code: str) -> None:
    """It says nothing about any condition; the waits grow."""
    dynamodb.cancel("None", code, times=4)
    dynamodb.stub.add_response("transact_write_items", {})
    assert dynamodb.table.transact(WRITES) == ()
    assert len(dynamodb.waited) == 4
    assert dynamodb.waited[0] <= 0.05
    assert 0.2 <= dynamodb.waited[3] <= 0.4


def test_a_write_in_conflict_with_a_transaction_is_tried_again(dynamodb: Dynamodb) -> None:
    """DynamoDB refuses a single write to an item of a running transaction."""
    dynamodb.refuse("update_item", "TransactionConflictException", 2)
    dynamodb.stub.add_response("update_item", {"Attributes": ITEM})
    outcome = dynamodb.table.write(update(KEY, "SET #a = :a", "", a=1))
    assert (outcome.done, outcome.item) == (True, ITEM)


@pytest.mark.parametrize("code", ["TransactionConflictException", "TransactionInProgressException"])
def test_a_transaction_in_conflict_as_a_whole_is_tried_again(dynamodb: Dynamodb, code: str) -> None:
    """It has no reason for each write then; the same transaction may still run, after a lost answer."""
    dynamodb.refuse("transact_write_items", code, 2)
    dynamodb.stub.add_response("transact_write_items", {})
    assert dynamodb.table.transact(WRITES) == ()
    assert len(dynamodb.waited) == 2


def test_an_endless_conflict_is_an_error(dynamodb: Dynamodb) -> None:
    """Not a no."""
    dynamodb.cancel("TransactionConflict", "None", times=ATTEMPTS)
    with pytest.raises(ContentionError):
        dynamodb.table.transact(WRITES)
    assert sum(dynamodb.waited) < 15


@pytest.mark.parametrize("codes", [("ValidationError", "None"), ("TransactionConflict", "ValidationError")])
def test_a_mistake_is_not_tried_again(dynamodb: Dynamodb, codes: tuple[str, ...]) -> None:
    dynamodb.cancel(*codes)
    with pytest.raises(ClientError):
        dynamodb.table.transact(WRITES)
    assert dynamodb.waited == []


@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException", "ValidationException"])
def test_what_is_no_answer_is_raised(dynamodb: Dynamodb, code: str) -> None:
    """Expired credentials are neither a yes nor a no."""
    dynamodb.refuse("put_item", code)
    dynamodb.refuse("transact_write_items", code)
    with pytest.raises(ClientError):
        dynamodb.table.write(WRITES[0])
    with pytest.raises(ClientError):
        dynamodb.table.transact(WRITES)


def test_the_rest_of_a_batch_is_carried_on(dynamodb: Dynamodb) -> None:
    """DynamoDB may do a part of a batch."""
    items: list[Any] = [{"pk": {"S": "p"}, "sk": {"S": str(number)}} for number in range(26)]
    requests = [{"PutRequest": {"Item": item}} for item in items]
    for sent, left in ((requests[:25], requests[20:25]), (requests[20:25], []), (requests[25:], [])):
        dynamodb.stub.add_response(
            "batch_write_item",
            {"UnprocessedItems": {"state": left} if left else {}},
            {"RequestItems": {"state": sent}},
        )
    dynamodb.table.put_all(items)
    assert len(dynamodb.waited) == 1


def test_the_rest_of_a_batch_is_read(dynamodb: Dynamodb) -> None:
    keys: list[Any] = [{"pk": {"S": "p"}, "sk": {"S": str(number)}} for number in range(3)]

    def wanted(some: list[Any]) -> Any:
        return {"RequestItems": {"state": {"Keys": some, "ConsistentRead": True}}}

    dynamodb.stub.add_response(
        "batch_get_item",
        {"Responses": {"state": keys[:1]}, "UnprocessedKeys": {"state": {"Keys": keys[1:]}}},
        wanted(keys),
    )
    dynamodb.stub.add_response("batch_get_item", {"Responses": {"state": keys[1:]}}, wanted(keys[1:]))
    assert list(dynamodb.table.get_all(Key("p", str(number)) for number in range(3))) == keys


def test_a_batch_that_is_never_done_is_an_error(dynamodb: Dynamodb) -> None:
    left = {"UnprocessedItems": {"state": [{"PutRequest": {"Item": ITEM}}]}}
    for _ in range(ATTEMPTS):
        dynamodb.stub.add_response("batch_write_item", left, {"RequestItems": ANY})
    with pytest.raises(ContentionError):
        dynamodb.table.put_all([ITEM])


def test_decisions_read_consistently(dynamodb: Dynamodb) -> None:
    """A read that may be behind decides nothing (aws-facts: strongly consistent base reads)."""
    values = {":pk": {"S": "p"}, ":beginning": {"S": "s"}}
    dynamodb.stub.add_response("get_item", {}, {"TableName": "state", "Key": ITEM, "ConsistentRead": True})
    dynamodb.stub.add_response(
        "query",
        {"Items": [ITEM]},
        {
            "TableName": "state",
            "KeyConditionExpression": "#pk = :pk AND begins_with(#sk, :beginning)",
            "ExpressionAttributeNames": {"#pk": "pk", "#sk": "sk"},
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "Limit": 1,
        },
    )
    assert dynamodb.table.get(KEY) is None
    assert list(dynamodb.table.partition("p", "s", newest=True, page=1)) == [ITEM]


@pytest.mark.parametrize("fault", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_throttling_is_botocores_to_repeat(client: Any, fault: str) -> None:
    """As whoever passes the client configures it: the store adds nothing to that."""
    dynamodb, answer = Dynamodb(client), answers(fault, fault, None)
    client.meta.events.register("before-send.dynamodb", answer)
    try:
        assert dynamodb.table.get(KEY) is None
    finally:
        client.meta.events.unregister("before-send.dynamodb", answer)
    assert dynamodb.waited == []


def answers(*faults: str | None) -> Callable[..., AWSResponse]:
    """Answer each request in turn with a fault, or with nothing found."""
    left = list(faults)

    def answer(request: Any, **_: Any) -> AWSResponse:
        fault = left.pop(0)
        body = json.dumps({"__type": f"com.amazonaws.dynamodb#{fault}"} if fault else {}).encode()
        headers = {"x-amz-crc32": str(zlib.crc32(body))}
        return AWSResponse(request.url, 400 if fault else 200, HeadersDict(headers), RawAnswer(body))

    return answer


class RawAnswer(io.BytesIO):
    """What botocore reads an answer's body from."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()
