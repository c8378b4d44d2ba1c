"""DescribeStacks shows what Sceptre and `lockstep` read from it."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack

TEMPLATE = """
Parameters:
  One: {Type: "AWS::SSM::Parameter::Value<String>"}
  Many: {Type: "AWS::SSM::Parameter::Value<List<String>>"}
  Network: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>"}
  Plain: {Type: String}
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs:
  One: {Value: !Ref One}
  Second: {Value: !Select [1, !Ref Many]}
  Joined: {Value: !Join ["|", !Ref Many]}
  Network: {Value: !Ref Network}
"""
NAMES = {"One": "/o/one", "Many": "/o/many", "Network": "/o/network", "Plain": "p"}


def _put(client: Client, account: str, one: str) -> None:
    ssm = client("ssm", account=account)
    ssm.put_parameter(Name="/o/one", Type="String", Value=one, Overwrite=True)
    ssm.put_parameter(Name="/o/many", Type="StringList", Value="a,b,c", Overwrite=True)
    ssm.put_parameter(Name="/o/network", Type="String", Value="vpc-1", Overwrite=True)


def test_parameters_from_parameter_store(client: Client, account: str, stack: Stack) -> None:
    """The template gets the values, lists included; DescribeStacks gives name and value."""
    _put(client, account, "1")
    assert stack.create(TEMPLATE, NAMES) == "CREATE_COMPLETE"
    assert stack.outputs() == {"One": "1", "Second": "b", "Joined": "a|b|c", "Network": "vpc-1"}
    assert sorted(stack.described()["Parameters"], key=lambda one: str(one["ParameterKey"])) == [
        {"ParameterKey": "Many", "ParameterValue": "/o/many", "ResolvedValue": "a,b,c"},
        {"ParameterKey": "Network", "ParameterValue": "/o/network", "ResolvedValue": "vpc-1"},
        {"ParameterKey": "One", "ParameterValue": "/o/one", "ResolvedValue": "1"},
        {"ParameterKey": "Plain", "ParameterValue": "p"},
    ]


def test_a_changed_value_in_parameter_store_is_an_update(client: Client, account: str, stack: Stack) -> None:
    """The same template and the same names are still something to do when a value behind a name changed."""
    _put(client, account, "1")
    stack.create(TEMPLATE, NAMES)
    _put(client, account, "2")
    assert stack.update(TEMPLATE, NAMES) == "UPDATE_COMPLETE"
    assert stack.outputs()["One"] == "2"


def test_notification_topics_are_kept(stack: Stack) -> None:
    """Topics are shown, an update that leaves them out keeps them, an empty list removes them."""
    topic = "arn:aws:sns:us-east-1:111111111111:told"
    template = "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: NAME}}}"
    stack.create(template.replace("NAME", "a"), NotificationARNs=[topic])
    assert stack.described()["NotificationARNs"] == [topic]
    stack.update(template.replace("NAME", "b"))
    assert stack.described()["NotificationARNs"] == [topic]
    stack.update(template.replace("NAME", "c"), NotificationARNs=[])
    assert stack.described()["NotificationARNs"] == []


def test_a_stack_without_topics_has_an_empty_list(stack: Stack) -> None:
    """`sceptre diff` reads the member without asking whether it is there."""
    stack.create("Resources: {Topic: {Type: AWS::SNS::Topic}}")
    assert stack.described()["NotificationARNs"] == []


CONSTRAINED = """
Parameters:
  One: {Type: "AWS::SSM::Parameter::Value<String>", AllowedPattern: "/o/[a-z]+", MinLength: 4}
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs: {One: {Value: !Ref One}}
"""


def test_constraints_hold_for_the_name_of_the_parameter(client: Client, account: str, stack: Stack) -> None:
    """The value may break the pattern, the name may not."""
    _put(client, account, "1")
    client("ssm", account=account).put_parameter(Name="/p/one", Type="String", Value="/o/one")
    assert stack.create(CONSTRAINED, {"One": "/o/one"}) == "CREATE_COMPLETE"
    assert stack.outputs() == {"One": "1"}
    with pytest.raises(stack.cloudformation.exceptions.ClientError, match="must match pattern"):
        Stack(stack.cloudformation, "other").create(CONSTRAINED, {"One": "/p/one"})
