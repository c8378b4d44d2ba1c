"""CloudFormation's events on EventBridge, with the fields that AWS documents (REQ-C2)."""

from __future__ import annotations

from tests.e2e.conftest import Client
from tests.e2e.sandbox.events import QUEUE, received
from tests.e2e.sandbox.stacks import Stack

WATCH = f"""
Resources:{QUEUE}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [aws.cloudformation]
        resources: [{{wildcard: "arn:aws:cloudformation:*:stack/watched/*"}}]
      Targets: [{{Id: queue, Arn: !GetAtt Queue.Arn}}]
Outputs: {{Queue: {{Value: !Ref Queue}}}}
"""
WATCHED = (
    "Resources: {{Topic: {{Type: AWS::SNS::Topic, Properties: {{TopicName: watched, DisplayName: {name}}}}}}}"
)
BROKEN = """
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: a.b
      Role: "arn:aws:iam::111111111111:role/r"
      Code: {S3Bucket: no, S3Key: no}
"""


def _statuses(events: list[dict[str, object]]) -> list[str]:
    return [event["detail"]["status-details"]["status"] for event in events]  # type: ignore[index]


def test_each_status_of_a_stack_is_an_event(client: Client, account: str, stack: Stack) -> None:
    """Creation, update and deletion, in order, each with its own id, about that stack, with the caller's token."""
    assert stack.create(WATCH) == "CREATE_COMPLETE", stack.reasons()
    queue, sqs = stack.outputs()["Queue"], client("sqs", account=account)
    watched = Stack(stack.cloudformation, "watched")
    watched.create(WATCHED.format(name="one"), ClientRequestToken="mine")
    watched.update(WATCHED.format(name="two"))
    identity = watched.described()["StackId"]
    watched.delete()
    events = received(sqs, queue, 6)
    assert _statuses(events) == [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
    ]
    assert len({event["id"] for event in events}) == len(events)
    first = dict(events[0])
    assert first.pop("id")
    assert first.pop("time").endswith("Z")
    assert first == {
        "version": "0",
        "source": "aws.cloudformation",
        "detail-type": "CloudFormation Stack Status Change",
        "account": account,
        "region": "us-east-1",
        "resources": [identity],
        "detail": {
            "stack-id": identity,
            "status-details": {"status": "CREATE_IN_PROGRESS", "status-reason": "User Initiated"},
            "client-request-token": "mine",
        },
    }


def test_a_failure_is_told_with_its_reason(client: Client, account: str, stack: Stack) -> None:
    """A creation that fails ends in ROLLBACK_COMPLETE, and tells the reasons that CloudFormation records."""
    stack.create(WATCH)
    watched = Stack(stack.cloudformation, "watched")
    assert watched.create(BROKEN) == "ROLLBACK_COMPLETE"
    events = received(client("sqs", account=account), stack.outputs()["Queue"], 3)
    assert _statuses(events) == ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    recorded = stack.cloudformation.describe_stack_events(StackName="watched")["StackEvents"]
    own = [event for event in recorded if event["ResourceType"] == "AWS::CloudFormation::Stack"]
    reasons = {event["ResourceStatus"]: event.get("ResourceStatusReason", "") for event in own}
    for event in events:
        told = event["detail"]["status-details"]
        assert told["status-reason"] == reasons[told["status"]]
    assert reasons["ROLLBACK_IN_PROGRESS"]


def test_another_region_has_its_own_events(client: Client, account: str, stack: Stack) -> None:
    """A stack of one region is not told on the bus of another."""
    stack.create(WATCH)
    Stack(client("cloudformation", account=account, region="eu-west-1"), "watched").create(
        WATCHED.format(name="one")
    )
    assert received(client("sqs", account=account), stack.outputs()["Queue"], seconds=0.3) == []


def test_drift_detection_is_told_at_its_start_and_end(client: Client, account: str, stack: Stack) -> None:
    """Two events with the detection's id: -1 while it runs, then how many resources drifted."""
    stack.create(WATCH)
    watched = Stack(stack.cloudformation, "watched")
    watched.create(WATCHED.format(name="one"))
    sqs, queue = client("sqs", account=account), stack.outputs()["Queue"]
    assert len(received(sqs, queue, 2)) == 2
    client("sns", account=account).set_topic_attributes(
        TopicArn=f"arn:aws:sns:us-east-1:{account}:watched",
        AttributeName="DisplayName",
        AttributeValue="by hand",
    )
    started = stack.cloudformation.detect_stack_drift(StackName="watched")["StackDriftDetectionId"]
    events = received(sqs, queue, 2)
    identity = watched.described()["StackId"]
    assert [event["detail"] for event in events] == [
        {
            "stack-id": identity,
            "stack-drift-detection-id": started,
            "status-details": {"stack-drift-status": drift, "detection-status": detection},
            "drift-detection-details": {"drifted-stack-resource-count": count},
            "client-request-token": "",
        }
        for drift, detection, count in (
            ("UNKNOWN", "DETECTION_IN_PROGRESS", -1),
            ("DRIFTED", "DETECTION_COMPLETE", 1),
        )
    ]
    assert {event["detail-type"] for event in events} == {"CloudFormation Drift Detection Status Change"}
