"""Finding the sandbox's process, and never taking another one for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import process, running
from sandbox.place import DEFAULT, Place, Record
from sandbox.running import MODULE
from sandbox.server import environment
from validator.errors import ConfigurationError, TechnicalError

END_SECONDS = 10.0


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place where nothing runs."""
    made = Place.of(tmp_path / "sandbox")
    made.prepare()
    return made


def test_nothing_was_ever_started(tmp_path: Path) -> None:
    """A folder that does not exist is a sandbox that does not run, and is not made by asking."""
    place = Place.of(tmp_path / "none")
    assert process.find(place) is None
    assert not place.directory.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1, "port": 2}'])
def test_a_pid_file_that_cannot_be_read_is_none(place: Place, text: str) -> None:
    """Half a file, or another one, is as good as no file."""
    place.record_file.write_text(text, encoding="utf-8")
    assert process.find(place) is None


def test_a_pid_that_is_gone_is_stale(place: Place) -> None:
    """The record of a process that ended leads to nothing."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    place.write(Record(pid=ended.pid, port=1, token="t"))
    assert process.find(place) is None


def test_the_pid_of_another_process_is_not_ours(place: Place) -> None:
    """A number that the system gave to somebody else since is left alone, also by stop."""
    place.write(Record(pid=os.getpid(), port=1, token="t"))
    assert process.find(place) is None
    assert process.stop(place) is False


def _await_command_line(pid: int) -> None:
    """Wait until a child is its own program: for a moment after its start it has no command line yet."""
    deadline = time.monotonic() + END_SECONDS
    while not running.command_line(pid).strip() and time.monotonic() < deadline:
        time.sleep(0.005)


def test_a_server_that_does_not_answer_is_known_by_its_command(place: Place) -> None:
    """A server that hangs is still ours, so that it can be stopped."""
    command = [sys.executable, "-c", "input()", MODULE, str(place.directory)]
    hanging = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    record = Record(pid=hanging.pid, port=1, token="t")
    place.write(record)
    try:
        _await_command_line(hanging.pid)
        assert process.find(place) == record
        assert process.stop(place) is True
    finally:
        hanging.kill()
        hanging.communicate()
    assert hanging.returncode != 0


def test_not_running_names_the_mend(place: Place) -> None:
    """Exit code 2 with the command to type, for this folder and no other."""
    with pytest.raises(ConfigurationError) as caught:
        process.require(place)
    assert caught.value.problems[0].hint == f"lockstep sandbox start --dir {place.directory}"
    assert caught.value.problems[0].file == str(place.directory)


def test_a_command_names_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Quoted for the shell; the project's own folder is the default and needs no name."""
    monkeypatch.chdir(tmp_path)
    assert Place.of(None).command("stop") == "lockstep sandbox stop"
    assert Place.of(DEFAULT).command("stop") == "lockstep sandbox stop"
    assert Place.of("a b").command("stop") == f"lockstep sandbox stop --dir '{tmp_path}/a b'"


def test_a_stop_makes_no_folder(tmp_path: Path) -> None:
    """Neither where there is none, nor in one that was never a sandbox."""
    assert process.stop(Place.of(tmp_path / "none")) is False
    assert process.stop(Place.of(tmp_path)) is False
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"{x", b"", b"[]", b"\xff\xfe"])
def test_saved_state_that_cannot_be_read_is_told(place: Place, content: bytes) -> None:
    """Broken, cut off, of another shape, no text: each is named, and what is whole is not."""
    (place.state / "sqs.json").write_text("{}", encoding="utf-8")
    (place.state / "s3.json").write_bytes(content)
    assert [file.name for file in place.unreadable()] == ["s3.json"]


def test_a_folder_that_cannot_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    """The folder and the option that chooses another are named."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="cannot be made") as caught:
        process.start(Place.of(tmp_path / "file" / "sandbox"))
    assert "--dir" in caught.value.problems[0].hint


def test_stubs_of_a_server_that_does_not_answer() -> None:
    """It could not be told: exit code 3."""
    with pytest.raises(TechnicalError, match="does not answer"):
        process.stubs(Record(pid=1, port=1, token="t"))


def test_state_that_was_not_saved_whole_is_told(place: Place) -> None:
    """Only files without the marker are half a state."""
    assert place.was_cut_off() is False
    (place.state / "s3").mkdir()
    assert place.was_cut_off() is True
    place.marker.touch()
    assert place.was_cut_off() is False


def test_a_server_that_had_written_nothing_was_cut_off_too(place: Place) -> None:
    """What it held in memory is lost, though its state is empty; one that saved and began again counts anew."""
    place.begin()
    assert place.was_cut_off() is True
    place.marker.touch()
    assert place.was_cut_off() is False
    place.begin()
    assert place.was_cut_off() is True


def test_nothing_of_the_users_aws_gets_in(place: Place) -> None:
    """Functions inherit the server's environment: it holds what it needs and nothing else."""
    inherited = {
        "PATH": "/bin",
        "AWS_PROFILE": "mine",
        "AWS_SESSION_TOKEN": "t",
        "PYTHONPATH": "x",
        "SECRET": "s",
    }
    found = environment(place, 4000, inherited)
    assert {name for name in found if name in inherited} == {"PATH"}
    assert found["AWS_CONFIG_FILE"] == found["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert (found["BIND_HOST"], found["GATEWAY_PORT"]) == ("127.0.0.1", "4000")
    assert all(str(place.directory) in found[name] for name in ("STATE_DIR", "S3_DATA_DIR", "TMPDIR"))


def test_docker_is_never_touched(place: Place) -> None:
    """ministack removes containers of its kind when it finds a daemon; other people's are not ours to remove."""
    host = environment(place, 4000, {"DOCKER_HOST": "unix:///var/run/docker.sock"})["DOCKER_HOST"]
    assert not Path(host.removeprefix("unix://")).exists()


def test_what_nobody_wants_is_ended_at_once(place: Place) -> None:
    """One that saves nothing, and takes no notice of being asked to end; and twice is once."""
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); input()"
    command = [sys.executable, "-c", deaf, MODULE, str(place.directory)]
    hanging = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    place.write(Record(pid=hanging.pid, port=1, token="t"))
    try:
        _await_command_line(hanging.pid)
        with process._locked(place):
            pass
        process.discard(place)
        assert hanging.wait(timeout=1) == -signal.SIGKILL
        process.discard(place)
    finally:
        hanging.kill()
        hanging.communicate()


def test_nothing_to_end_makes_no_folder(tmp_path: Path) -> None:
    process.discard(Place.of(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
