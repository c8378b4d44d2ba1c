"""Find the sandbox's process, ask it, and never take another one for it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from sandbox.place import Place, Record
from validator.errors import ConfigurationError, TechnicalError

MODULE = "sandbox.server"
"""What the sandbox's process runs."""

ANSWER_SECONDS = 2.0

children: dict[int, subprocess.Popen[bytes]] = {}
"""Servers that this process started: a child that ended stays a zombie until its parent asks for it."""


def ask(record: Record, path: str) -> Any:
    """Return the JSON answer of the server to one of its own paths; None when there is none."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{record.endpoint}{path}", timeout=ANSWER_SECONDS) as answer:
            return json.loads(answer.read())
    except (OSError, ValueError, urllib.error.URLError):
        return None


def stubs(record: Record) -> list[dict[str, str]]:
    """Return the deployed resources that are only recorded; `TechnicalError` without an answer."""
    return _asked(record, "/_lockstep/stubs", "stubs")


def decisions(record: Record, *, since: int = 0) -> list[dict[str, Any]]:
    """Return the decisions of IAM after a number, oldest first; `TechnicalError` without an answer."""
    return _asked(record, f"/_lockstep/decisions?since={since}", "decisions")


def decision_counts(record: Record) -> list[dict[str, Any]]:
    """Return how often each role got each answer to each action; `TechnicalError` without an answer."""
    return _asked(record, "/_lockstep/decisions?summary=1", "summary")


def _asked(record: Record, path: str, name: str) -> list[dict[str, Any]]:
    answer = ask(record, path)
    if not isinstance(answer, dict) or name not in answer:
        raise TechnicalError(f"the sandbox at {record.endpoint} does not answer")
    return list(answer[name])


def exists(pid: int) -> bool:
    """Tell whether a process runs; one that ended and that nobody has asked for yet does not."""
    child = children.get(pid)
    if child is not None:
        return child.poll() is None
    with contextlib.suppress(OSError):
        if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def command_line(pid: int) -> str:
    """Return the command line of a process; empty when the system does not tell.

    It is empty too for the moment in which a process becomes another program; a server writes its record later.
    """
    listing = Path(f"/proc/{pid}/cmdline")
    with contextlib.suppress(OSError):
        return listing.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    ps = shutil.which("ps")
    if ps is None:
        return ""
    shown = subprocess.run(
        [ps, "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout


def _is_ours(place: Place, record: Record) -> bool:
    """Tell whether the recorded process is this sandbox's server, so that nothing else is ever signalled."""
    if not exists(record.pid):
        return False
    answer = ask(record, "/_lockstep/sandbox")
    if isinstance(answer, dict) and answer.get("token") == record.token:
        return True
    command = command_line(record.pid)
    return MODULE in command and str(place.directory) in command


def find(place: Place) -> Record | None:
    """Return the running sandbox of a place; None when there is none, whatever a stale pid file says."""
    record = place.read()
    return record if record is not None and _is_ours(place, record) else None


def require(place: Place) -> Record:
    """Return the running sandbox of a place; `ConfigurationError` when it does not run."""
    record = find(place)
    if record is None:
        raise ConfigurationError.single(
            "the sandbox is not running", file=str(place.directory), hint=place.command("start")
        )
    return record
