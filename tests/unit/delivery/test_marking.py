"""A tag that cannot be put is told, and fails nothing that stands: else one pushed tag stops rollbacks (REQ-R1)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.commands import delivered as command
from pipelines.delivery import rollback
from pipelines.delivery.bring import Brought
from pipelines.delivery.deliver import Delivered
from pipelines.delivery.returning import mark_if_taken
from pipelines.delivery.rollback import go
from pipelines.delivery.ways import Way, Ways
from pipelines.state.records import EnvironmentRelease
from tests.unit.promotion.good import NOW, deployment

from .records import made_table
from .repositories import Repository
from .test_settling import Said

NAME = "deployed/dev/3"


def one(environment: str = "dev") -> EnvironmentRelease:
    return deployment(environment, number=3, tag="v2")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "work")
    made.git("branch", "env/prod")
    made.with_remote(tmp_path / "remote")
    made.git("push", "-q", "origin", "env/prod")
    return made


def remote(repository: Repository) -> Repository:
    return Repository(repository.root.parent / "remote")


def marked(repository: Repository) -> tuple[str, list[str]]:
    said: Any = Said()
    return mark_if_taken(repository.root, made_table(), [one()], said), said.warned


def test_a_tag_that_somebody_pushed_is_told_and_put_once_it_is_gone(repository: Repository) -> None:
    remote(repository).git("tag", NAME, "v1")
    name, (warned,) = marked(repository)
    assert name == ""
    assert "no tag says yet that dev runs v2" in warned
    assert "it is not moved" in warned and "  mend: " in warned
    assert remote(repository).text(NAME) == "one"
    for each in (repository, remote(repository)):
        each.git("tag", "-d", NAME)
    assert marked(repository) == (NAME, [])
    assert remote(repository).text(NAME) == "two"


def test_a_tag_that_the_remote_refuses_is_told_and_the_next_run_puts_it(repository: Repository) -> None:
    hook = remote(repository).root / "hooks" / "update"
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    name, (warned,) = marked(repository)
    assert name == ""
    assert f"origin did not take refs/tags/{NAME}" in warned
    hook.unlink()
    assert marked(repository) == (NAME, [])
    assert remote(repository).text(NAME) == "two"


def test_a_remote_that_is_gone_is_told(repository: Repository) -> None:
    remote(repository).root.rename(repository.root.parent / "gone")
    name, (warned,) = marked(repository)
    assert name == ""
    assert "no tag says yet that dev runs v2" in warned


def way(environment: str) -> Way:
    latest = {"orders": one(environment)}
    return Way(environment, f"env/{environment}", ("orders",), {}, latest, ())


@pytest.mark.parametrize("state", ["there", "back"])
def test_the_next_environment_is_begun_all_the_same(
    repository: Repository, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote(repository).git("tag", "deployed/prod/3", "v1")
    table = made_table()
    home: Any = SimpleNamespace(table=lambda: table)
    monkeypatch.setattr(rollback, "who", lambda _home: "alex")
    ways = [way("prod"), way("dev")]
    if state == "back":
        plan: Any = SimpleNamespace()
        ways = [replace(each, plan=plan) for each in ways]
        monkeypatch.setattr(
            rollback, "bring", lambda _files, environment, *_: Brought((), (one(environment),), ())
        )
    files: Any = SimpleNamespace(root=repository.root)
    said: Any = Said()
    found = list(go(Ways(repository.root, "v2", files, home, tuple(ways)), said, lambda: NOW))
    assert [(each.state, each.marked) for each in found] == [(state, ""), (state, NAME)]
    assert "no tag says yet that prod runs v2" in said.warned[0]
    assert len(said.warned) == 1


@pytest.mark.parametrize("quiet", [True, False])
def test_a_release_that_stays_without_its_tag_is_a_success(
    quiet: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Delivered(Brought((), (one(),), ()))
    monkeypatch.setattr("pipelines.delivery.deliver.deliver", lambda *_: found)
    options = {"accepted": (), "acknowledged": (), "expected": ""}
    assert command.deliver_release(Path(), "dev", "v2", options, quiet=quiet) == 0
    out = capsys.readouterr().out
    if quiet:
        assert json.loads(out)["marked"] is None
    else:
        assert out == "dev: v2 was there already\n"
