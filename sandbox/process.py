"""Start and stop the sandbox's process; what finds it is here by name too."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from sandbox.place import HOST, Place, Record
from sandbox.running import MODULE, ask, children, exists, find, require, stubs
from validator.errors import ConfigurationError, TechnicalError

__all__ = ["discard", "find", "remove", "require", "start", "stop", "stubs"]

READY_SECONDS = 60.0
"""How long a start may take on a slow machine; a second is usual."""

STOP_SECONDS = 60.0
"""How long the server may take to save its state before it is killed."""

POLL_SECONDS = 0.02
LOG_TAIL_LINES = 15
ASIDE = ".unreadable"
"""The suffix of saved state that could not be read."""

Progress = Callable[[str], None]


def quiet(message: str) -> None:
    """Tell nobody."""


@contextlib.contextmanager
def _locked(place: Place) -> Iterator[None]:
    """Let one start or stop of a place happen at a time."""
    try:
        place.prepare()
    except OSError as error:
        raise ConfigurationError.single(
            f"the sandbox's folder cannot be made: {error.strerror}",
            file=str(place.directory),
            hint="choose another folder with --dir",
        ) from error
    with place.lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _port_for(place: Place, wanted: int | None) -> int:
    """Return the port to ask for: the wanted one, else the last one, which saved URLs hold; 0 for any."""
    if wanted is not None:
        if not _is_free(wanted):
            raise ConfigurationError.single(
                f"port {wanted} is in use by another process",
                key="--port",
                hint="stop what listens there, choose another port, or leave --port out to get a free one",
            )
        return wanted
    last = place.read()
    return last.port if last is not None and _is_free(last.port) else 0


def _tail(place: Place) -> str:
    try:
        lines = place.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-LOG_TAIL_LINES:])


def start(
    place: Place, *, port: int | None = None, lifeline: int | None = None, progress: Progress = quiet
) -> Record:
    """Start the sandbox of a place, or find the one that runs, and return when it serves.

    `port` is wanted exactly, or any free one; `lifeline` is a process id with whose end the sandbox ends.
    `ConfigurationError` when the port is in use or the running sandbox has another; `TechnicalError` when the
    server does not come up.
    """
    with _locked(place):
        running = find(place)
        if running is not None:
            if port not in (None, running.port):
                raise ConfigurationError.single(
                    f"the sandbox already runs on port {running.port}",
                    key="--port",
                    hint=f"{place.command('stop')}, or leave --port out",
                )
            progress(f"already running on port {running.port}")
            return running
        chosen = _port_for(place, port)
        if place.was_cut_off():
            progress("the last run was cut off before it could save its state: beginning empty")
        else:
            _set_aside(place, progress)
        _clear(place)
        progress("starting")
        return _launch(place, chosen, lifeline, progress)


def _clear(place: Place) -> None:
    """Remove what a server that is gone left behind; its saved state stays."""
    place.record_file.unlink(missing_ok=True)
    shutil.rmtree(place.temporary, ignore_errors=True)
    place.prepare()


def _set_aside(place: Place, progress: Progress) -> None:
    """Rename what cannot be read of the saved state, so that the next stop does not write over it, and say so."""
    unreadable = place.unreadable()
    if not unreadable:
        return
    for file in unreadable:
        file.replace(file.with_suffix(ASIDE))
    names = ", ".join(file.name for file in unreadable)
    progress(
        f"warning: saved state that cannot be read: {names}; beginning without it "
        f"(kept in {place.state} as *{ASIDE})"
    )


def _launch(place: Place, port: int, lifeline: int | None, progress: Progress) -> Record:
    command = [
        sys.executable,
        "-m",
        MODULE,
        "--directory",
        str(place.directory),
        "--port",
        str(port),
    ]
    if lifeline is not None:
        command += ["--lifeline", str(lifeline)]
    with place.log_file.open("ab") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    children[child.pid] = child
    try:
        record = _await_ready(place, child)
    except BaseException:
        _kill_group(child.pid)
        child.wait()
        raise
    progress(f"ready on port {record.port}")
    return record


def _await_ready(place: Place, child: subprocess.Popen[bytes]) -> Record:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise TechnicalError(
                f"the sandbox ended while it started; the end of {place.log_file}:\n{_tail(place)}"
            )
        record = place.read()
        if record is not None and record.pid == child.pid and ask(record, "/_lockstep/sandbox"):
            return record
        time.sleep(POLL_SECONDS)
    raise TechnicalError(f"the sandbox was not ready after {READY_SECONDS:.0f} s; see {place.log_file}")


def _kill_group(pid: int) -> None:
    """End what is left of a server's process group: itself, and the functions it ran."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def stop(place: Place, *, progress: Progress = quiet) -> bool:
    """Stop the sandbox of a place, keeping its state; False when none ran, and then no folder is made."""
    if not place.lock_file.exists() and not place.record_file.exists():
        return False
    with _locked(place):
        record = find(place)
        if record is None:
            _forget(place)
            return False
        progress("saving state")
        os.kill(record.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while exists(record.pid) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if exists(record.pid):
            progress("it does not end by itself: killing it; state since the start is lost")
        _end(record)
        _forget(place)
        return True


def discard(place: Place) -> None:
    """End the sandbox of a place at once, where nobody wants its state; nothing happens where none runs."""
    if not place.lock_file.exists():
        return
    with _locked(place):
        record = find(place)
        if record is not None:
            _end(record)
        _forget(place)


def _end(record: Record) -> None:
    """End what is left of a server and of its functions."""
    _kill_group(record.pid)
    child = children.pop(record.pid, None)
    if child is not None:
        child.wait()


def _forget(place: Place) -> None:
    """Remove what only a running server needs. The record stays: it holds the port to come back on."""
    shutil.rmtree(place.temporary, ignore_errors=True)


def remove(place: Place) -> None:
    """Remove the saved state of a sandbox that is stopped; the next start begins empty."""
    shutil.rmtree(place.state, ignore_errors=True)
