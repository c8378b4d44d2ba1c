"""Which partition keys and attributes a request to DynamoDB names, for policies that are limited by them (REQ-P8)."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from sandbox.extension import dynamodb_access
from sandbox.extension.dynamodb_access import ATTRIBUTES, LEADING_KEYS, attributes, leading_keys

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


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"TableName": "state", "Item": {**ONE, "gsi1pk": {"S": "x"}}}, ["pk", "sk", "gsi1pk"]),
        (
            {
                "TableName": "state",
                "Key": ONE,
                "UpdateExpression": "SET #a.#b[0] = if_not_exists(plain, :a), gsi3sk=:gsi1pk REMOVE expires_at",
                "ConditionExpression": "attribute_not_exists (c) AND #d BETWEEN :x AND :y",
                "ExpressionAttributeNames": {"#a": "outer", "#b": "inner", "#d": "gsi4pk"},
            },
            ["pk", "sk", "outer", "plain", "gsi3sk", "expires_at", "c", "gsi4pk"],
        ),
        (
            {
                "TransactItems": [
                    {"Put": {"TableName": "state", "Item": ONE}},
                    {
                        "Update": {
                            "TableName": "state",
                            "Key": TWO,
                            "UpdateExpression": "SET #a = :a",
                            "ExpressionAttributeNames": {"#a": "gsi2pk"},
                        }
                    },
                ]
            },
            ["pk", "sk", "gsi2pk"],
        ),
        ({"TableName": "state", "Key": ONE, "AttributeUpdates": {"gsi1sk": {}}}, ["pk", "sk", "gsi1sk"]),
    ],
    ids=["put", "update", "transaction", "legacy"],
)
def test_each_attribute_counts(request_: dict[str, object], expected: list[str]) -> None:
    assert attributes(request_) == expected


def test_each_member_of_a_transaction_is_asked_for_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one member names is no key of another: a check of one item lets nobody write it."""
    monkeypatch.setattr(dynamodb_access, "TABLES", SimpleNamespace(get=lambda: {"state": {"pk_name": "pk"}}))
    members = [
        {"Put": {"TableName": "state", "Item": {**ONE, "gsi1pk": {"S": "x"}}}},
        {"ConditionCheck": {"TableName": "state", "Key": TWO}},
    ]
    asked = [("dynamodb:PutItem", "arn"), ("dynamodb:ConditionCheckItem", "arn")]
    checks = dynamodb_access._by_member(lambda *_: asked)
    body = json.dumps({"TransactItems": members}).encode()
    seen = []
    enforce = dynamodb_access._asking(
        lambda *given, **context: seen.append((given[1], context["service_context"]))
    )
    together = {LEADING_KEYS: ["ENV#a#dev", "ALERT#b"], ATTRIBUTES: ["pk"], "aws:x": "y"}
    for action, arn in checks("dynamodb:TransactWriteItems", body, "us-west-2", "333333333333"):
        enforce("key", action, "dynamodb", "us-west-2", resource_arn=arn, service_context=together)
    assert seen == [
        ("dynamodb:PutItem", {LEADING_KEYS: ["ENV#a#dev"], ATTRIBUTES: ["pk", "sk", "gsi1pk"], "aws:x": "y"}),
        ("dynamodb:ConditionCheckItem", {LEADING_KEYS: ["ALERT#b"], ATTRIBUTES: ["pk", "sk"], "aws:x": "y"}),
    ]
    assert checks("dynamodb:TransactWriteItems", b"{", "us-west-2", "333333333333") == asked
