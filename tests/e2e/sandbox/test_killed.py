"""A sandbox that was killed: what it and the commands say, and how work goes on (REQ-C2)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from sandbox import accounts, process
from sandbox.cli import sandbox
from sandbox.place import HOST, Place, Record
from sandbox.running import children
from tests.e2e.commands import HELD, lockstep
from tests.e2e.control_plane import until
from tests.e2e.tiny_project import TinyProject


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


def test_a_stop_after_a_kill_changes_nothing(killed: Place) -> None:
    """There is nothing to stop, and the loss is told still."""
    assert say(killed, "stop") == "was not running\n"
    assert "beginning empty" in say(killed, "start")


def test_a_fresh_start_after_a_kill_has_lost_nothing(killed: Place) -> None:
    """Whoever wants it empty is not warned that it is."""
    assert "cut off" not in say(killed, "start", "--fresh")


def test_the_port_of_a_killed_sandbox_may_be_taken_since(killed: Place, dead: Record) -> None:
    """Then another one serves, and what listens there is left alone."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((HOST, dead.port))
        taken.listen()
        assert "not running" in say(killed, "status")
        assert process.start(killed).port != dead.port


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
def test_a_command_on_a_dead_sandbox_says_so(command: str, dead: Record, project: TinyProject) -> None:
    """Exit code 2: the address, that nothing answers there, and how to start it; no traceback, no long wait."""
    done = lockstep(accounts.variables(dead.endpoint), *command.split(), cwd=project.root)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stdout + done.stderr
    assert f"nothing answers at {dead.endpoint}: the local AWS is not running" in done.stderr
    assert "lockstep sandbox start" in done.stderr


def test_a_deployment_whose_sandbox_dies_ends_and_can_be_done_again(
    place: Place, project: TinyProject
) -> None:
    """It says why it ends, with exit code 3; after a start the same command does all of it.

    Its second stack is held in progress, so that no machine is fast enough to end before.
    """
    record = process.start(place)
    project = replace(project, operator=accounts.variables(record.endpoint))
    project.make_role()
    cloudformation = project.client("cloudformation", account=accounts.ACCOUNTS["dev"], region="us-east-1")
    held = HELD.replace('"10"', '"300"')
    cloudformation.create_stack(StackName="lockstep-dev-orders-second", TemplateBody=held)
    deploying = project.begin("deploy", "dev")
    output = Path(deploying.said[0])
    until("its output", output.exists)
    until("the first stack", lambda: "created" in output.read_text(encoding="utf-8"))
    kill(record)
    done = deploying.ended()
    said = done.stdout + done.stderr
    assert done.returncode == 3, said
    assert "Traceback" not in said
    assert "nothing answers at" in said
    again = replace(project, operator=accounts.variables(process.start(place).endpoint))
    again.deploy("dev")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return the place of a sandbox that was killed, which no test changes."""
    place = Place.of(tmp_path_factory.mktemp("dead") / "sandbox")
    kill(process.start(place))
    return place


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> TinyProject:
    """Return a project with a release, which is nowhere."""
    made = TinyProject.made(tmp_path_factory.mktemp("tiny") / "project", {})
    made.release("v1.0.0")
    return made


@pytest.fixture
def dead(ended: Place) -> Record:
    """Return where a sandbox served that was killed."""
    record = ended.read()
    assert record is not None
    return record


@pytest.fixture
def killed(ended: Place, place: Place) -> Place:
    """Return a place of the test's own, as a sandbox leaves it that was killed there."""
    shutil.copytree(ended.directory, place.directory)
    return place


def _ssm(record: Record) -> Any:
    session: Any = boto3.Session(accounts.OPERATOR, accounts.SECRET, region_name="us-east-1")
    return session.client("ssm", endpoint_url=record.endpoint)
