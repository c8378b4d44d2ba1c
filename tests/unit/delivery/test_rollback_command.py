"""`lockstep rollback` guesses neither release nor scope, and says how each environment stands (REQ-R1, REQ-R2)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from pipelines import cli
from pipelines.commands.rollback import code
from pipelines.commands.rollback_text import document, say_end
from pipelines.delivery import rollback
from pipelines.delivery.bring import Brought
from pipelines.delivery.rollback import Ended
from pipelines.delivery.ways import Way
from pipelines.deploy import Result
from pipelines.state.records import EnvironmentRelease
from validator.errors import FailureError, PendingError, TechnicalError
from validator.findings import Finding

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "tests" / "schemas" / "rollback.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 3, 2, tzinfo=UTC)
AWAY = EnvironmentRelease("orders", "prod", 2, "v2", "sha256:0", "succeeded", NOW, NOW, "alex")
REGIONS = {"prod/orders/a": "us-east-1", "prod/orders/b": "us-east-1", "prod/orders/c": "us-west-2"}
WAY = Way("prod", "env/prod", ("orders",), REGIONS, {"orders": AWAY}, (AWAY,))
RESULTS = (
    Result("prod/orders/a", "updated"),
    Result("prod/orders/b", "failed", "no\x1b[31m"),
    Result("prod/orders/c", "not started"),
)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name the release"),
        (("v1.0.0", "--last-consistent", "--all"), "name the release"),
        (("v1.0.0",), "say which environments"),
        (("--last-consistent",), "say which environments"),
        (("v1.0.0", "--env", "prod", "--all"), "say which environments"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_nothing_is_guessed(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["rollback", *arguments]) == cli.USAGE
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["v9.9.9", "main", "--", "v1^", "HEAD"])
def test_a_name_that_is_no_release_is_a_mistake_of_usage(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["rollback", "--env", "dev", "--project", str(ROOT), name]) == cli.USAGE
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "TAG: " in said


def test_each_region_says_how_many_stacks_are_back() -> None:
    assert Ended(WAY, "failed", Brought(RESULTS, (), ())).regions() == {
        "us-east-1": (1, 2),
        "us-west-2": (0, 1),
    }
    assert Ended(WAY, "there").regions() == {"us-east-1": (2, 2), "us-west-2": (1, 1)}
    assert Ended(WAY, "not begun").regions() == {"us-east-1": (0, 2), "us-west-2": (0, 1)}


@pytest.mark.parametrize("dry", [True, False])
def test_the_document_is_as_its_schema_says(dry: bool) -> None:
    finding = Finding("release", "error", "", "Drift", None, "it drifted", "put it back", ("prod",))
    ended = [
        Ended(WAY, "back", Brought(RESULTS[:1], (AWAY,), ()), "deployed/prod/3"),
        Ended(WAY, "there"),
        Ended(WAY, "planned"),
        Ended(WAY, "failed", Brought(RESULTS, (AWAY,), (finding,))),
        Ended(WAY, "failed", error=TechnicalError("origin did not take it")),
        Ended(WAY, "not begun"),
    ]
    said = {"schema": "lockstep/rollback/v1", **document("v1", ended, dry=dry)}
    jsonschema.validate(said, SCHEMA)
    assert [one["state"] for one in said["environments"]] == [one.state for one in ended]
    assert said["environments"][4]["error"] == "origin did not take it"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, cli.FAILURE),
        (FailureError("no"), cli.FAILURE),
        (PendingError("not yet"), cli.PENDING),
        (TechnicalError("broken"), cli.TECHNICAL),
    ],
)
def test_the_exit_code_says_what_stopped_it(error: FailureError | None, expected: int) -> None:
    assert code([Ended(WAY, "back"), Ended(WAY, "failed", error=error), Ended(WAY, "not begun")]) == expected


def test_a_success_is_one() -> None:
    assert code([Ended(WAY, "back"), Ended(WAY, "there")]) == cli.SUCCESS


def test_what_failed_is_told_after_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    ended = [Ended(WAY, "failed", Brought(RESULTS, (), ())), Ended(WAY, "not begun")]
    with pytest.raises(FailureError, match="did not come back whole in prod") as raised:
        say_end("v1", ended)
    assert "prod/orders/b: failed: no" in str(raised.value)
    assert "carries on" in str(raised.value)
    out = capsys.readouterr().out
    assert "1 of 2" in out
    assert "not begun" in out


def test_stacks_that_somebody_stopped_are_no_failure_with_a_cause(capsys: pytest.CaptureFixture[str]) -> None:
    left = (Result("prod/orders/a", "interrupted", "it carries on"), Result("prod/orders/b", "not started"))
    with pytest.raises(FailureError, match="prod: stopped at your request, with v1 on its way") as raised:
        say_end("v1", [Ended(WAY, "failed", Brought(left, (), ()))])
    assert "prod/orders/a: interrupted: it carries on" in str(raised.value)
    assert "run the same command again" in str(raised.value)
    assert "correct the cause" not in str(raised.value)
    assert "0 of 2" in capsys.readouterr().out


def test_who_stops_it_between_two_environments_sees_which_is_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """REQ-R2: with the tag of the first on its way, its stacks are back all the same, and nothing else is begun."""
    nothing: Any = SimpleNamespace(name="", summary="")
    ways: Any = SimpleNamespace(
        root=Path(),
        tag="v1",
        ways=(replace(WAY, plan=nothing), replace(WAY, environment="dev", plan=nothing)),
        workspace=SimpleNamespace(root=Path()),
        home=SimpleNamespace(table=lambda: None),
    )

    def stop(*_: object) -> str:
        raise KeyboardInterrupt

    brought = Brought(tuple(Result(name, "updated") for name in REGIONS), (), ())
    for name in ("refuse_uncommitted", "_refuse_odd", "checked_out", "_terms"):
        monkeypatch.setattr(rollback, name, lambda *_: None)
    monkeypatch.setattr(rollback, "bring", lambda *_: brought)
    monkeypatch.setattr(rollback, "mark_if_taken", stop)
    ended = list(rollback.go(ways, nothing, lambda: NOW))
    assert [one.state for one in ended] == ["back", "not begun"]
    assert code(ended) == cli.FAILURE
    with pytest.raises(
        FailureError, match="prod: stopped at your request: v1 stands, and no tag may say so yet"
    ):
        say_end("v1", ended)
    assert "2 of 2" in capsys.readouterr().out


def test_what_was_found_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """REQ-R1: a later job goes back to the release that this one looked at, whatever is consistent by then."""

    def looked(root: Path, tag: str, *_: object) -> None:
        raise FailureError(f"{tag} was looked at")

    monkeypatch.setattr("pipelines.delivery.rollback.newest_consistent", lambda *_: "v1.2.3")
    monkeypatch.setattr("pipelines.delivery.ways.ways_of", looked)
    outputs = tmp_path / "outputs"
    outputs.write_text("before=1\n", encoding="utf-8")
    arguments = ["--last-consistent", "--env", "dev", "--dry-run", "--project", str(ROOT)]
    assert cli.run(["rollback", *arguments, "--outputs", str(outputs)]) == cli.FAILURE
    assert outputs.read_text(encoding="utf-8") == "before=1\nrelease=v1.2.3\n"
