"""Home's functions on a table and topics of their own, for the tests of tracker, announcer and reconciler."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from functions.control import announcer, reconciler, tracker
from pipelines.state.keys import StackKey
from pipelines.state.store import StateStore
from pipelines.tracking.announce import Announcer
from pipelines.tracking.reconciler import Reconciler
from pipelines.tracking.recorder import Recorder
from tests.property.test_tracking import ACCOUNTS, Agent
from tests.unit.tracking.cloud import DEV, REGION, Cloud
from tests.unit.tracking.local import TABLE, LocalDynamoDB, LocalSNS

CONTEXT = SimpleNamespace(
    function_name="tracker",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-west-2:333333333333:function:shared-control-tracker",
    aws_request_id="11111111-1111-4111-8111-111111111111",
)
KEY = StackKey("orders", "dev", DEV, REGION, "lockstep-dev-orders-queue")
RUNBOOKS = "https://github.com/example-org/lockstep/blob/main/docs/runbooks"
TOPICS = {"drift": "arn:drift", "validation": "arn:validation", "rollback": "arn:rollback"}


def no_wait(_seconds: float) -> None:
    """A pause takes no time here."""


class Home:
    """Home's functions on a table and topics of their own."""

    def __init__(self) -> None:
        self.table, self.sns = LocalDynamoDB(attempts=1), LocalSNS()
        self.table.create()
        self.cloud = Cloud()
        self.agent = Agent(self.cloud)
        self.store = StateStore(self.table.client, TABLE, no_wait)
        self.desk = Announcer(self.store, self.sns.client, TOPICS, RUNBOOKS)  # type: ignore[arg-type]
        self.recorder = Recorder(self.store, ACCOUNTS, self.cloud.clock)
        self.reconciler = Reconciler(
            self.store,
            ACCOUNTS,
            self.desk.announce,
            self.cloud.clock,
            no_wait,
        )
        self._announced = 0

    def track(self, *bodies: Any) -> list[str]:
        """Deliver messages in one batch and return the bodies that have to come again."""
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        sent = {"SentTimestamp": "1772443800000"}
        records = [{"messageId": str(n), "body": text, "attributes": sent} for n, text in enumerate(texts)]
        answer = tracker.handler({"Records": records}, CONTEXT)
        return [texts[int(failed["itemIdentifier"])] for failed in answer["batchItemFailures"]]

    def announce(self) -> bool:
        """Deliver what is new in the stream, from where the last batch failed; True where all went well."""
        records = self.table.stream()[self._announced :]
        failures = announcer.handler({"Records": records}, CONTEXT)["batchItemFailures"]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        self._announced += numbers.index(failures[0]["itemIdentifier"]) if failures else len(records)
        return not failures

    def look(self) -> None:
        """Let the agent look at every stack, and home record it."""
        self.agent.bus.bodies.clear()
        self.agent.reconcile(full=True)
        assert self.track(*self.agent.bus.bodies) == []


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    home = Home()
    monkeypatch.setattr(tracker, "recorder", lambda: home.recorder)
    monkeypatch.setattr(announcer, "desk", lambda: home.desk)
    monkeypatch.setattr(reconciler, "reconciler", lambda: home.reconciler)
    yield home


def metrics(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in (json.loads(line) for line in text.splitlines() if '"_aws"' in line):
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
            value = line[metric["Name"]]
            found[metric["Name"]] = found.get(metric["Name"], 0) + sum(
                value if isinstance(value, list) else [value]
            )
    return found
