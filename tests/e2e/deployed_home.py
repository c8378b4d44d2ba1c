"""The home of the control plane, deployed once for all tests that begin with one: each gets a sandbox of its own of it.

A sandbox goes on where it was stopped, on another port too if what it saved names that one: addresses of queues, and
whoever published them, hold it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import accounts, process
from sandbox.place import HOST, Place, Record
from tests.e2e.control_plane import copied_project
from tests.e2e.recorded_project import RecordedProject


def started(factory: pytest.TempPathFactory, name: str) -> tuple[Place, Record, RecordedProject]:
    """Return a sandbox that holds the deployed home, and the project it was deployed from, which others read too."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "deployed-home"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        project = _deployed(folder)
    place = Place.of(factory.mktemp(name) / "sandbox")
    port = copied(folder / "sandbox", place)
    record = process.start(place, port=port, lifeline=os.getpid())
    return place, record, replace(project, operator=accounts.variables(record.endpoint))


def _deployed(folder: Path) -> RecordedProject:
    """Deploy home, unless another test did, and stop its sandbox."""
    project, done = RecordedProject(folder / "project", {}), folder / "done"
    if not done.exists():
        place = Place.of(folder / "sandbox")
        record = process.start(place, lifeline=os.getpid())
        try:
            project = copied_project(folder / "project", record.endpoint)
            deployed = project.run("deploy", "shared")
            assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        finally:
            process.stop(place)
        done.touch()
    return project


def copied(stopped: Path, place: Place) -> int:
    """Copy what a stopped sandbox saved to a place that will serve on another port; return that."""
    before = Place.of(stopped).read()
    assert before is not None
    shutil.copytree(stopped / "state", place.state)
    with socket.create_server((HOST, 0)) as probe:
        port = int(probe.getsockname()[1])
    old, new = (f"{HOST}:{each}".encode() for each in (before.port, port))
    for file in place.state.glob("*.json"):
        file.write_bytes(file.read_bytes().replace(old, new))
    return port
