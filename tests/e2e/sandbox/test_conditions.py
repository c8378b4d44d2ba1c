"""Conditions compare the values of intrinsic functions, in the stack's own account and region."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack

TEMPLATE = """
Parameters: {Size: {Type: String, Default: small}}
Mappings: {Sizes: {small: {Nodes: "1"}, large: {Nodes: "3"}}}
Conditions:
  Region: !Equals [!Ref AWS::Region, us-west-2]
  Sub: !Equals [!Sub "${AWS::Region}/${Size}", us-west-2/small]
  Map: !Equals [!FindInMap [Sizes, !Ref Size, Nodes], "1"]
  Join: !Equals [!Join ["-", [!Ref Size, !Ref AWS::AccountId]], !Sub "small-${AWS::AccountId}"]
  Both: !And [!Condition Region, !Not [!Condition Map]]
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs:
  Region: {Value: !If [Region, "yes", "no"]}
  Sub: {Value: !If [Sub, "yes", "no"]}
  Map: {Value: !If [Map, "yes", "no"]}
  Join: {Value: !If [Join, "yes", "no"]}
  Both: {Value: !If [Both, "yes", "no"]}
"""


@pytest.mark.parametrize(
    ("region", "size", "expected"),
    [
        ("us-west-2", "small", {"Region": "yes", "Sub": "yes", "Map": "yes", "Join": "yes", "Both": "no"}),
        ("us-west-2", "large", {"Region": "yes", "Sub": "no", "Map": "no", "Join": "no", "Both": "yes"}),
        ("eu-west-1", "small", {"Region": "no", "Sub": "no", "Map": "yes", "Join": "yes", "Both": "no"}),
    ],
)
def test_operands_are_values(
    client: Client, account: str, region: str, size: str, expected: dict[str, str]
) -> None:
    """Each function inside a condition is evaluated before the comparison."""
    stack = Stack(client("cloudformation", account=account, region=region))
    assert stack.create(TEMPLATE, {"Size": size}) == "CREATE_COMPLETE"
    assert stack.outputs() == expected


def test_a_condition_over_the_stack_name_is_refused_in_words(client: Client, stack: Stack) -> None:
    """What the sandbox cannot evaluate is said, and never taken for false."""
    template = TEMPLATE.replace("!Ref AWS::Region, us-west-2", "!Ref AWS::StackName, stack")
    with pytest.raises(stack.cloudformation.exceptions.ClientError, match="does not evaluate AWS::StackName"):
        stack.create(template)
