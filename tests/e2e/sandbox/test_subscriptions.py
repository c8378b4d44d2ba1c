"""Subscriptions of a topic: filters, and the dead letter queue of one whose queue refuses (REQ-C5)."""

from __future__ import annotations

import json

from tests.e2e.conftest import Client
from tests.e2e.sandbox.events import messages
from tests.e2e.sandbox.stacks import Stack

TEMPLATE = """
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Urgent: {Type: AWS::SQS::Queue}
  Closed: {Type: AWS::SQS::Queue}
  Dead: {Type: AWS::SQS::Queue}
  Allow:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Urgent, !Ref Dead]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: sns.amazonaws.com}
            Action: "sqs:SendMessage"
            Resource: "*"
            Condition: {ArnEquals: {"aws:SourceArn": !Ref Topic}}
  Filtered:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Urgent.Arn
      RawMessageDelivery: true
      FilterPolicy: {environment: [prod], severity: [critical]}
  Refused:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Closed.Arn
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn}
Outputs: {Topic: {Value: !Ref Topic}, Urgent: {Value: !Ref Urgent}, Dead: {Value: !Ref Dead}}
"""


def test_filters_and_dead_letters(client: Client, account: str, stack: Stack) -> None:
    """A subscriber gets what its filter names; what a queue refuses is that subscription's dead letter."""
    assert stack.create(TEMPLATE) == "CREATE_COMPLETE", stack.reasons()
    outputs, sns, sqs = stack.outputs(), client("sns", account=account), client("sqs", account=account)
    for severity in ("critical", "info"):
        sns.publish(
            TopicArn=outputs["Topic"],
            Message=severity,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in (("environment", "prod"), ("severity", severity))
            },
        )
    assert [one["Body"] for one in messages(sqs, outputs["Urgent"], 2, 1)] == ["critical"]
    dead = [json.loads(one["Body"])["Message"] for one in messages(sqs, outputs["Dead"], 2)]
    assert sorted(dead) == ["critical", "info"]
