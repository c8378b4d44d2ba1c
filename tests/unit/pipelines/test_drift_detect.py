"""`lockstep drift --detect` waits for what can be checked, and shows what it knows also where it fails (REQ-C4)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipelines import agents, cli, detection, home
from pipelines.agents import Agent
from pipelines.state.records import DriftSummary, StackKey, StackState
from pipelines.state.sequence import observed_seq
from pipelines.state.store import StateStore
from tests.unit.tracking.local import TABLE, LocalDynamoDB
from validator.errors import FailureError, TechnicalError

NOW = datetime.now(UTC)
AGENT = Agent("dev", "111111111111", "us-east-1", "")
ROOT = Path(__file__).parents[3]


class Lambda:
    """The service that takes what an agent is asked."""

    def __init__(self, *_: str) -> None:
        pass

    def client(self, _: str) -> Lambda:
        return self

    def invoke(self, **_: Any) -> None:
        pass


class Somewhere:
    """The service where some agents are not there, and some roles may ask none."""

    gone, refused = {("", "us-west-2"), ("staging", "us-east-1")}, {"prod"}

    def __init__(self, region: str, role_arn: str) -> None:
        self.place = (role_arn, region)

    def client(self, _: str) -> Somewhere:
        return self

    def invoke(self, **_: Any) -> None:
        if self.place[0] in self.refused:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")
        if self.place in self.gone:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "gone"}}, "Invoke")


class Clock:
    """Seconds that pass by sleeping alone; what happens after the first one."""

    def __init__(self, then: Any) -> None:
        self.seconds, self.then = 0.0, then

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        if not self.seconds:
            self.then()
        self.seconds += seconds


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> StateStore:
    monkeypatch.setattr(agents, "Aws", Lambda)
    database = LocalDynamoDB()
    database.create()
    return StateStore(database.client, TABLE, lambda _: None)


def stands(store: StateStore, name: str, status: str) -> StackKey:
    key = StackKey("orders", "dev", AGENT.account, AGENT.region, name)
    stack_id = f"arn:aws:cloudformation:{key.region}:{key.account}:stack/{name}/1"
    seq = observed_seq(NOW, status, stack_id)
    store.record_state(
        StackState(key, stack_id, status, "", "v1", "c", "", NOW, NOW, NOW, seq, None, None, {}, {})
    )
    return key


def drifted(store: StateStore, key: StackKey) -> None:
    store.record_drift(key, DriftSummary("d1", "drifted", 1, (), (), 1, NOW, "sha256:1"))


@pytest.mark.parametrize(
    "status", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"]
)
def test_nobody_waits_for_a_stack_that_cannot_be_checked(store: StateStore, status: str) -> None:
    good = stands(store, "queue", "UPDATE_COMPLETE")
    stands(store, "table", status)
    clock, said = Clock(lambda: drifted(store, good)), list[str]()
    detection.detect([AGENT], store, clock.now, clock.sleep, said.append)
    assert clock.seconds == detection.POLL_SECONDS
    assert said[1:] == [f"table in 111111111111 us-east-1 is not checked: it is {status}"]


def test_a_stack_that_no_agent_looks_at_is_named(store: StateStore) -> None:
    good = stands(store, "queue", "UPDATE_COMPLETE")
    stands(store, "table", "UPDATE_COMPLETE")
    clock = Clock(lambda: drifted(store, good))
    with pytest.raises(FailureError, match="1 stacks were not looked at within 10 minutes: table"):
        detection.detect([AGENT], store, clock.now, clock.sleep, lambda _: None)


EVERYWHERE = [
    AGENT,
    replace(AGENT, region="us-west-2"),
    Agent("staging", "222222222222", "us-east-1", "staging"),
    Agent("prod", "333333333333", "us-east-1", "prod"),
    Agent("prod", "333333333333", "us-west-2", "prod"),
]


def test_everything_that_is_wrong_is_named_at_once(
    store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agents that are there look all the same, and each environment has its mend."""
    monkeypatch.setattr(agents, "Aws", Somewhere)
    good = stands(store, "queue", "UPDATE_COMPLETE")
    stands(store, "table", "UPDATE_COMPLETE")
    clock = Clock(lambda: drifted(store, good))
    with pytest.raises(TechnicalError) as caught:
        detection.detect(EVERYWHERE, store, clock.now, clock.sleep, lambda _: None)
    assert str(caught.value).splitlines() == [
        "there is no agent in 111111111111 us-west-2",
        "  mend: deploy it with `lockstep deploy dev`",
        "there is no agent in 222222222222 us-east-1",
        "  mend: deploy it with `lockstep deploy staging`",
        "the agent in 333333333333 us-east-1, 333333333333 us-west-2 was not asked: "
        "a role cannot be assumed: AccessDenied: no",
        "  mend: see docs/first-deployment.md for the roles that each account needs, and whom they trust",
        "1 stacks were not looked at within 10 minutes: table in 111111111111 us-east-1",
        "  mend: see docs/runbooks/drift.md, and the log of the drift function there",
    ]


def test_no_agent_anywhere_is_a_failure_and_nobody_waits(
    store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "Aws", Somewhere)
    clock = Clock(lambda: None)
    with pytest.raises(FailureError, match="deploy staging"):
        detection.detect(EVERYWHERE[1:3], store, clock.now, clock.sleep, lambda _: None)
    assert clock.seconds == 0


@pytest.mark.parametrize(("place", "code"), [(1, cli.FAILURE), (3, cli.TECHNICAL)])
def test_the_exit_code_says_whether_aws_refused(
    store: StateStore, monkeypatch: pytest.MonkeyPatch, place: int, code: int
) -> None:
    monkeypatch.setattr(agents, "Aws", Somewhere)
    monkeypatch.setattr(home, "home_of", lambda _: SimpleNamespace(table=lambda: store))
    monkeypatch.setattr(agents, "agents_of", lambda *_: [EVERYWHERE[place]])
    assert cli.run(["drift", "dev", "--detect", "--project", str(ROOT)]) == code


def test_what_is_known_is_shown_before_it_fails(
    store: StateStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drifted(store, stands(store, "queue", "UPDATE_COMPLETE"))
    stands(store, "table", "UPDATE_COMPLETE")
    monkeypatch.setattr(home, "home_of", lambda _: SimpleNamespace(table=lambda: store))
    monkeypatch.setattr(agents, "agents_of", lambda *_: [AGENT])
    monkeypatch.setattr(detection, "WAIT_SECONDS", 0.0)
    assert cli.run(["drift", "dev", "--detect", "--project", str(ROOT)]) == cli.FAILURE
    said = capsys.readouterr()
    assert "2 stacks: 1 drifted, 1 not checked" in said.out
    assert "error: 2 stacks were not looked at" in said.err
    assert cli.run(["drift", "dev", "--detect", "--format", "json", "--project", str(ROOT)]) == cli.FAILURE
    assert len(json.loads(capsys.readouterr().out)["stacks"]) == 2
