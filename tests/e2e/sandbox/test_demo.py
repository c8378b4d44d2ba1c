"""How the demo begins and ends: in a project, and without a server left behind. What it shows is in test_orders.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import cli
from sandbox import process
from sandbox.demo import FOLDER
from sandbox.place import Place

PATIENCE_SECONDS = 60
TRADING = "trading now"
DEMO = f"""
import sys, time
from pipelines import cli
from sandbox import demo

def trade(steps, record):
    print("{TRADING}", flush=True)
    time.sleep(float(sys.argv[1]))
    return {{}}

demo._read_project = demo._matrix = lambda: None
demo._run = trade
sys.exit(cli.run(["sandbox", "demo", *sys.argv[2:]]))
"""
"""The demo with a real local AWS, and a wait in place of the deployment and the orders."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Return where the demo of a test's own folder keeps its sandbox; stopped at the end whatever happened."""
    own = Place.of(tmp_path / FOLDER)
    yield own
    process.discard(own)


def _demo(folder: Path, *arguments: str, seconds: float = 0.0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", DEMO, str(seconds), *arguments]
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _until_trading(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    seen = ""
    for line in running.stdout:
        seen += line
        if TRADING in line:
            return seen
    raise AssertionError(f"it ended before: {seen}")


def test_a_kept_sandbox_is_said_and_stopped_by_the_next_demo(tmp_path: Path, place: Place) -> None:
    """`--keep` leaves it running; a later demo says that it found it, and stops it, unless it is to be kept too."""
    kept = _demo(tmp_path, "--keep")
    output, errors = kept.communicate(timeout=PATIENCE_SECONDS)
    assert kept.returncode == cli.SUCCESS, errors
    assert "running already" not in output
    record = process.require(place)

    again = _demo(tmp_path, "--keep")
    output, errors = again.communicate(timeout=PATIENCE_SECONDS)
    assert (again.returncode, "running already, with what it holds; it stays" in output) == (
        cli.SUCCESS,
        True,
    )
    assert process.find(place) == record

    plain = _demo(tmp_path)
    output, errors = plain.communicate(timeout=PATIENCE_SECONDS)
    assert plain.returncode == cli.SUCCESS, errors
    assert "running already, with what it holds; it is stopped at the end" in output
    assert process.find(place) is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_stops_the_sandbox(tmp_path: Path, place: Place, number: signal.Signals) -> None:
    """While orders are posted: exit code 1 without a traceback, and no server is left."""
    running = _demo(tmp_path, seconds=PATIENCE_SECONDS)
    _until_trading(running)
    process.require(place)
    running.send_signal(number)
    _, errors = running.communicate(timeout=PATIENCE_SECONDS)
    assert (running.returncode, errors.strip()) == (cli.FAILURE, "stopped")
    assert process.find(place) is None


def test_a_killed_demo_leaves_no_sandbox(tmp_path: Path, place: Place) -> None:
    """Nothing of the demo runs any more, so the sandbox ends by itself."""
    running = _demo(tmp_path, seconds=PATIENCE_SECONDS)
    _until_trading(running)
    process.require(place)
    running.kill()
    running.communicate()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.find(place) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.find(place) is None


def test_outside_a_project_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 with what is missing, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    assert cli.run(["sandbox", "demo"]) == cli.USAGE
    assert "sceptre/config: there is no Sceptre config hierarchy here" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
