"""Changes computed from templates, where CloudFormation cannot be asked (REQ-R5)."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.plan.computed import computed, policy
from pipelines.plan.model import Change
from pipelines.plan.schemas import recreation
from validator.effective import Context, EffectiveResource, evaluate, parse

CONTEXT = Context(account="333333333333", region="us-east-1", stack_name="lockstep-prod-orders-table")
BEFORE = """
Parameters: {Name: {Type: String}, Word: {Type: String, NoEcho: true}}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      TableName: !Ref Name
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  Gone:
    Type: AWS::SQS::Queue
  Reader:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: reader
      PolicyDocument: {Statement: [{Effect: Allow, Action: "dynamodb:GetItem", Resource: !GetAtt Table.Arn}]}
  Autoscaled:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties: {ResourceId: !Sub "table/${Table}", MaxCapacity: 5}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: {SecretString: !Ref Word}
"""


def resources(text: str, name: str = "orders", word: str = "hunter2") -> Any:
    return evaluate(parse(text, "t.yaml"), {"Name": name, "Word": word}, CONTEXT).resources


def between(before: Any, after: Any) -> dict[str, Change]:
    found = computed("prod/orders/table", before, after, recreation, {"Table": "orders", "Gone": "q"})
    return {change.logical_id: change for change in found}


def test_the_same_template_changes_nothing() -> None:
    """Whatever is known only once deployed is the same on both sides."""
    assert between(resources(BEFORE), resources(BEFORE)) == {}


def test_a_new_name_replaces_and_what_names_it_follows() -> None:
    """The table is made anew, the old one left behind; who reads its ARN changes, who needs its name may go too."""
    found = between(resources(BEFORE), resources(BEFORE, "orders-2"))
    assert set(found) == {"Table", "Reader", "Autoscaled"}
    assert (found["Table"].replacement, found["Table"].policy) == ("always", "ReplaceAndRetain")
    assert found["Table"].physical_id == "orders"
    (name,) = found["Table"].properties
    assert (name.name, name.before, name.after) == ("TableName", "orders", "orders-2")
    assert found["Reader"].replacement == "never"
    assert found["Autoscaled"].replacement == "conditional"


def test_added_removed_and_modified() -> None:
    """A resource that goes takes its deletion policy with it."""
    after = BEFORE.replace("  Gone:\n    Type: AWS::SQS::Queue\n", "  New:\n    Type: AWS::SNS::Topic\n")
    after = after.replace("PAY_PER_REQUEST", "PROVISIONED")
    found = between(resources(BEFORE), resources(after))
    assert {name: change.kind for name, change in found.items()} == {
        "Gone": "removed",
        "New": "added",
        "Table": "modified",
    }
    assert (found["Gone"].policy, found["Gone"].physical_id, found["New"].physical_id) == ("Delete", "q", "")


def test_a_policy_alone_and_another_type() -> None:
    """A changed attribute is a modification; another type is another resource."""
    found = between(
        resources(BEFORE), resources(BEFORE.replace("DeletionPolicy: Retain", "DeletionPolicy: Delete"))
    )
    assert (found["Table"].kind, found["Table"].scope) == ("modified", ("DeletionPolicy",))
    found = between(resources(BEFORE), resources(BEFORE.replace("AWS::SQS::Queue", "AWS::SNS::Topic")))
    assert (found["Gone"].replacement, found["Gone"].policy) == ("always", "ReplaceAndDelete")


def test_no_secret_is_shown() -> None:
    """REQ-P7: a parameter with NoEcho has no value on either side, and so changes nothing."""
    assert between(resources(BEFORE), resources(BEFORE, word="hunter3")) == {}


@pytest.mark.parametrize(
    ("kind", "attributes", "properties", "expected"),
    [
        ("AWS::S3::Bucket", {}, {}, "Delete"),
        ("AWS::S3::Bucket", {"DeletionPolicy": "RetainExceptOnCreate"}, {}, "Retain"),
        ("AWS::RDS::DBCluster", {}, {}, "Snapshot"),
        ("AWS::RDS::DBInstance", {}, {"DBClusterIdentifier": "c"}, "Delete"),
        ("AWS::RDS::DBCluster", {"DeletionPolicy": "Delete"}, {}, "Delete"),
        ("AWS::S3::Bucket", {"DeletionPolicy": {"unknown": 1}}, {}, "Delete"),
    ],
)
def test_what_becomes_of_a_removed_resource(
    kind: str, attributes: dict[str, Any], properties: dict[str, Any], expected: str
) -> None:
    """As the template says, else the default of its type; what is not known counts as deleted."""
    assert policy(EffectiveResource(kind, properties, attributes), "DeletionPolicy") == expected


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("AWS::DynamoDB::Table", "TableName", "always"),
        ("AWS::DynamoDB::Table", "KeySchema", "conditional"),
        ("AWS::DynamoDB::Table", "BillingMode", "never"),
        ("AWS::EC2::Subnet", "VpcId", "always"),
        ("AWS::S3::Bucket", "Tags", "never"),
        ("Custom::Thing", "Anything", "conditional"),
    ],
)
def test_what_makes_a_resource_anew(kind: str, name: str, expected: str) -> None:
    """By the registry's schemas; of a type that has none nobody knows."""
    assert recreation(kind, name) == expected
