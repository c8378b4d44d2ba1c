"""What guard rules are given to read."""

from __future__ import annotations

from typing import Any

import pytest

from validator.effective import Symbol, concat
from validator.guard import document
from validator.guard.document import shaped


def stack(resources: dict[str, Any]) -> dict[str, Any]:
    """Return one of the `stacks` of `lockstep/render/v1`."""
    return {
        "name": "dev/orders/queue",
        "environment": "dev",
        "workload": "orders",
        "account": "111111111111",
        "region": "us-east-1",
        "template": "templates/queue.yaml",
        "parameters": {"Lifecycle": "protected", "KeyArn": {"$symbol": "ssm:/orders/dev/keys/DataKeyArn"}},
        "resources": resources,
    }


def test_the_document_names_the_stack_and_every_resource() -> None:
    """With what other resources call it by."""
    resource = {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Delete", "Properties": {"DelaySeconds": 0}}
    assert document(stack({"Queue": resource})) == {
        "Stack": {
            "Name": "dev/orders/queue",
            "Environment": "dev",
            "Workload": "orders",
            "Account": "111111111111",
            "Region": "us-east-1",
            "Parameters": {"Lifecycle": "protected", "KeyArn": "${ssm:/orders/dev/keys/DataKeyArn}"},
        },
        "Resources": {
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "DeletionPolicy": "Delete",
                "Lockstep": {"Id": "Queue", "Ref": "${ref:Queue}", "Arn": "${att:Queue.Arn}"},
                "Properties": {"DelaySeconds": 0},
            }
        },
    }


def test_the_one_statement_of_a_bus_is_shaped_as_those_of_other_policies() -> None:
    """The properties of an event bus policy are a policy document themselves."""
    statement = {"Effect": "Deny", "Principal": "*", "Action": "events:PutEvents"}
    body = {
        "Type": "AWS::Events::EventBusPolicy",
        "Properties": {"EventBusName": "home", "Statement": statement},
    }
    made = document(stack({"Policy": body}))["Resources"]["Policy"]["Properties"]
    wanted = {"Effect": "Deny", "Principal": {"AWS": ["*"]}, "Action": ["events:PutEvents"]}
    assert made == {"EventBusName": "home", "Statement": [wanted]}


def test_a_resource_without_properties_has_an_empty_mapping() -> None:
    """Or a rule on a missing property would have no place to speak of."""
    made = document(stack({"Topic": {"Type": "AWS::SNS::Topic"}}))
    assert made["Resources"]["Topic"]["Properties"] == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"$symbol": "ref:Queue"}, "${ref:Queue}"),
        ({"$symbol": "arn:aws:s3:::${ref:Bucket}/*"}, "arn:aws:s3:::${ref:Bucket}/*"),
        (Symbol("ref", ("Queue",)), "${ref:Queue}"),
        (concat(["arn:", Symbol("ref", ("Queue",))]), "arn:${ref:Queue}"),
        ([{"$symbol": "ssm:/a/b"}], ["${ssm:/a/b}"]),
        ({"$symbol": "ref:Queue", "more": 1}, {"$symbol": "ref:Queue", "more": 1}),
        (True, True),
        (15, 15),
        (None, None),
    ],
)
def test_symbols_are_text(value: Any, text: Any) -> None:
    """Alone, inside a string and inside a list; whatever is no symbol stays."""
    assert shaped(value) == text


def test_a_reference_equals_the_fact_it_refers_to() -> None:
    """So that a rule finds the policy of a bucket."""
    bucket, policy = {"Type": "AWS::S3::Bucket"}, {"Properties": {"Bucket": {"$symbol": "ref:Bucket"}}}
    made = document(stack({"Bucket": bucket, "Policy": policy}))["Resources"]
    assert made["Policy"]["Properties"]["Bucket"] == made["Bucket"]["Lockstep"]["Ref"]


def test_policies_have_one_shape() -> None:
    """IAM allows single values; rules read lists."""
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": {"$symbol": "att:B.Arn"}}
    listed = {
        "Effect": "Deny",
        "Principal": {"AWS": ["*"]},
        "Action": ["s3:*"],
        "Resource": ["${att:B.Arn}"],
    }
    assert shaped({"PolicyDocument": {"Statement": statement}}) == {"PolicyDocument": {"Statement": [listed]}}
    inline = {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]}
    assert shaped(inline) == {"Policies": [{"PolicyDocument": {"Statement": [listed]}}]}
    service = {
        "Statement": {"Principal": {"Service": "a.amazonaws.com"}, "NotAction": "x:y", "NotResource": "z"}
    }
    assert shaped([service]) == [
        {
            "Statement": [
                {"Principal": {"Service": ["a.amazonaws.com"]}, "NotAction": ["x:y"], "NotResource": ["z"]}
            ]
        }
    ]


def test_shaping_twice_is_shaping_once() -> None:
    """What has the shape keeps it."""
    once = shaped({"P": {"Statement": {"Principal": "*", "Action": ["a:b"], "Resource": "*"}}})
    assert shaped(once) == once


def test_the_stack_is_not_changed() -> None:
    """The document is a copy."""
    given = stack({"P": {"Properties": {"PolicyDocument": {"Statement": {"Action": "a:b"}}}}})
    document(given)
    assert given["resources"]["P"]["Properties"]["PolicyDocument"] == {"Statement": {"Action": "a:b"}}
