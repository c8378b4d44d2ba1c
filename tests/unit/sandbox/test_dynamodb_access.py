"""Which partition keys a request to DynamoDB names, for policies that are limited to items (REQ-P8)."""

from __future__ import annotations

import pytest

from sandbox.extension.dynamodb_access import leading_keys

ONE, TWO = {"pk": {"S": "ENV#a#dev"}, "sk": {"S": "x"}}, {"pk": {"S": "ALERT#b"}, "sk": {"S": "y"}}
TABLES = {"state": "pk", "other": "id"}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"TableName": "state", "Item": ONE}, ["ENV#a#dev"]),
        ({"TableName": "arn:aws:dynamodb:us-west-2:333333333333:table/state", "Key": TWO}, ["ALERT#b"]),
        (
            {
                "TransactItems": [
                    {"Put": {"TableName": "state", "Item": ONE}},
                    {"ConditionCheck": {"TableName": "state", "Key": TWO}},
                ]
            },
            ["ENV#a#dev", "ALERT#b"],
        ),
        ({"RequestItems": {"state": {"Keys": [ONE, TWO]}}}, ["ENV#a#dev", "ALERT#b"]),
        (
            {"RequestItems": {"state": [{"PutRequest": {"Item": ONE}}, {"DeleteRequest": {"Key": TWO}}]}},
            ["ENV#a#dev", "ALERT#b"],
        ),
        ({"TableName": "other", "Key": {"id": {"N": "7"}}}, ["7"]),
        ({"TableName": "unknown", "Item": ONE}, []),
        ({"TableName": "state", "KeyConditionExpression": "pk = :pk"}, []),
    ],
    ids=["put", "update", "transaction", "batch-get", "batch-write", "number", "no-table", "query"],
)
def test_each_item_counts(request_: dict[str, object], expected: list[str]) -> None:
    assert leading_keys(request_, TABLES) == expected
