"""Drift in the demo: somebody changes a live queue of prod by hand; it is found, announced, put back, and resolved.

The queue's region is not the control region of prod, so it is the agent which came through the StackSet that looks
(REQ-C4, REQ-C5, REQ-C10).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sandbox.control_demo import CONTROL, home, until
from validator.environments import SHARED
from validator.errors import FailureError

if TYPE_CHECKING:
    from pipelines.aws import Aws
    from pipelines.state.store import StateStore
    from validator.loader import Loaded
    from validator.model import Project

ENVIRONMENT, WORKLOAD, STACK = "prod", "orders", "lockstep-prod-orders-queue"
PROPERTY, BY_HAND = "MessageRetentionPeriod", "86400"
"""One day, where the template has fourteen: orders that nobody took would be gone after a night."""

TOPIC, SUBSCRIBER = "/control/shared/topics/DriftTopicArn", "lockstep-demo-drift"
MESSAGE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A queue that is subscribed to the drift topic, for one environment: what on-call's tool would be."""

    sqs: Any
    url: str

    @classmethod
    def subscribed(cls, aws: Aws) -> Mailbox:
        """Make the queue, empty, and subscribe it, as anybody may with `notifications.subscriptions` or by hand."""
        from pipelines.live import read_parameters

        sqs, topic = aws.client("sqs"), read_parameters(aws, [TOPIC])[TOPIC]
        url = sqs.create_queue(QueueName=SUBSCRIBER)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        wanted = {"FilterPolicy": json.dumps({"environment": [ENVIRONMENT]})}
        aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=wanted)
        mailbox = cls(sqs, url)
        while mailbox.take():  # of an earlier demo, where its sandbox was kept
            pass
        return mailbox

    def take(self) -> dict[str, Any] | None:
        """Take the next message, as SNS delivers it; None where there is none."""
        for message in self.sqs.receive_message(QueueUrl=self.url).get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            envelope: dict[str, Any] = json.loads(message["Body"])
            return envelope
        return None

    def show(self, state: str) -> None:
        """Wait for a message, show its subject and text, and hold that it says `state` of the queue's stack."""
        envelope = until(self.take, lambda: f"no message said that drift is {state}", MESSAGE_SECONDS)
        document = json.loads(envelope["Message"])
        click.echo(f"\nmessage on the drift topic\n  Subject: {envelope['Subject']}")
        click.echo("".join(f"  {line}\n" for line in document["text"].splitlines()), nl=False)
        click.echo(f"  Runbook: {document['runbook']}")
        said = (document["state"], document["environment"], document["detail"].get("stack"))
        if said != (state, ENVIRONMENT, STACK):
            raise FailureError(f"the message should say {state} of {STACK}, and says {said}")

    def hold_empty(self) -> None:
        """Raise FailureError where something was announced a second time."""
        if (more := self.take()) is not None:
            raise FailureError(f"announced without need: {more['Subject']}")


@dataclass(frozen=True, slots=True)
class Queue:
    """The live queue of prod, changed past CloudFormation by plain calls."""

    sqs: Any
    url: str
    region: str

    @classmethod
    def of(cls, loaded: Loaded) -> Queue:
        """Find it by the name that its stack publishes."""
        from pipelines.aws import Aws
        from pipelines.live import read_parameters

        settings: Any = loaded.settings[ENVIRONMENT, WORKLOAD]
        aws, name = (
            Aws(settings.region, settings.deploy_role_arn),
            f"{settings.parameter_root}/queue/QueueUrl",
        )
        return cls(aws.client("sqs"), read_parameters(aws, [name])[name], settings.region)

    def get(self) -> str:
        """Return the property as it is."""
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[PROPERTY])
        return str(answer["Attributes"][PROPERTY])

    def set(self, value: str) -> None:
        """Set the property, as somebody would in the console."""
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={PROPERTY: value})
        click.echo(
            f"{ENVIRONMENT}: sqs.set_queue_attributes({self.url.rsplit('/', 1)[-1]}, {PROPERTY}={value})"
        )


def demonstrate(loaded: Loaded) -> None:
    """Make drift, show that it is found and announced, put it back, show that it is resolved."""
    mailbox, table = Mailbox.subscribed(_operator(loaded.project)), home(loaded.project).table()
    queue = Queue.of(loaded)
    # What was deployed before there was an agent waits for the daily detection: nobody knows of its drift yet.
    _detect(queue, loaded.project, table, expected=set())
    print_matrix("before")
    with changed(queue) as before:
        _detect(queue, loaded.project, table, expected={(STACK, f"/{PROPERTY}", before, BY_HAND)})
        mailbox.show("found")
        print_matrix("with drift")
    _detect(queue, loaded.project, table, expected=set())
    mailbox.show("resolved")
    mailbox.hold_empty()


def _operator(project: Project) -> Aws:
    """Return the clients of whoever deploys the home: subscribing is no matter of reading what is recorded."""
    from pipelines.aws import Aws

    stack = next(one for one in project.of(SHARED) if one.workload == CONTROL)
    return Aws(stack.region, stack.role_arn)


@contextmanager
def changed(queue: Queue) -> Iterator[str]:
    """Change the queue by hand, give what it was before, and put that back whatever happens."""
    before = queue.get()
    queue.set(BY_HAND)
    try:
        yield before
    finally:
        click.echo()
        queue.set(before)


def _detect(queue: Queue, project: Project, table: StateStore, expected: set[tuple[str, ...]]) -> None:
    """Let the agent of the queue's region look for drift, show what it found, and hold that it is what was made."""
    from pipelines.agents import agents_of
    from pipelines.commands.drift import print_drift
    from pipelines.detection import detect
    from pipelines.drift import read_drift

    agents = [agent for agent in agents_of(project, ENVIRONMENT) if agent.region == queue.region]
    detect(agents, table, time.monotonic, time.sleep, click.echo)
    stacks = [
        one for one in read_drift(table, ENVIRONMENT, datetime.now(UTC)) if one.state.key.workload == WORKLOAD
    ]
    click.echo(f"\nlockstep drift {ENVIRONMENT}, workload {WORKLOAD}")
    print_drift(stacks)
    found = {
        (one.state.key.stack, each.path, str(each.expected), str(each.actual))
        for one in stacks
        if one.is_open
        for finding in one.findings
        for each in finding.properties
    }
    if found != expected:
        raise FailureError(f"drift should be {sorted(expected) or 'none'}, and is {sorted(found) or 'none'}")


def print_matrix(when: str) -> None:
    """Print the rows of the environment's workload: a column is enough to see what drifted."""
    from pipelines.commands.status import board_of
    from pipelines.commands.status_text import print_board

    board = board_of(Path(), ENVIRONMENT)
    rows = tuple(row for row in board.rows if row.workload == WORKLOAD)
    lines = tuple(line for line in board.summaries if line.workload == WORKLOAD)
    click.echo(f"\nlockstep status {ENVIRONMENT}, workload {WORKLOAD}, {when}")
    print_board(replace(board, rows=rows, summaries=lines))
