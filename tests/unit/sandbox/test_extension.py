"""The pure parts of the extension: documents, conversions, permissions."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sandbox.extension.conditions import with_literal_operands
from sandbox.extension.ec2_security_group_rules import permission
from sandbox.extension.property_types import typed
from sandbox.extension.resources import RefusedError, changed, tag_map, truth, wanted
from sandbox.extension.s3_buckets import NAMESPACE, encryption, lifecycle


def _plain(element: ET.Element) -> Any:
    """Return an XML element as text or as a list of names and values."""
    children = [(child.tag.removeprefix(f"{{{NAMESPACE}}}"), _plain(child)) for child in element]
    return children or (element.text or "")


def test_a_lifecycle_rule_with_everything() -> None:
    """Each property has its own name in S3's document; a filter of several parts is an And."""
    rule = {
        "Id": "r",
        "Status": "Enabled",
        "Prefix": "trades/",
        "TagFilters": [{"Key": "k", "Value": "v"}],
        "ObjectSizeGreaterThan": 10,
        "ExpirationInDays": 30,
        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 9}],
        "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 5}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
    }
    assert _plain(ET.fromstring(lifecycle({"Rules": [rule]}))) == [  # noqa: S314 - written by ourselves
        (
            "Rule",
            [
                ("ID", "r"),
                ("Status", "Enabled"),
                (
                    "Filter",
                    [
                        (
                            "And",
                            [
                                ("Prefix", "trades/"),
                                ("ObjectSizeGreaterThan", "10"),
                                ("Tag", [("Key", "k"), ("Value", "v")]),
                            ],
                        )
                    ],
                ),
                ("Expiration", [("Days", "30")]),
                ("Transition", [("Days", "9"), ("StorageClass", "GLACIER")]),
                ("NoncurrentVersionTransition", [("NoncurrentDays", "5"), ("StorageClass", "GLACIER")]),
                ("NoncurrentVersionExpiration", [("NoncurrentDays", "7")]),
                ("AbortIncompleteMultipartUpload", [("DaysAfterInitiation", "2")]),
            ],
        )
    ]


def test_encryption_says_its_bucket_key() -> None:
    """The template's name and the API's name of the default differ."""
    written = encryption(
        {
            "ServerSideEncryptionConfiguration": [
                {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
            ]
        }
    )
    assert _plain(ET.fromstring(written)) == [  # noqa: S314 - written by ourselves
        (
            "Rule",
            [
                ("ApplyServerSideEncryptionByDefault", [("SSEAlgorithm", "aws:kms")]),
                ("BucketKeyEnabled", "true"),
            ],
        )
    ]


@pytest.mark.parametrize(
    ("resource_type", "given", "expected"),
    [
        ("AWS::Lambda::Function", {"Timeout": "5", "MemorySize": 1}, {"Timeout": 5, "MemorySize": 1}),
        ("AWS::Lambda::Function", {"Environment": {"Variables": {"Timeout": "5"}}}, None),
        ("AWS::CloudWatch::Alarm", {"Threshold": "0.5"}, {"Threshold": 0.5}),
        ("AWS::CloudWatch::Alarm", {"ActionsEnabled": "false"}, {"ActionsEnabled": False}),
        (
            "AWS::ApiGateway::Stage",
            {"MethodSettings": [{"ThrottlingRateLimit": "100", "ResourcePath": "/*"}]},
            {"MethodSettings": [{"ThrottlingRateLimit": 100, "ResourcePath": "/*"}]},
        ),
        ("AWS::SSM::Parameter", {"Value": "5"}, None),
    ],
)
def test_numbers_and_booleans(
    resource_type: str, given: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    """Text becomes what the schema says, and only where it says so."""
    before = repr(given)
    assert typed(resource_type, given) == (given if expected is None else expected)
    assert repr(given) == before


@pytest.mark.parametrize("properties", [{"Timeout": "soon"}, {"Timeout": ""}])
def test_text_that_is_no_number_fails_the_resource(properties: dict[str, Any]) -> None:
    """The message names the property and the value."""
    with pytest.raises(RefusedError, match="property Timeout is of another type"):
        typed("AWS::Lambda::Function", properties)


def test_the_logic_of_a_condition_is_left_alone() -> None:
    """Only the operands of a comparison become values."""
    condition = {"Fn::Not": [{"Fn::Equals": [{"Fn::Sub": "${P}-x"}, "a-x"]}, {"Condition": "Other"}]}
    parameters = {"P": {"Value": "a", "Type": "String"}}
    assert with_literal_operands(condition, parameters, {}) == {
        "Fn::Not": [{"Fn::Equals": ["a-x", "a-x"]}, {"Condition": "Other"}]
    }


def test_a_rule_of_a_security_group() -> None:
    """Each kind of source has its own member in EC2's call."""
    rule = {"GroupId": "sg-1", "IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "Description": "d"}
    base = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}
    assert permission({**rule, "CidrIp": "10.0.0.0/8"}) == {
        **base,
        "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "d"}],
    }
    assert permission({**rule, "DestinationPrefixListId": "pl-1"}) == {
        **base,
        "PrefixListIds": [{"PrefixListId": "pl-1", "Description": "d"}],
    }


def test_small_helpers() -> None:
    """They tell a missing property from a false one."""
    assert wanted({"a": False, "b": 1}, "a", "c") == {"a": False}
    assert changed({"a": 1}, {"a": 1, "b": None}, "a", "b") is False
    assert [truth(value) for value in (True, "true", "False", None, 0)] == [True, True, False, False, False]
    assert tag_map({"Tags": [{"Key": "k", "Value": "v"}]}) == {"k": "v"}
    assert tag_map({}) == {}
