"""The log of decisions: requests, functions, and what services do as a role (REQ-P8)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from jsonschema import Draft202012Validator

from sandbox import running
from sandbox.place import Record
from tests.e2e.access import Access, compare, granted
from tests.e2e.commands import ROOT, lockstep
from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack

TEMPLATE = """
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: consumer
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Sid: Read, Effect: Allow, Action: ACTIONS, Resource: !GetAtt Queue.Arn}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          import boto3
          def handler(event, context):
              boto3.client("ssm").get_parameter(Name="/not/allowed")
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Queue.Arn, FunctionName: !Ref Function}
Outputs:
  Url: {Value: !Ref Queue}
"""
READS = '["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]'


def _waited(sandbox: Record, role: str, action: str) -> dict[str, Any]:
    """Return the count of a role and action, once there is one."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        for one in running.decision_counts(sandbox):
            if (one["principal"], one["action"]) == (role, action):
                return one
        time.sleep(0.05)
    raise AssertionError(f"{role} never asked for {action}")


def test_calls_of_a_role_are_logged_with_their_statement(
    sandbox: Record, client: Client, account: str
) -> None:
    """Principal, action, resource, decision; the statement that allowed, and that none did."""
    iam = client("iam", account=account)
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
    }
    allow = {"Sid": "Lists", "Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}
    role = iam.create_role(
        RoleName="reader",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    iam.put_role_policy(
        RoleName="reader",
        PolicyName="own",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    before = running.decisions(sandbox)[-1]["number"]
    keys = client("sts", account=account).assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    session = boto3.Session(
        keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name="us-east-1"
    )
    session.client("sqs", endpoint_url=sandbox.endpoint).list_queues()
    with pytest.raises(ClientError):
        session.client("sns", endpoint_url=sandbox.endpoint).publish(
            TopicArn=f"arn:aws:sns:us-east-1:{account}:none", Message="x"
        )
    made = {
        one["action"]: one
        for one in running.decisions(sandbox, since=before)
        if one["principal"] == f"arn:aws:sts::{account}:assumed-role/reader/me"
    }
    assert made["sqs:ListQueues"]["decision"] == "Allow"
    assert made["sqs:ListQueues"]["reason"] == "Explicit allow: Lists"
    assert made["sns:Publish"]["decision"] == "ImplicitDeny"
    assert made["sns:Publish"]["resource"] == f"arn:aws:sns:us-east-1:{account}:none"


def test_functions_and_their_mappings_are_in_the_log(
    sandbox: Record, client: Client, stack: Stack, account: str
) -> None:
    """The function's own call, and what Lambda does as its role to read the queue."""
    role = f"arn:aws:iam::{account}:role/consumer"
    assert stack.create(TEMPLATE.replace("ACTIONS", READS)) == "CREATE_COMPLETE"
    client("sqs", account=account).send_message(QueueUrl=stack.outputs()["Url"], MessageBody="{}")
    assert _waited(sandbox, role, "sqs:ReceiveMessage")["decision"] == "Allow"
    assert _waited(sandbox, role, "ssm:GetParameter")["decision"] == "ImplicitDeny"


def test_grants_are_compared_with_use(sandbox: Record, client: Client, stack: Stack, account: str) -> None:
    """What the function was refused, and what its role has and nobody used."""
    role = f"arn:aws:iam::{account}:role/consumer"
    assert (
        stack.create(TEMPLATE.replace("ACTIONS", READS.replace("]", ', "sqs:SendMessage"]')))
        == "CREATE_COMPLETE"
    )
    client("sqs", account=account).send_message(QueueUrl=stack.outputs()["Url"], MessageBody="{}")
    _waited(sandbox, role, "ssm:GetParameter")
    found = compare(granted(client("iam", account=account), "consumer"), running.decision_counts(sandbox))
    assert found.denied == (Access(role, "ssm:GetParameter"),)
    assert found.unused == (Access(role, "sqs:SendMessage"),)


def test_a_mapping_whose_role_may_not_read_gets_nothing(
    sandbox: Record, client: Client, stack: Stack, account: str
) -> None:
    """The mapping says which action the role lacks, and the message stays in the queue."""
    role = f"arn:aws:iam::{account}:role/consumer"
    assert stack.create(TEMPLATE.replace("ACTIONS", '["sqs:ReceiveMessage"]')) == "CREATE_COMPLETE"
    client("sqs", account=account).send_message(QueueUrl=stack.outputs()["Url"], MessageBody="{}")
    assert _waited(sandbox, role, "sqs:DeleteMessage")["decision"] == "ImplicitDeny"
    mapping = client("lambda", account=account).get_event_source_mapping(UUID=stack.physical("Mapping"))
    assert mapping["LastProcessingResult"] == "PROBLEM: the function's role is not allowed sqs:DeleteMessage"
    held = client("sqs", account=account).receive_message(QueueUrl=stack.outputs()["Url"])["Messages"]
    assert len(held) == 1


def test_the_command_shows_what_was_refused(
    sandbox: Record, operator: Mapping[str, str], client: Client
) -> None:
    """As text with the reason, and as JSON by its schema."""
    client("sts").get_caller_identity()
    folder = str(Path(_log_folder(sandbox)))
    shown = lockstep(operator, "sandbox", "decisions", "--dir", folder, "--format", "json")
    assert shown.returncode == 0, shown.stderr
    document = json.loads(shown.stdout)
    schema = json.loads((ROOT / "tests/schemas/sandbox-decisions.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)
    assert document["summary"]
    denied = lockstep(
        operator, "sandbox", "decisions", "--dir", folder, "--denied", "--principal", "arn:aws:"
    )
    assert denied.returncode == 0
    assert not [line for line in denied.stdout.splitlines() if line.startswith("Allow")]


def _log_folder(sandbox: Record) -> str:
    """Return the folder of the running sandbox, which its process has in its command line."""
    words = running.command_line(sandbox.pid).split()
    return words[words.index("--directory") + 1]
