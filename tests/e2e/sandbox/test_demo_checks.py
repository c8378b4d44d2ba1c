"""The demo holds what it claims: each step of its control plane fails loudly where something else is there (REQ-X1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.board import Board
from pipelines.state.records import Alert
from pipelines.status import Row, Summary
from sandbox import control_demo, drift_demo
from sandbox.drift_demo import BY_HAND, ENVIRONMENT, PROPERTY, STACK, TOPIC, Mailbox, Queue
from tests.e2e.conftest import Client
from validator.errors import FailureError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REGION = "us-west-2"


@pytest.fixture
def aws(client: Client, account: str) -> Any:
    """Return clients of an account of the test's own, as the demo asks for them."""
    return SimpleNamespace(client=lambda service: client(service, account=account, region=REGION))


@pytest.fixture
def topic(aws: Any) -> str:
    """Make a drift topic, published as home publishes it."""
    arn = str(aws.client("sns").create_topic(Name="drift")["TopicArn"])
    aws.client("ssm").put_parameter(Name=TOPIC, Value=arn, Type="String")
    return arn


@pytest.fixture
def queue(aws: Any) -> Queue:
    """Make a queue as the template has it."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="prod-orders-queue", Attributes={PROPERTY: "1209600"})["QueueUrl"]
    return Queue(sqs, url, REGION)


def publish(aws: Any, topic: str, state: str = "found", environment: str = ENVIRONMENT) -> None:
    """Publish a message as the announcer does."""
    document = {
        "state": state,
        "environment": environment,
        "text": "one\ntwo",
        "runbook": "docs/runbooks/drift.md",
    }
    aws.client("sns").publish(
        TopicArn=topic,
        Subject=f"[{environment}] drift {state}",
        Message=json.dumps({**document, "detail": {"stack": STACK}}),
        MessageAttributes={"environment": {"DataType": "String", "StringValue": environment}},
    )


def test_a_message_is_shown_as_it_came(aws: Any, topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the environment that was subscribed to, and of no other."""
    mailbox = Mailbox.subscribed(aws)
    publish(aws, topic, environment="dev")
    publish(aws, topic)
    mailbox.show("found")
    assert capsys.readouterr().out.splitlines()[1:] == [
        "message on the drift topic",
        "  Subject: [prod] drift found",
        "  one",
        "  two",
        "  Runbook: docs/runbooks/drift.md",
    ]
    mailbox.hold_empty()


def test_another_message_than_the_one_that_is_due_fails(aws: Any, topic: str) -> None:
    mailbox = Mailbox.subscribed(aws)
    publish(aws, topic, state="changed")
    with pytest.raises(FailureError, match="should say found of lockstep-prod-orders-queue, and says"):
        mailbox.show("found")


def test_no_message_fails(aws: Any, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift_demo, "MESSAGE_SECONDS", 0.1)
    with pytest.raises(FailureError, match=r"no message said that drift is found \(waited 0 s\)"):
        Mailbox.subscribed(aws).show("found")


def test_what_is_announced_twice_fails(aws: Any, topic: str) -> None:
    mailbox = Mailbox.subscribed(aws)
    publish(aws, topic)
    publish(aws, topic)
    mailbox.show("found")
    with pytest.raises(FailureError, match=r"announced without need: \[prod\] drift found"):
        mailbox.hold_empty()


def test_messages_of_an_earlier_demo_do_not_count(aws: Any, topic: str) -> None:
    """A sandbox that was kept still holds them."""
    Mailbox.subscribed(aws)
    publish(aws, topic)
    Mailbox.subscribed(aws).hold_empty()


def test_the_queue_is_as_before_whatever_happens(queue: Queue) -> None:
    def fail() -> None:
        with drift_demo.changed(queue) as before:
            assert (before, queue.get()) == ("1209600", BY_HAND)
            raise FailureError("drift should be there, and is not")

    with pytest.raises(FailureError, match="and is not"):
        fail()
    assert queue.get() == "1209600"


def board(**changes: Any) -> Board:
    """Return a board on which nothing is amiss, but for what is given."""
    row = Row("dev", "orders", "queue", "111111111111", "us-east-1", "current")
    line = Summary("dev", "orders", parity="as declared")
    return Board(**{"source": "table", "at": NOW, "rows": (row,), "summaries": (line,), **changes})


ALERT = Alert("x", "drift", "dev", "orders", "warning", "found", 1, "d", "one drifted", "", "{}", NOW, NOW)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        (
            {"rows": (Row("dev", "orders", "queue", "111111111111", "us-east-1", "missing"),)},
            "dev/orders/queue in us-east-1 is missing",
        ),
        (
            {"summaries": (Summary("dev", "orders", parity="differs", differences=2),)},
            r"dev/orders: parity is differs \(2\), 0 drifted",
        ),
        (
            {"summaries": (Summary("dev", "orders", parity="as declared", drifted=1),)},
            "as declared .*, 1 drifted",
        ),
        ({"alerts": (ALERT,)}, "alert: one drifted"),
        ({"troubles": (("dev", "gone"),)}, "dev.*gone"),
    ],
)
def test_only_a_table_that_knows_everything_is_settled(
    changes: dict[str, Any], said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.commands.status.board_of", lambda root, environment: board(**changes))
    monkeypatch.setattr(control_demo, "SETTLE_SECONDS", 0.0)
    if said is None:
        assert control_demo.settled() == board()
        return
    with pytest.raises(FailureError, match=rf"does not know what was deployed:\n  .*{said}"):
        control_demo.settled()
