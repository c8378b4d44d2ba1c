"""The client without botocore answers as the one with it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .local import TABLE, Direct, LocalDynamoDB


def talk(client: Any) -> list[Any]:
    """Return what a client answers to each form of request that the store makes."""
    said: list[Any] = []

    def put(n: int, **further: Any) -> None:
        item = {"pk": {"S": "a"}, "sk": {"S": str(n)}, "n": {"N": str(n)}}
        client.put_item(TableName=TABLE, Item=item, **further)

    for n in range(3):
        put(n)
    try:
        put(1, ConditionExpression="attribute_not_exists(pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except ClientError as error:
        said.append((error.response["Error"]["Code"], error.response["Item"]))
    check = {
        "TableName": TABLE,
        "Key": {"pk": {"S": "a"}, "sk": {"S": "9"}},
        "ConditionExpression": "attribute_exists(pk)",
    }
    try:
        client.transact_write_items(TransactItems=[{"ConditionCheck": check}])
    except ClientError as error:
        reasons = error.response["CancellationReasons"]
        said.append((error.response["Error"]["Code"], [reason["Code"] for reason in reasons]))
    pages = client.get_paginator("query").paginate(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "a"}},
        Limit=2,
    )
    said.append([item for page in pages for item in page["Items"]])
    return said


@pytest.mark.parametrize("kind", ["direct", "botocore"])
def test_both_clients_answer_alike(kind: str) -> None:
    table = LocalDynamoDB()
    table.create()
    said = talk(Direct() if kind == "direct" else table.client)
    item = {"pk": {"S": "a"}, "sk": {"S": "1"}, "n": {"N": "1"}}
    assert said[0] == ("ConditionalCheckFailedException", item)
    assert said[1] == ("TransactionCanceledException", ["ConditionalCheckFailed"])
    assert [each["n"]["N"] for each in said[2]] == ["0", "1", "2"]
