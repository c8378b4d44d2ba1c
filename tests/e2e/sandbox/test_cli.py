"""`lockstep sandbox` as a user types it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from sandbox import accounts, process
from sandbox.cli import sandbox
from sandbox.place import Place
from tests.e2e.commands import ROOT
from validator.errors import ConfigurationError

SCHEMAS = ROOT / "tests" / "schemas"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[str]:
    """Return a folder for one sandbox, stopped at the end whatever happened."""
    yield str(tmp_path / "own")
    process.discard(Place.of(tmp_path / "own"))


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Start a sandbox that no test changes; return its folder, and what was said."""
    folder = str(tmp_path_factory.mktemp("started") / "own")
    yield folder, CliRunner().invoke(sandbox, ["start", "--dir", folder]).stdout
    process.discard(Place.of(folder))


def _json(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(sandbox, [*arguments, "--format", "json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    schema = json.loads((SCHEMAS / f"sandbox-{arguments[0]}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(answer)
    return answer


def test_the_life_of_a_sandbox(folder: str) -> None:
    """start, status, env, stop and status again, each with its schema."""
    started = _json("start", "--dir", folder)
    assert started["schema"] == "lockstep/sandbox-start/v1"
    status = _json("status", "--dir", folder)
    assert status["schema"] == "lockstep/sandbox-status/v1"
    assert (status["running"], status["port"], status["stubs"]) == (True, started["port"], [])
    env = _json("env", "--dir", folder)
    assert env["schema"] == "lockstep/sandbox-env/v1"
    assert env["variables"] == accounts.variables(started["endpoint"])
    assert _json("stop", "--dir", folder) == {"schema": "lockstep/sandbox-stop/v1", "stopped": True}
    assert _json("status", "--dir", folder)["running"] is False
    assert _json("stop", "--dir", folder)["stopped"] is False


def test_env_is_for_the_shell(started: tuple[str, str]) -> None:
    """What `env` prints makes a shell the operator, whatever it was before."""
    folder, _ = started
    printed = CliRunner().invoke(sandbox, ["env", "--dir", folder]).stdout
    ask = 'import boto3; print(boto3.client("sts").get_caller_identity()["Account"])'
    script = f"{printed}\n{sys.executable} -c {shlex.quote(ask)}"
    before = {**os.environ, "AWS_PROFILE": "nobody", "AWS_SESSION_TOKEN": "stale", "AWS_REGION": "eu-west-3"}
    shell = subprocess.run(["sh", "-c", script], env=before, capture_output=True, text=True, check=True)
    assert shell.stdout.strip() == accounts.OPERATOR
    assert process.require(Place.of(folder)).endpoint in printed


def test_env_of_a_sandbox_that_does_not_run(folder: str) -> None:
    """The error names the folder and the command that mends it."""
    with pytest.raises(ConfigurationError) as caught:
        CliRunner().invoke(sandbox, ["env", "--dir", folder], catch_exceptions=False)
    problem = caught.value.problems[0]
    assert (problem.file, problem.hint) == (folder, f"lockstep sandbox start --dir {folder}")


def test_fresh_drops_the_state(folder: str) -> None:
    """`--fresh` begins empty, also over a sandbox that runs."""
    first = _json("start", "--dir", folder)
    (Path(folder) / "state" / "left").write_text("x", encoding="utf-8")
    second = _json("start", "--dir", folder, "--fresh")
    assert second["pid"] != first["pid"]
    assert not (Path(folder) / "state" / "left").exists()


def test_text_tells_the_next_step(started: tuple[str, str]) -> None:
    """A person sees the endpoint and what to type next."""
    folder, said = started
    assert f'eval "$(lockstep sandbox env --dir {folder})"' in said
    status = CliRunner().invoke(sandbox, ["status", "--dir", f"{folder}-none"]).stdout
    assert status.startswith("not running")
    assert f"lockstep sandbox start --dir {folder}-none\n" in status


def test_saved_state_that_is_broken_is_told(folder: str) -> None:
    """The start warns on standard error with the files' names, serves, and keeps what it could not read."""
    _json("start", "--dir", folder)
    _json("stop", "--dir", folder)
    files = sorted(Path(folder, "state").glob("*.json"))
    assert files
    for file in files:
        file.write_text("{x", encoding="utf-8")
    result = CliRunner().invoke(sandbox, ["start", "--dir", folder], catch_exceptions=False)
    assert result.exit_code == 0
    (warning,) = [line for line in result.stderr.splitlines() if "warning: " in line]
    assert ", ".join(file.name for file in files) in warning
    assert "beginning without it" in warning
    assert all(file.with_suffix(".unreadable").read_text(encoding="utf-8") == "{x" for file in files)
    _json("stop", "--dir", folder)
    again = CliRunner().invoke(sandbox, ["start", "--dir", folder], catch_exceptions=False)
    assert "warning" not in again.stderr
