"""How a Python function's process begins: forked from one that has read boto3, on a package that was unpacked once.

ministack unpacks the package for each process and starts an interpreter, which compiles the package and reads boto3:
a second of a core. Here the package is unpacked once for all processes, as what one compiles is the others' too, and
boto3 was read before (`sandbox.nursery`). What cannot be forked is started as ministack does it: a package with
another boto3 of its own, a layer, variables that an interpreter reads when it starts, a system without handles of
processes.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TextIO

from sandbox import nursery
from sandbox.extension.claims import Extension, emulated
from sandbox.extension.lambda_workers import ACQUIRE
from sandbox.extension.names import Name, replace

SUBPROCESS = Name("core.lambda_runtime", "subprocess")

_POINTER = ".lockstep-package"
"""The only file of what ministack unpacks in the place of a package: it names the folder of the package."""

_LAYERS = "_LAMBDA_LAYERS_DIRS"
"""The variable by which ministack tells its processes of layers."""

_unpacking = threading.Lock()
_talking = threading.Lock()
_pointers: dict[bytes, bytes] = {}


def pointer(code: bytes) -> bytes:
    """Unpack a package, unless that was done before, and return a zip that says where it is."""
    with _unpacking:
        if code not in _pointers:
            folder = Path(tempfile.gettempdir(), "packages", hashlib.sha256(code).hexdigest())
            with zipfile.ZipFile(io.BytesIO(code)) as archive:
                archive.extractall(folder)
            written = io.BytesIO()
            with zipfile.ZipFile(written, "w") as archive:
                archive.writestr(_POINTER, str(folder))
            _pointers[code] = written.getvalue()
        return _pointers[code]


class Forked:
    """A process that this one did not start itself; what ministack uses of `subprocess.Popen`."""

    def __init__(self, handle: int, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> None:
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self._handle = handle
        weakref.finalize(self, os.close, handle)

    def poll(self) -> int | None:
        """Return None while the process goes on; how it ended is not known here, and nobody asks."""
        return 0 if self._ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; `subprocess.TimeoutExpired` when it does not come within so many seconds."""
        if not self._ended(timeout):
            raise subprocess.TimeoutExpired("a forked function", timeout or 0.0)
        return 0

    def terminate(self) -> None:
        """Ask the process to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End the process."""
        self._send(signal.SIGKILL)

    def _ended(self, patience: float | None) -> bool:
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(None if patience is None else patience * 1000))

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)


@cache
def _nursery() -> socket.socket:
    """Start the process to fork from; it ends with this one."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with there:
        subprocess.Popen([sys.executable, "-P", str(nursery.__file__)], stdin=there.fileno())
    return here


def _fork(asked: Mapping[str, Any]) -> Forked | None:
    """Return the new process; None where it has to be an ordinary one."""
    (stdin, to_it), (from_it, stdout), (errors, stderr) = (os.pipe() for _ in range(3))
    handles: list[int] = []
    with contextlib.suppress(OSError), _talking:
        socket.send_fds(_nursery(), [json.dumps(asked).encode()], [stdin, stdout, stderr])
        _, handles, _, _ = socket.recv_fds(_nursery(), len(nursery.BEGUN), 1)
    for each in (stdin, stdout, stderr) if handles else (stdin, stdout, stderr, to_it, from_it, errors):
        os.close(each)
    if not handles:
        return None
    return Forked(handles[0], os.fdopen(to_it, "w", buffering=1), os.fdopen(from_it), os.fdopen(errors))


def _begin(command: list[str], **how: Any) -> Any:
    """Begin a process for ministack, which takes it for `subprocess.Popen`."""
    named = Path(how.get("cwd") or ".", _POINTER)
    if not named.is_file():
        return subprocess.Popen(command, **how)
    package = named.read_text(encoding="utf-8")
    shutil.rmtree(named.parent)
    named.parent.symlink_to(package)
    asked = {"package": package, "script": command[1], "folder": how["cwd"], "variables": how["env"]}
    can = hasattr(os, "pidfd_open") and _LAYERS not in how["env"]
    return (can and _fork(asked)) or subprocess.Popen(command, **how)


def _pointing(original: Any) -> Any:
    def acquire(
        func_name: str, config: Any, code_zip: Any, qualifier: str = "$LATEST", max_concurrency: Any = None
    ) -> Any:
        ours = str(config.get("Runtime")).startswith("python")
        return original(
            func_name, config, pointer(code_zip) if ours else code_zip, qualifier, max_concurrency
        )

    return acquire


def _install() -> None:
    replace(ACQUIRE, _pointing)
    replace(SUBPROCESS, lambda original: SimpleNamespace(**{**vars(original), "Popen": _begin}))


EXTENSION = Extension(
    name="lambda_processes",
    claims=(
        emulated(
            "Lambda runtime of Python",
            "forked from a process that has read boto3; a package is unpacked once, and one with another boto3 of "
            "its own gets that",
        ),
    ),
    names=(ACQUIRE, SUBPROCESS),
    install=_install,
)
