"""The sandbox as a process: started once, found again, stopped, kept, and told from everything else."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from sandbox import accounts, process
from sandbox.place import HOST, Place, Record
from validator.errors import ConfigurationError, TechnicalError

END_SECONDS = 15.0


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Return a place of the test's own; what runs there at the end is stopped, whatever happened."""
    own = Place.of(tmp_path / "sandbox")
    yield own
    process.discard(own)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Record]]:
    """Start a sandbox for tests that neither stop it nor change what is in it."""
    place = Place.of(tmp_path_factory.mktemp("running") / "sandbox")
    yield place, process.start(place)
    process.discard(place)


def _ssm(record: Record) -> object:
    session = boto3.Session(accounts.OPERATOR, accounts.SECRET, region_name="us-east-1")
    return session.client(
        "ssm", endpoint_url=record.endpoint, config=Config(retries={"total_max_attempts": 1})
    )


def _gone(pid: int) -> bool:
    """Wait until a process has ended."""
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_start_twice_is_one_process(running: tuple[Place, Record]) -> None:
    """The second start finds the first, and says so."""
    said: list[str] = []
    place, first = running
    assert process.start(place, progress=said.append) == first == process.find(place)
    assert said == [f"already running on port {first.port}"]


def test_two_starts_at_once_are_one_process(place: Place) -> None:
    """Starts from several processes wait for each other."""
    code = (
        "import sys; from sandbox import process; from sandbox.place import Place; "
        "print(process.start(Place.of(sys.argv[1])).pid)"
    )
    command = [sys.executable, "-c", code, str(place.directory)]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [start.communicate(timeout=60)[0] for start in starts]
    assert len(set(answers)) == 1
    assert process.require(place).pid == int(answers[0])


def test_it_listens_on_loopback_only(running: tuple[Place, Record]) -> None:
    """No other address of this machine answers."""
    _, record = running
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {HOST}:
        with socket.socket() as probe, pytest.raises(OSError, match="refused"):
            probe.connect((str(address), record.port))
    with socket.socket() as probe:
        probe.connect((HOST, record.port))


def test_a_stop_ends_everything_but_the_state(place: Place) -> None:
    """What was made is there again, on the same port, in the same account."""
    record = process.start(place)
    _ssm(record).put_parameter(Name="/kept", Type="String", Value="v")  # type: ignore[attr-defined]
    assert process.stop(place) is True
    with pytest.raises(ProcessLookupError):  # The whole process group goes, and so do functions.
        os.killpg(record.pid, 0)
    assert process.find(place) is None
    again = process.start(place)
    assert again.port == record.port
    found = _ssm(again).get_parameter(Name="/kept")["Parameter"]["Value"]  # type: ignore[attr-defined]
    assert found == "v"


def test_a_killed_sandbox_begins_empty(place: Place) -> None:
    """Half a state is none: after a kill nothing of the run is left, and the user is told."""
    record = process.start(place)
    s3 = boto3.Session(accounts.OPERATOR, accounts.SECRET, region_name="us-east-1").client(
        "s3", endpoint_url=record.endpoint
    )
    s3.create_bucket(Bucket="half")
    s3.put_object(Bucket="half", Key="k", Body=b"x")
    os.killpg(record.pid, signal.SIGKILL)
    assert _gone(record.pid)
    said: list[str] = []
    again = process.start(place, progress=said.append)
    assert any("beginning empty" in message for message in said)
    assert s3.list_buckets()["Buckets"] == []
    assert again.pid != record.pid


def test_two_sandboxes_side_by_side(running: tuple[Place, Record], place: Place) -> None:
    """Each folder is a sandbox of its own; stopping one leaves the other."""
    _, first = running
    second = process.start(place)
    _ssm(second).put_parameter(Name="/mine", Type="String", Value="v")  # type: ignore[attr-defined]
    assert _ssm(first).describe_parameters()["Parameters"] == []  # type: ignore[attr-defined]
    process.stop(place)
    assert process.find(running[0]) == first


def test_a_port_in_use_is_a_configuration_error(place: Place) -> None:
    """The port is named, and so is the mend; nothing is left running."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port} is in use") as caught:
            process.start(place, port=port)
    assert caught.value.problems[0].hint
    assert process.find(place) is None


def test_another_port_than_the_running_one_is_a_configuration_error(running: tuple[Place, Record]) -> None:
    """A running sandbox does not move."""
    place, record = running
    with pytest.raises(ConfigurationError, match=f"already runs on port {record.port}"):
        process.start(place, port=1 + record.port)


def test_the_wanted_port_is_taken(place: Place) -> None:
    """`--port` is exact."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    assert process.start(place, port=port).port == port


def test_it_ends_with_its_lifeline(place: Place) -> None:
    """A sandbox started for another process is gone soon after it."""
    owner = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    record = process.start(place, lifeline=owner.pid)
    owner.communicate(b"\n")
    assert _gone(record.pid)
    assert process.find(place) is None


def test_a_server_that_cannot_start_says_why(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the log is in the message, and no process is left."""
    monkeypatch.setattr(process, "MODULE", "sandbox.no_such_module")
    with pytest.raises(TechnicalError, match="No module named"):
        process.start(place)
    assert process.find(place) is None
