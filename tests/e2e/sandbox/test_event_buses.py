"""Events that a rule forwards to a bus of another account and region (REQ-C2)."""

from __future__ import annotations

import json
import time

import pytest

from tests.e2e.conftest import Client
from tests.e2e.sandbox.events import QUEUE, messages, put, received, role
from tests.e2e.sandbox.stacks import Stack

HOME = "us-west-2"
POLICY = """
  Policy:
    Type: AWS::Events::EventBusPolicy
    Properties:
      EventBusName: !Ref Bus
      StatementId: sources
      Statement:
        Effect: Allow
        Principal: {AWS: "arn:aws:iam::SOURCE:root"}
        Action: "events:PutEvents"
        Resource: !GetAtt Bus.Arn
        Condition: {StringLike: {"events:source": ["aws.cloudformation", "test"]}}
"""
BUS = f"""
Resources:{QUEUE}
  Bus: {{Type: AWS::Events::EventBus, Properties: {{Name: home, Tags: [{{Key: a, Value: b}}]}}}}
  Archive:
    Type: AWS::Events::Archive
    Properties: {{ArchiveName: home, SourceArn: !GetAtt Bus.Arn, RetentionDays: 30}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {{account: [{{anything-but: none}}]}}
      Targets: [{{Id: queue, Arn: !GetAtt Queue.Arn}}]
  POLICY
Outputs: {{Queue: {{Value: !Ref Queue}}, Bus: {{Value: !GetAtt Bus.Arn}}}}
"""
FORWARD = """
Resources:ROLE
  Dead: {Type: AWS::SQS::Queue}
  Allow:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Dead]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: events.amazonaws.com}
            Action: "sqs:SendMessage"
            Resource: !GetAtt Dead.Arn
            Condition: {ArnEquals: {"aws:SourceArn": !GetAtt Rule.Arn}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.cloudformation, test]}
      Targets:
        - Id: home
          Arn: "BUS"
          RoleArn: !GetAtt Role.Arn
          DeadLetterConfig: {Arn: !GetAtt Dead.Arn}
Outputs: {Dead: {Value: !Ref Dead}, Rule: {Value: !GetAtt Rule.Arn}}
"""


@pytest.fixture
def home(client: Client, account: str) -> Stack:
    """Return a stack in the region of the home bus, in the account of the bus."""
    return Stack(client("cloudformation", account=f"8{account[1:]}", region=HOME), "home")


def _bus(source: str, *, policy: bool = True) -> str:
    return BUS.replace("  POLICY", POLICY if policy else "").replace("SOURCE", source)


def _forward(bus: str, granted: str | None = None) -> str:
    return FORWARD.replace("ROLE", role(granted or bus)).replace("BUS", bus)


def test_a_forwarded_event_keeps_its_origin(client: Client, account: str, stack: Stack, home: Stack) -> None:
    """Account, region, id and time stay; the archive of the home bus holds it, and a replay gives it again."""
    assert home.create(_bus(account)) == "CREATE_COMPLETE", home.reasons()
    bus = home.outputs()["Bus"]
    assert stack.create(_forward(bus)) == "CREATE_COMPLETE", stack.reasons()
    sqs = client("sqs", account=f"8{account[1:]}", region=HOME)
    queue = home.outputs()["Queue"]
    received(sqs, queue, 1)  # the forwarding stack's own completion
    identity = put(client, account, {"n": 1})
    (event,) = received(sqs, queue, 1)
    assert (event["id"], event["account"], event["region"]) == (identity, account, "us-east-1")
    assert event["detail"] == {"n": 1}
    events = client("events", account=f"8{account[1:]}", region=HOME)
    archive = events.describe_archive(ArchiveName="home")
    assert (archive["EventSourceArn"], archive["EventCount"], archive["RetentionDays"]) == (bus, 2, 30)
    now = time.time()
    events.start_replay(
        ReplayName="again",
        EventSourceArn=archive["ArchiveArn"],
        EventStartTime=now - 60,
        EventEndTime=now + 60,
        Destination={"Arn": bus},
    )
    again = received(sqs, queue, 2)
    assert [one["id"] for one in again][-1] == identity
    assert {one["replay-name"] for one in again} == {"again"}


def test_a_status_reaches_a_queue_behind_the_home_bus(
    client: Client, account: str, stack: Stack, home: Stack
) -> None:
    """A stack of one account and region is told in another, soon after its status changed."""
    home.create(_bus(account))
    stack.create(_forward(home.outputs()["Bus"]))
    sqs, queue = client("sqs", account=f"8{account[1:]}", region=HOME), home.outputs()["Queue"]
    received(sqs, queue, 1)
    Stack(stack.cloudformation, "watched").create("Resources: {Topic: {Type: AWS::SNS::Topic}}")
    events = received(sqs, queue, 2)
    assert [event["detail"]["status-details"]["status"] for event in events] == [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
    ]


@pytest.mark.parametrize(
    ("policy", "granted", "reason"),
    [
        (False, None, "does not allow"),
        (
            True,
            "arn:aws:events:us-west-2:111111111111:event-bus/other",
            "not authorized to perform events:PutEvents",
        ),
    ],
    ids=["policy of the bus", "role of the rule"],
)
def test_what_is_refused_is_a_dead_letter(
    client: Client, account: str, stack: Stack, home: Stack, policy: bool, granted: str | None, reason: str
) -> None:
    """Both the bus and the role have to allow; the dead letter says which did not, and for which rule and target."""
    home.create(_bus(account, policy=policy))
    bus = home.outputs()["Bus"]
    assert stack.create(_forward(bus, granted)) == "CREATE_COMPLETE", stack.reasons()
    sqs, dead = client("sqs", account=account), stack.outputs()["Dead"]
    messages(sqs, dead, 1)
    identity = put(client, account, {"n": 1})
    (letter,) = messages(sqs, dead, 1)
    assert json.loads(letter["Body"])["id"] == identity
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert reason in attributes.pop("ERROR_MESSAGE")
    assert attributes == {
        "ERROR_CODE": "NO_PERMISSIONS",
        "RULE_ARN": stack.outputs()["Rule"],
        "TARGET_ARN": bus,
        "RETRY_ATTEMPTS": "0",
    }
    home_queue = home.outputs()["Queue"]
    assert received(client("sqs", account=f"8{account[1:]}", region=HOME), home_queue, seconds=0.2) == []


def test_a_policy_that_is_taken_back(client: Client, account: str, stack: Stack, home: Stack) -> None:
    """Without the resource nothing comes in any more, and DescribeEventBus shows no policy."""
    home.create(_bus(account))
    events = client("events", account=f"8{account[1:]}", region=HOME)
    shown = json.loads(events.describe_event_bus(Name="home")["Policy"])
    assert [one["Sid"] for one in shown["Statement"]] == ["sources"]
    home.update(_bus(account, policy=False))
    assert "Policy" not in events.describe_event_bus(Name="home")


def test_permissions_are_put_as_a_whole_policy(client: Client, account: str) -> None:
    """PutPermission takes a policy or one statement, shows what it took, and refuses a bus that does not exist."""
    events = client("events", account=account)
    statement = {
        "Sid": "all",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": "events:PutEvents",
        "Resource": f"arn:aws:events:us-east-1:{account}:event-bus/default",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    answer = events.put_permission(Policy=json.dumps(policy))
    assert set(answer) == {"ResponseMetadata"}
    assert json.loads(events.describe_event_bus()["Policy"]) == policy
    events.put_permission(StatementId="one", Principal="222222222222", Action="events:PutEvents")
    shown = json.loads(events.describe_event_bus()["Policy"])
    assert [one["Sid"] for one in shown["Statement"]] == ["all", "one"]
    with pytest.raises(events.exceptions.ResourceNotFoundException):
        events.put_permission(EventBusName="none", Policy=json.dumps(policy))


def test_an_event_takes_one_hop(client: Client, account: str, stack: Stack, home: Stack) -> None:
    """A bus does not forward what another bus forwarded to it."""
    home.create(_bus(account))
    bus = home.outputs()["Bus"]
    middle = """
Resources:ROLE
  Middle: {Type: AWS::Events::EventBus, Properties: {Name: middle}}
  First:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [test]}
      Targets: [{Id: middle, Arn: !GetAtt Middle.Arn}]
  Second:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Middle
      EventPattern: {source: [test]}
      Targets: [{Id: home, Arn: "BUS", RoleArn: !GetAtt Role.Arn}]
"""
    stack.create(middle.replace("ROLE", role(bus)).replace("BUS", bus))
    put(client, account, {"n": 1})
    put(client, account, {"n": 2}, bus="middle")
    found = received(client("sqs", account=f"8{account[1:]}", region=HOME), home.outputs()["Queue"], 2, 0.5)
    assert [event["detail"] for event in found] == [{"n": 2}]
