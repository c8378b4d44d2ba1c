"""What rules and schedules deliver, and where an event goes that its target refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.conftest import Client
from tests.e2e.sandbox.events import QUEUE, messages, put, received
from tests.e2e.sandbox.functions import ROLE, package
from tests.e2e.sandbox.stacks import Stack

TARGET = f"""
Resources:{QUEUE}
  Dead: {{Type: AWS::SQS::Queue}}
  DeadAllow:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Dead]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {{Effect: Allow, Principal: {{Service: events.amazonaws.com}}, Action: "sqs:SendMessage", Resource: "*"}}
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{AWS: !Sub "arn:aws:iam::${{AWS::AccountId}}:root"}}
            Action: "kms:*"
            Resource: "*"
          - Effect: Allow
            Principal: {{Service: SERVICE}}
            Action: ["kms:Decrypt", "kms:GenerateDataKey*"]
            Resource: "*"
  Secret: {{Type: AWS::SQS::Queue, Properties: {{KmsMasterKeyId: KEY}}}}
  SecretAllow:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Secret]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {{Effect: Allow, Principal: {{Service: events.amazonaws.com}}, Action: "sqs:SendMessage", Resource: "*"}}
  Closed: {{Type: AWS::SQS::Queue}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {{source: [test]}}
      Targets: [{{Id: one, Arn: !GetAtt TARGET.Arn, DeadLetterConfig: {{Arn: !GetAtt Dead.Arn}}}}]
Outputs: {{Target: {{Value: !Ref TARGET}}, Dead: {{Value: !Ref Dead}}}}
"""
FUNCTION = f"""
Resources:{ROLE}
  Dead: {{Type: AWS::SQS::Queue}}
  Allow:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Dead]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {{Effect: Allow, Principal: {{Service: SOURCE.amazonaws.com}}, Action: "sqs:SendMessage", Resource: "*"}}
  Failed: {{Type: AWS::SQS::Queue}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: code.handler
      Role: !GetAtt Role.Arn
      Code: {{S3Bucket: code-BUCKET, S3Key: code.zip}}
      DeadLetterConfig: {{TargetArn: !GetAtt Failed.Arn}}
  MORE
Outputs: {{Dead: {{Value: !Ref Dead}}, Failed: {{Value: !Ref Failed}}}}
"""
RULE = """
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [test]}
      Targets:
        - Id: one
          Arn: !GetAtt Function.Arn
          DeadLetterConfig: {Arn: !GetAtt Dead.Arn}
          InputTransformer: {InputPathsMap: {n: $.detail.n}, InputTemplate: '{"number": <n>}'}
"""
PERMISSION = """
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Function
      Principal: events.amazonaws.com
      SourceArn: !GetAtt Rule.Arn
"""
SCHEDULE = """
  Invoker:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: scheduler.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: "ACTION", Resource: !GetAtt Function.Arn}]
  Schedule:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: rate(1 minute)
      FlexibleTimeWindow: {Mode: "OFF"}
      Target:
        Arn: !GetAtt Function.Arn
        RoleArn: !GetAtt Invoker.Arn
        Input: '{"number": 3}'
        RetryPolicy: {MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60}
        DeadLetterConfig: {Arn: !GetAtt Dead.Arn}
"""


def _letter(client: Client, account: str, url: str) -> dict[str, Any]:
    (letter,) = messages(client("sqs", account=account), url, 1)
    return letter


@pytest.mark.parametrize(
    ("target", "key", "service", "reason"),
    [
        ("Queue", "!Ref Key", "events.amazonaws.com", None),
        ("Secret", "!Ref Key", "events.amazonaws.com", None),
        ("Secret", "!GetAtt Key.Arn", "sns.amazonaws.com", "The key of"),
        ("Secret", "alias/aws/sqs", "events.amazonaws.com", "The key of"),
        ("Closed", "!Ref Key", "events.amazonaws.com", "The policy of"),
    ],
    ids=["policy", "key", "no grant of the key", "AWS's own key", "no policy"],
)
def test_a_queue_takes_what_its_policy_and_key_allow(
    client: Client, account: str, stack: Stack, target: str, key: str, service: str, reason: str | None
) -> None:
    """Policy and key name EventBridge, or the event is a dead letter with the reason."""
    template = TARGET.replace("TARGET", target).replace("KEY", key).replace("SERVICE", service)
    assert stack.create(template) == "CREATE_COMPLETE", stack.reasons()
    identity = put(client, account, {"n": 1})
    outputs = stack.outputs()
    letter = _letter(client, account, outputs["Dead" if reason else "Target"])
    assert json.loads(letter["Body"])["id"] == identity
    shown = letter.get("MessageAttributes", {}).get("ERROR_MESSAGE", {}).get("StringValue")
    assert shown is None if reason is None else shown.startswith(reason)


def _deploy(client: Client, account: str, stack: Stack, more: str, source: str = "events") -> dict[str, str]:
    s3 = client("s3", account=account)
    s3.create_bucket(Bucket=f"code-{account}")
    s3.put_object(
        Bucket=f"code-{account}", Key="code.zip", Body=package("def handler(event, context): 1 / 0")
    )
    template = FUNCTION.replace("MORE", more).replace("BUCKET", account).replace("SOURCE", source)
    assert stack.create(template) == "CREATE_COMPLETE", stack.reasons()
    return stack.outputs()


def test_a_function_that_fails_has_its_own_dead_letters(client: Client, account: str, stack: Stack) -> None:
    """Lambda tries three times, then hands on what the function got: the transformed event."""
    outputs = _deploy(client, account, stack, RULE + PERMISSION)
    put(client, account, {"n": 5})
    (letter,) = received(client("sqs", account=account), outputs["Failed"], 1)
    assert letter["requestPayload"] == {"number": 5}


def test_a_function_that_permits_nothing(client: Client, account: str, stack: Stack) -> None:
    """Without a permission for the rule the event is the rule's dead letter."""
    outputs = _deploy(client, account, stack, RULE)
    put(client, account, {"n": 5})
    attributes = _letter(client, account, outputs["Dead"])["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_a_schedule_keeps_what_the_template_says(client: Client, account: str, stack: Stack) -> None:
    """Rate, retries and dead letter queue are shown by the scheduler, after an update too."""
    template = SCHEDULE.replace("ACTION", "lambda:InvokeFunction")
    _deploy(client, account, stack, template, "scheduler")
    name = stack.physical("Schedule")
    found = client("scheduler", account=account).get_schedule(Name=name)
    assert found["ScheduleExpression"] == "rate(1 minute)"
    assert found["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60}
    assert found["Target"]["DeadLetterConfig"]["Arn"].endswith(stack.physical("Dead").rpartition("/")[2])
