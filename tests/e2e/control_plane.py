"""The real control plane on a sandbox of its own, and what tests ask of it: clients, inboxes, trial stacks, waiting."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import jsonschema
from botocore.exceptions import ClientError

from pipelines.configuration import ConfigurationStore
from pipelines.state.records import Refusal, StackKey
from pipelines.state.store import StateStore
from sandbox import accounts
from sandbox.place import Record
from tests.e2e.commands import ROOT, share_wheels
from tests.e2e.recorded_project import COPIED, HOME, LEFT_OUT, RecordedProject

DEV = accounts.ACCOUNTS["dev"]
REGIONS = ("us-east-1", "us-west-2")
"""Where dev has stacks, and so an agent: the control region and the one that a StackSet reaches."""

PATIENCE_SECONDS = 120.0
"""What an event is waited for: seconds on a quiet machine, more where many tests run side by side."""

SCHEMAS = Path(__file__).parents[1] / "schemas"
ALERT, ROLLED_BACK, DELIVERED = (
    json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    for name in ("alert.json", "rolled-back.json", "delivered.json")
)
TOPICS = ("Drift", "Validation", "Rollback", "Alarm")
T = TypeVar("T")

TRIAL = """AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Seconds: {Type: String}
  Taken: {Type: String, Default: ""}
Conditions:
  HasClash: !Not [!Equals [!Ref Taken, ""]]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Ref AWS::StackName, VisibilityTimeout: !Ref Seconds}
  Permission: # of a type whose drift CloudFormation cannot detect
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Deny, Principal: "*", Action: "sqs:PurgeQueue", Resource: !GetAtt Queue.Arn}]
  Clash:
    Type: AWS::SQS::Queue
    Condition: HasClash
    Properties: {QueueName: !Ref Taken}
"""
TAGS = {"ManagedBy": "lockstep", "Environment": "dev", "Workload": "trial", "Version": "v1.0.0"}


def until(what: str, read: Callable[[], T | None], patience: float = PATIENCE_SECONDS) -> T:
    """Return what `read` gives once that is true."""
    deadline = time.monotonic() + patience
    while True:
        found = read()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {patience:.0f} s"
        time.sleep(0.2)


@dataclass(frozen=True, slots=True)
class Inbox:
    """A queue that is subscribed to topics, with every message it ever got, as the schema has it.

    What is no JSON is `told`: that an alarm of an agent changed. Deployments that were taken back are `taken_back`,
    those that came to stay `delivered`.
    """

    sqs: Any
    url: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    taken_back: list[dict[str, Any]] = field(default_factory=list)
    delivered: list[dict[str, Any]] = field(default_factory=list)

    def received(self, fingerprint: str) -> list[dict[str, Any]]:
        """Return what was announced of one thing, in the order of its generations."""
        self.read()
        mine = [each for each in self.messages if each["fingerprint"] == fingerprint]
        return sorted(mine, key=lambda each: int(each["generation"]))

    def read(self) -> None:
        """Take what came."""
        while found := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for each in found:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
                if not each["Body"].startswith("{"):
                    self.told.append(each["Body"])
                    continue
                document = json.loads(each["Body"])
                schema, those = {
                    "rollback": (ROLLED_BACK, self.taken_back),
                    "delivery": (DELIVERED, self.delivered),
                }.get(document["kind"], (ALERT, self.messages))
                jsonschema.validate(document, schema)
                those.append(document)


@dataclass(frozen=True, slots=True)
class Plane:
    """A sandbox with home, and dev with both its agents."""

    record: Record
    project: RecordedProject

    def client(self, service: str, account: str = HOME["account"], region: str = HOME["region"]) -> Any:
        """Return a client of the sandbox, at home unless another place is given."""
        return self.project.client(service, account=account, region=region)

    def parameter(self, name: str) -> str:
        """Return what home publishes under a name."""
        found = self.client("ssm").get_parameter(Name=f"/control/shared/{name}")
        return str(found["Parameter"]["Value"])

    @property
    def table(self) -> StateStore:
        """The state table."""
        return StateStore(self.client("dynamodb"), self.parameter("table/TableName"))

    def store(self, region: str = HOME["region"], bucket: str = "") -> ConfigurationStore:
        """Return what dev wrote to the configuration store, or to its replica; it has read nothing yet."""
        s3 = self.client("s3", region=region)
        return ConfigurationStore(s3, bucket or self.parameter("configuration/BucketName"), "dev")

    def inbox(self, name: str, topics: tuple[str, ...] = TOPICS, **policy: list[str]) -> Inbox:
        """Subscribe a queue to topics, with the subscription's filter policy if there is one."""
        sqs, sns = self.client("sqs"), self.client("sns")
        arn = f"arn:aws:sqs:{HOME['region']}:{HOME['account']}:{name}"
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
        }
        statement = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]}
        url = sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(statement)})["QueueUrl"]
        attributes = {"RawMessageDelivery": "true"} | ({"FilterPolicy": json.dumps(policy)} if policy else {})
        for topic in topics:
            sns.subscribe(
                TopicArn=self.parameter(f"topics/{topic}TopicArn"),
                Protocol="sqs",
                Endpoint=arn,
                Attributes=attributes,
            )
        return Inbox(sqs, url)

    def ask(self, function: str, region: str, request: dict[str, Any], account: str = DEV) -> None:
        """Ask a function to do something, without waiting for it."""
        self.client("lambda", account, region).invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps(request)
        )

    def reconcile(self) -> None:
        """Ask the reconciler for a pass, which its schedule does every 15 minutes."""
        self.ask("shared-control-reconciler", HOME["region"], {}, HOME["account"])

    def refusals(self, reason: str) -> list[Refusal]:
        """Return the events that were refused for a reason."""
        pages = (
            self.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.parameter("table/TableName"),
                FilterExpression="begins_with(pk, :refused)",
                ExpressionAttributeValues={":refused": {"S": "REFUSED#"}},
            )
        )
        found = [Refusal.from_item(item) for page in pages for item in page["Items"]]
        return [one for one in found if one.reason == reason]


@dataclass(frozen=True, slots=True)
class Trial:
    """A small stack of dev in one region, deployed past Lockstep: by CloudFormation alone."""

    plane: Plane
    name: str
    region: str

    @property
    def key(self) -> StackKey:
        """Its key in the state table."""
        return StackKey("trial", "dev", DEV, self.region, self.name)

    @property
    def cloudformation(self) -> Any:
        """A client of its account and region."""
        return self.plane.client("cloudformation", DEV, self.region)

    def change(self, seconds: int, taken: str = "", **creation: str) -> str:
        """Create or update it, and return the status it ends in. `taken` names a queue that it clashes with."""
        request = {
            "StackName": self.name,
            "TemplateBody": TRIAL,
            "Parameters": [
                {"ParameterKey": "Seconds", "ParameterValue": str(seconds)},
                {"ParameterKey": "Taken", "ParameterValue": taken},
            ],
            "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
        }
        try:
            self.cloudformation.describe_stacks(StackName=self.name)
        except ClientError:
            self.cloudformation.create_stack(**request, **creation)
        else:
            self.cloudformation.update_stack(**request)
        return until(f"end of {self.name}", self.ended)

    def ended(self) -> str:
        """Return its status; empty while something is going on."""
        status = str(self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"])
        return "" if status.endswith("IN_PROGRESS") else status

    def recorded(self, status: str, seconds: int) -> bool:
        """Tell whether the state table has it so."""
        state = self.plane.table.state(self.key)
        return state is not None and (state.status, state.parameters.get("Seconds")) == (status, str(seconds))


def copied_project(root: Path, endpoint: str) -> RecordedProject:
    """Copy the whole project into a repository of its own, tagged v1.0.0: what others change meanwhile is not in it."""
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=LEFT_OUT)
    (root / ".gitignore").write_text(".lockstep/\n", encoding="utf-8")
    project = RecordedProject(root, accounts.variables(endpoint))
    project.git("init", "-q", "-b", "main")
    project.commit("v1.0.0")
    share_wheels(root)
    return project
