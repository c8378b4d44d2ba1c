"""Deploying without gates needs a reason that says something, since it is kept (REQ-G6)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pipelines import recording
from pipelines.attestation import read
from pipelines.attestation.trail import Trail, verify
from pipelines.commands.deploy import refuse_options
from pipelines.configuration.encoding import digest_of
from pipelines.delivery.break_glass import BreakGlass
from pipelines.delivery.returning import Return
from pipelines.recording import _begin
from pipelines.state.records import EnvironmentRelease
from pipelines.state.store import StateStore
from tests.state_table import START, lock_of, release
from tests.unit.delivery.records import made_table
from validator.errors import ConfigurationError

NOTHING: Any = None


class Kept(dict[str, bytes]):
    """A home whose configuration store keeps statements here."""

    def store(self, environment: str) -> Kept:
        assert environment == "dev"
        return self

    def put_evidence(self, text: bytes) -> str:
        self[digest_of(text)] = text
        return digest_of(text)

    def begun(self, table: StateStore, terms: Any) -> EnvironmentRelease:
        """Begin a deployment as a run does that dies after it."""
        one = release("v1")
        reason = terms.why(self, [one])
        return _begin(table, one, lambda: START, "alex", lock_of(table, "dev"), (), ("", reason))


def test_a_run_without_gates_keeps_its_reason_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    table, one = made_table(), release("v1")
    home = Kept()
    home.table = lambda **_: table  # type: ignore[attr-defined]
    hold = SimpleNamespace(locks={"orders": lock_of(table, "dev")}, close=lambda: None)
    for name, value in (("home_of", home), ("who", "alex"), ("keep", [one]), ("agents_of", ())):
        monkeypatch.setattr(recording, name, lambda *_, value=value: value)
    monkeypatch.setattr(recording.Hold, "take", lambda *_: hold)
    stack = SimpleNamespace(workload="orders")
    workspace: Any = SimpleNamespace(project=lambda: SimpleNamespace(of=lambda _environment: [stack]))
    begun = recording.begin(workspace, "dev", NOTHING, lambda: START, glass("a fire"))
    assert begun is not None
    (left,) = begun.begun
    assert left.state == "deploying"
    assert read(home[left.evidence], left.evidence).said["note"] == "without gates: a fire"


def glass(reason: str) -> BreakGlass:
    return BreakGlass("dev", "v1", reason, SimpleNamespace(warn=print))  # type: ignore[arg-type]


def test_the_reason_is_named_from_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies leaves it; another reason, or a way back, does not take its place."""
    monkeypatch.setattr("pipelines.attestation.links.GATED", {"dev"})
    home, table = Kept(), made_table()
    first = home.begun(table, glass("a fire"))
    assert read(home[first.evidence], first.evidence).said["note"] == "without gates: a fire"
    assert first.decision == "", "no gate let it in"
    assert home.begun(table, glass("a fire")) == first, "it is carried on"
    second = home.begun(table, glass("a flood"))
    way = Return("dev", "v1", (), NOTHING, NOTHING, NOTHING)
    third = home.begun(table, way)
    assert home.begun(table, way) == third
    left = tuple(table.environment_releases("orders", "dev"))
    assert [(one.number, one.state) for one in left] == [(3, "deploying"), (2, "failed"), (1, "failed")]
    assert [one.evidence for one in left] == [third.evidence, second.evidence, first.evidence]
    verified = verify(Trail("v1", left, (), ()), lambda _environment, digest: home.get(digest))
    assert verified.flaws == ()
    notes = [one.statement.said["note"] for one in verified.kept]
    assert notes == [
        "v1 comes back, which was good there",
        "without gates: a flood",
        "without gates: a fire",
    ]


@pytest.mark.parametrize("reason", ["", " ", "\t\n", "\u200b", "..."])
@pytest.mark.parametrize("environment", ["dev", "prod", "shared"])
def test_a_blank_reason_is_none(environment: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match="kept with its reason"):
        refuse_options(environment, None, False, reason)


def test_a_reason_is_taken() -> None:
    refuse_options("prod", None, False, "incident 4711")
    refuse_options("dev", None, False, None)
    with pytest.raises(ConfigurationError, match="only a release enters prod"):
        refuse_options("prod", None, False, None)
