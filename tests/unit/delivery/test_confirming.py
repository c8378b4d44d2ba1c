"""A silent agent is a finding: nobody looked at what was deployed, and the release may be why (REQ-V10, REQ-R4)."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipelines import agents, detection
from pipelines.configuration import ObjectChangedError
from pipelines.delivery import confirming
from pipelines.delivery.bring import Brought
from pipelines.delivery.confirming import confirm
from pipelines.state.records import Census, EnvironmentRelease
from pipelines.state.store import StateStore
from tests.state_table import KEY, START, state
from tests.unit.tracking.local import TABLE, Direct, LocalDynamoDB
from validator.errors import TechnicalError
from validator.findings import Severity

from .records import made_table

LATER = START + timedelta(minutes=10)
"""When the agents are asked."""
DEPLOYED = EnvironmentRelease("orders", "dev", 1, "v1", "sha256:1", "deploying", START, None, "alex")


class Lambda:
    """The service that takes what an agent is asked, or has none of its functions, or refuses."""

    refusal = ""

    def __init__(self, *_: str) -> None:
        pass

    def client(self, _: str) -> Lambda:
        return self

    def invoke(self, **_: Any) -> None:
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal, "Message": "no"}}, "Invoke")


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> StateStore:
    monkeypatch.setattr(agents, "Aws", Lambda)
    monkeypatch.setattr(confirming, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(confirming, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(detection, "WAIT_SECONDS", 0.0)
    LocalDynamoDB().create()
    found = StateStore(Direct(), TABLE, lambda _: None)  # type: ignore[arg-type]
    found.record_state(state())
    return found


def confirmed(table: StateStore, said: list[str] | None = None) -> Brought:
    """Confirm a deployment into dev, which one agent watches."""
    place = {"account": KEY.account, "region": KEY.region, "role_arn": ""}
    agent = SimpleNamespace(path=agents.AGENT, parameters={}, **place)
    project: Any = SimpleNamespace(environments=("dev",), of=lambda name: [agent] if name == "dev" else [])
    recording: Any = SimpleNamespace(clock=lambda: LATER, table=table, begun=(), home=None)
    told = said.append if said is not None else lambda _: None
    return Brought((), (), tuple(confirm(project, "dev", recording, told)))


@pytest.mark.parametrize(
    "census",
    [
        None,
        Census(KEY.account, KEY.region, LATER - timedelta(minutes=1, seconds=1), 1),
        Census(KEY.account, KEY.region, LATER, 2),
        Census(KEY.account, "us-west-2", LATER, 1),
    ],
    ids=["it never reported", "before it was asked", "of more than home has", "of another region"],
)
def test_a_silent_agent_is_a_finding_and_takes_the_release_back(
    table: StateStore, census: Census | None
) -> None:
    if census is not None:
        table.record_census(census)
    said: list[str] = []
    brought = confirmed(table, said)
    (found,) = brought.findings
    assert found.severity is Severity.ERROR
    assert "the agent in 111111111111 us-east-1 did not report within" in found.message
    assert "docs/runbooks/agent.md" in found.remediation
    assert (brought.succeeded, brought.failed) == (False, True)
    assert said == ["waiting for the report of dev, 111111111111 us-east-1"]


def test_an_agent_that_is_not_there_is_a_finding(table: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it, and what looks for drift names it."""
    monkeypatch.setattr(Lambda, "refusal", "ResourceNotFoundException")
    (found,) = confirmed(table).findings
    assert "there is no agent in 111111111111 us-east-1" in found.message


def test_what_aws_refuses_says_nothing_of_the_release(
    table: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken back for that, good releases would go whenever AWS has a bad day."""
    monkeypatch.setattr(Lambda, "refusal", "AccessDenied")
    with pytest.raises(TechnicalError):
        confirmed(table)


class Spoilt:
    """Home with a store in which the manifest of what was deployed is another by now."""

    aws: Any = None

    def table(self) -> Any:
        return self

    def store(self, _by: str) -> Any:
        return self

    def environment_releases(self, *_: str) -> Any:
        yield DEPLOYED

    def release(self, *_: str) -> None:
        return None

    def manifest(self, *_: str) -> Any:
        raise ObjectChangedError("releases/orders", "sha256:1", "sha256:2")


def test_what_verification_finds_takes_the_release_back() -> None:
    """REQ-V10, REQ-R4: nobody watches the environment, and what is wrong counts all the same."""
    project: Any = SimpleNamespace(environments=("dev",), of=lambda _: [])
    home: Any = Spoilt()
    recording: Any = SimpleNamespace(clock=lambda: LATER, table=made_table(), begun=(DEPLOYED,), home=home)
    said: list[str] = []
    (found,) = confirm(project, "dev", recording, said.append)
    assert "releases/orders was changed after it was written" in found.message
    assert said == ["nobody looks for drift in dev: the project has no agent there"]


def test_who_reported_after_all_was_asked_is_waited_for_no_longer(table: StateStore) -> None:
    """A clock that is a minute behind is no silence."""
    table.record_census(Census(KEY.account, KEY.region, LATER - timedelta(minutes=1), 1))
    agent = agents.Agent("dev", KEY.account, KEY.region, "")
    confirming._wait(table, agent, LATER)
