"""From a stack's change to the message on the topic, through everything in between as it is deployed (REQ-C2, REQ-C5).

A stack of dev is updated, so that it is rolled back and then succeeds in turn: each time an alert is found or resolved.
The time goes from CloudFormation's own event of the last status to the arrival in a queue that subscribes to the topic.
On the way are two buses, the agent, the tracker, the table's stream and the announcer.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from datetime import datetime
from typing import Any

from benchmarks.measure import command
from benchmarks.tools import BIN, ROOT

CHANGES = 40
PAUSE_SECONDS = 1.0
"""Between a message and the next change: one thing happens at a time."""

WAIT_SECONDS = 60.0
AIM_MS = 2000
STACK, TOPIC = "lockstep-dev-bench-announce", "/control/shared/topics/RollbackTopicArn"
GOOD = "Resources: {{Value: {{Type: AWS::SSM::Parameter, Properties: {{Type: String, Value: '{number}'}}}}}}"
BAD = """
Resources:
  Value: {{Type: AWS::SSM::Parameter, Properties: {{Type: String, Value: '{number}'}}}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      {{Runtime: python3.13, Handler: a.b, Role: "arn:aws:iam::111111111111:role/r", Code: {{S3Bucket: no, S3Key: no}}}}
"""
TAGS = {
    "Environment": "dev",
    "Workload": "bench",
    "Version": "v1.0.0",
    "SourceCommit": "0" * 40,
    "DeployedAt": "2026-01-01T00:00:00+00:00",
    "CostCenter": "TR-4000",
    "Compliance": "PCI-DSS",
    "ManagedBy": "lockstep",
}


def announce(variables: dict[str, str]) -> list[dict[str, Any]]:
    """Deploy home and dev, change the stack CHANGES times, and tell how long each message took."""
    for environment in ("shared", "dev"):
        command([str(BIN / "lockstep"), "deploy", environment], cwd=ROOT, env={**os.environ, **variables})
    os.environ.update(variables)
    stack, inbox = Changed(variables), Inbox(variables)
    stack.settle()
    taken, names = list[float](), set[str]()
    for number in range(CHANGES):
        ended = stack.change(number)
        identity, arrived = inbox.next(names)
        names.add(identity)
        taken.append((arrived - ended) * 1000)
        time.sleep(PAUSE_SECONDS)
    first, later = taken[0], sorted(taken[1:])
    cuts = statistics.quantiles(later, n=100)
    return [
        {
            "measurement": "from a stack's change to the message on the topic",
            "changes": CHANGES,
            "announced": len(names),
            "announced_twice": inbox.repeated,
            "first_ms": round(first),
            "p50_ms": round(cuts[49]),
            "p95_ms": round(cuts[94]),
            "aim_p95_ms": AIM_MS,
            "slowest_ms": round(later[-1]),
            "load_average": round(os.getloadavg()[0], 1),
        }
    ]


def client(service: str, variables: dict[str, str], account: str, region: str) -> Any:
    """Return a client of the sandbox in an account and a region."""
    import boto3

    session: Any = boto3.Session(account, variables["AWS_SECRET_ACCESS_KEY"], region_name=region)
    return session.client(service, endpoint_url=variables["AWS_ENDPOINT_URL"])


class Changed:
    """The stack that changes."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._cloudformation = client("cloudformation", variables, "111111111111", "us-east-1")

    def settle(self) -> None:
        """Create the stack, and let what deployed before come to rest."""
        self._cloudformation.create_stack(**self._request(GOOD, -1))
        self._end()
        time.sleep(10 * PAUSE_SECONDS)

    def change(self, number: int) -> float:
        """Update the stack, wrongly at even numbers, and return when CloudFormation says that it ended (epoch)."""
        self._cloudformation.update_stack(**self._request(GOOD if number % 2 else BAD, number))
        status, ended = self._end()
        if status != ("UPDATE_COMPLETE" if number % 2 else "UPDATE_ROLLBACK_COMPLETE"):
            raise RuntimeError(f"change {number} ended as {status}")
        return ended

    def _request(self, template: str, number: int) -> dict[str, Any]:
        return {
            "StackName": STACK,
            "TemplateBody": template.format(number=number),
            "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
        }

    def _end(self) -> tuple[str, float]:
        while True:
            newest = next(
                event
                for event in self._cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
                if event["PhysicalResourceId"] == event["StackId"]
            )
            if newest["ResourceStatus"].endswith("_COMPLETE"):
                at: datetime = newest["Timestamp"]
                return newest["ResourceStatus"], at.timestamp()
            time.sleep(0.05)


class Inbox:
    """A queue that gets what the topic sends."""

    def __init__(self, variables: dict[str, str]) -> None:
        where = ("333333333333", "us-west-2")
        self._sqs, sns = client("sqs", variables, *where), client("sns", variables, *where)
        topic = client("ssm", variables, *where).get_parameter(Name=TOPIC)["Parameter"]["Value"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": "*",
                    "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
                }
            ],
        }
        attributes = {"Policy": json.dumps(policy)}
        self._url = self._sqs.create_queue(QueueName="bench-inbox", Attributes=attributes)["QueueUrl"]
        named = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=named["Attributes"]["QueueArn"],
            Attributes={"RawMessageDelivery": "true"},
        )
        self.repeated = 0

    def next(self, known: set[str]) -> tuple[str, float]:
        """Return the id of the next message that is not known, and when it arrived (epoch)."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            answer = self._sqs.receive_message(
                QueueUrl=self._url, WaitTimeSeconds=5, MessageSystemAttributeNames=["SentTimestamp"]
            )
            for message in answer.get("Messages", []):
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                document = json.loads(message["Body"])
                if STACK not in message["Body"]:
                    continue  # of the deployment before
                identity: str = document["id"]
                if identity not in known:
                    return identity, int(message["Attributes"]["SentTimestamp"]) / 1000
                self.repeated += 1
        raise RuntimeError(f"no message within {WAIT_SECONDS:.0f} s")
