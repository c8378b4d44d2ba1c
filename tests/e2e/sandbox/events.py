"""Rules, buses and queues for tests of events: what a queue got, and templates that several tests share."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.e2e.conftest import Client

WAIT_SECONDS = 10.0

QUEUE = """
  Queue: {Type: AWS::SQS::Queue}
  Allow:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: events.amazonaws.com}
            Action: "sqs:SendMessage"
            Resource: !GetAtt Queue.Arn
            Condition: {StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}}
          - Effect: Deny
            Principal: "*"
            Action: "sqs:*"
            Resource: !GetAtt Queue.Arn
            Condition: {Bool: {"aws:SecureTransport": "false"}}
"""
"""A queue that EventBridge may send to, over TLS alone."""


def role(bus_arn: str) -> str:
    """Return a role with which rules may put events on a bus."""
    return f"""
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{Service: events.amazonaws.com}}
            Action: "sts:AssumeRole"
            Condition: {{StringEquals: {{"aws:SourceAccount": !Ref AWS::AccountId}}}}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{{Effect: Allow, Action: "events:PutEvents", Resource: "{bus_arn}"}}]
"""


def received(sqs: Any, url: str, count: int = 1, seconds: float = WAIT_SECONDS) -> list[dict[str, Any]]:
    """Return the bodies of the messages of a queue as JSON, once there are so many; fewer when the time is over."""
    return [json.loads(message["Body"]) for message in messages(sqs, url, count, seconds)]


def messages(sqs: Any, url: str, count: int = 1, seconds: float = WAIT_SECONDS) -> list[dict[str, Any]]:
    """Return the messages of a queue with their attributes, once there are so many."""
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < deadline:
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0, MessageAttributeNames=["All"]
        )
        batch = answer.get("Messages", [])
        for message in batch:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found += batch
        if not batch:
            time.sleep(0.005)
    return found


def put(
    client: Client, account: str, detail: dict[str, Any], bus: str = "default", region: str = "us-east-1"
) -> str:
    """Put one event of the source `test` on a bus and return its id."""
    entry = {"Source": "test", "DetailType": "Test", "Detail": json.dumps(detail), "EventBusName": bus}
    answer = client("events", account=account, region=region).put_events(Entries=[entry])
    identity: str = answer["Entries"][0]["EventId"]
    return identity
