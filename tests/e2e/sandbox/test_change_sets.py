"""Change sets tell what makes a resource anew, what becomes of the old one, and the values, as CloudFormation does."""

from __future__ import annotations

from typing import Any

from tests.e2e.sandbox.stacks import Stack

TEMPLATE = """
Transform: AWS::LanguageExtensions
Parameters:
  Name: {Type: String}
  Kept: {Type: String}
  Secret: {Type: String, NoEcho: true}
Conditions: {IsKept: !Equals [!Ref Kept, "yes"]}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    DeletionPolicy: !If [IsKept, Retain, Delete]
    UpdateReplacePolicy: !If [IsKept, Retain, Delete]
    Properties: {QueueName: !Ref Name, VisibilityTimeout: 30}
  Reader:
    Type: AWS::SSM::Parameter
    Properties: {Name: /queue, Type: String, Value: !GetAtt Queue.Arn}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: !Ref Name, GroupName: !Ref Secret}
"""
BEFORE = {"Name": "one", "Kept": "yes", "Secret": "hunter2"}


def changes(stack: Stack, template: str, **parameters: str) -> dict[str, Any]:
    """Make a change set, and return its changes by logical id."""
    request = stack._request(template, {**BEFORE, **parameters}, None)
    kind = "UPDATE" if stack.cloudformation.describe_stacks()["Stacks"] else "CREATE"
    stack.cloudformation.create_change_set(**request, ChangeSetName="c", ChangeSetType=kind)
    found = stack.cloudformation.describe_change_set(
        StackName=stack.name, ChangeSetName="c", IncludePropertyValues=True
    )
    stack.cloudformation.delete_change_set(StackName=stack.name, ChangeSetName="c")
    return {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"] for one in found["Changes"]}


def targets(change: Any) -> dict[str, Any]:
    return {one["Target"]["Name"]: one["Target"] for one in change["Details"] if "Name" in one["Target"]}


def test_a_replacement_with_what_follows(stack: Stack) -> None:
    """The queue is made anew, and left behind as its condition says; what reads its ARN is known afterwards."""
    stack.create(TEMPLATE, BEFORE)
    found = changes(stack, TEMPLATE, Name="two")
    assert (found["Queue"]["Replacement"], found["Queue"]["PolicyAction"]) == ("True", "ReplaceAndRetain")
    name = targets(found["Queue"])["QueueName"]
    assert (name["RequiresRecreation"], name["BeforeValue"], name["AfterValue"]) == ("Always", "one", "two")
    assert (found["Reader"]["Replacement"], found["Reader"]["Scope"]) == ("False", ["Properties"])
    value = targets(found["Reader"])["Value"]
    assert value["BeforeValue"].endswith(":one")
    assert value["AfterValue"] == "{{changeSet:KNOWN_AFTER_APPLY}}"
    # A type of which ministack itself knows nothing.
    assert targets(found["Group"])["GroupDescription"]["RequiresRecreation"] == "Always"


def test_a_change_in_place_and_a_removal(stack: Stack) -> None:
    """Neither makes anything anew; what is removed goes as its policy says."""
    stack.create(TEMPLATE, {**BEFORE, "Kept": "no"})
    after = TEMPLATE.replace("VisibilityTimeout: 30", "VisibilityTimeout: 60")
    found = changes(stack, after, Kept="no")
    assert {name: change["Replacement"] for name, change in found.items()} == {
        "Queue": "False",
        "Reader": "False",
    }
    gone = TEMPLATE[: TEMPLATE.index("  Queue:")] + TEMPLATE[TEMPLATE.index("  Group:") :]
    found = changes(stack, gone, Kept="no")
    assert (found["Queue"]["Action"], found["Queue"]["PolicyAction"]) == ("Remove", "Delete")


def test_no_value_of_a_hidden_parameter_is_shown(stack: Stack) -> None:
    """As DescribeStacks hides it."""
    stack.create(TEMPLATE, BEFORE)
    found = changes(stack, TEMPLATE, Secret="hunter3")
    assert "hunter" not in str(found)


def test_a_new_stack_in_review_can_be_deleted(stack: Stack) -> None:
    """A change set of type CREATE makes it, and deleting the change set leaves it."""
    assert set(changes(stack, TEMPLATE)) == {"Queue", "Reader", "Group"}
    assert stack.described()["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert stack.delete() == "DELETE_COMPLETE"
