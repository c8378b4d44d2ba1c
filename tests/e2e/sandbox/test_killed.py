"""A sandbox that was killed: what it and the commands say, and how work goes on (REQ-C2)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from sandbox import accounts, process
from sandbox.cli import sandbox
from sandbox.place import HOST, Place, Record
from sandbox.running import children
from tests.e2e.commands import BIN, environment, lockstep, orders_root

END_SECONDS = 120
"""How long a command may take to see that nothing answers, on a busy machine; some seconds are usual."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Return a place of the test's own; what runs there at the end is stopped, whatever happened."""
    own = Place.of(tmp_path / "sandbox")
    yield own
    process.discard(own)


def kill(record: Record) -> None:
    """Kill a server and its functions, and wait for the end of it."""
    os.killpg(record.pid, signal.SIGKILL)
    children.pop(record.pid).wait()


def say(place: Place, *arguments: str) -> str:
    """Return what a command of `lockstep sandbox` says to this place, on both outputs."""
    done = CliRunner().invoke(sandbox, [*arguments, "--dir", str(place.directory)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_status_and_start_say_that_state_is_lost(place: Place) -> None:
    """Also of a sandbox that had written nothing: what it held in memory is gone all the same."""
    kill(process.start(place))
    status = say(place, "status")
    assert status.startswith(
        f"not running ({place.directory})\nit was cut off before it could save its state"
    )
    assert place.command("start") in status
    started = say(place, "start")
    assert "cut off before it could save its state: beginning empty" in started
    assert "cut off" not in say(place, "status")
    assert say(place, "stop").endswith("stopped\n")
    assert "cut off" not in say(place, "status") + say(place, "start")


def test_a_stop_after_a_kill_changes_nothing(place: Place) -> None:
    """There is nothing to stop, and the loss is told still."""
    kill(process.start(place))
    assert say(place, "stop") == "was not running\n"
    assert "beginning empty" in say(place, "start")


def test_a_fresh_start_after_a_kill_has_lost_nothing(place: Place) -> None:
    """Whoever wants it empty is not warned that it is."""
    kill(process.start(place))
    assert "cut off" not in say(place, "start", "--fresh")


def test_the_port_of_a_killed_sandbox_may_be_taken_since(place: Place) -> None:
    """Then another one serves, and what listens there is left alone."""
    record = process.start(place)
    kill(record)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((HOST, record.port))
        taken.listen()
        assert "not running" in say(place, "status")
        assert process.start(place).port != record.port


def test_a_start_that_fails_keeps_the_saved_state(place: Place) -> None:
    """A server that cannot be built, as after an upgrade, has not begun and so was not cut off."""
    client = _ssm(process.start(place))
    client.put_parameter(Name="/kept", Type="String", Value="v")
    process.stop(place)
    code = "from sandbox import server; server._application = lambda record: 1 / 0; server.main()"
    failed = [sys.executable, "-c", code, "--directory", str(place.directory)]
    assert subprocess.run(failed, capture_output=True, check=False).returncode != 0
    again = _ssm(process.start(place))
    assert again.get_parameter(Name="/kept")["Parameter"]["Value"] == "v"


@pytest.mark.parametrize(
    "command",
    ["status", "drift dev", "drift dev --detect", "verify dev", "manifest dev --live", "deploy dev"],
)
def test_a_command_on_a_dead_sandbox_says_so(command: str, dead: Record) -> None:
    """Exit code 2: the address, that nothing answers there, and how to start it; no traceback, no long wait."""
    done = lockstep(accounts.variables(dead.endpoint), *command.split())
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stdout + done.stderr
    assert f"nothing answers at {dead.endpoint}: the local AWS is not running" in done.stderr
    assert "lockstep sandbox start" in done.stderr


def test_a_deployment_whose_sandbox_dies_ends_and_can_be_done_again(place: Place) -> None:
    """It says why it ends, with exit code 3; after a start the same command does all of it."""
    record = process.start(place)
    variables = accounts.variables(record.endpoint)
    deploying = subprocess.Popen(
        [str(BIN / "lockstep"), "deploy", "dev"],
        cwd=orders_root(),
        env=environment(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert deploying.stdout is not None
    while "created" not in (line := deploying.stdout.readline()):
        assert line, "it ended before anything was created"
    kill(record)
    said, errors = deploying.communicate(timeout=END_SECONDS)
    assert deploying.returncode == 3, said + errors
    assert "Traceback" not in said + errors
    assert "nothing answers at" in said + errors
    again = process.start(place)
    done = lockstep(accounts.variables(again.endpoint), "deploy", "dev", cwd=orders_root())
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """Return where a sandbox served that was killed."""
    record = process.start(Place.of(tmp_path_factory.mktemp("dead") / "sandbox"))
    kill(record)
    return record


def _ssm(record: Record) -> Any:
    session: Any = boto3.Session(accounts.OPERATOR, accounts.SECRET, region_name="us-east-1")
    return session.client("ssm", endpoint_url=record.endpoint)
