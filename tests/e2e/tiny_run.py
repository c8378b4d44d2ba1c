"""`lockstep` in a process that dies where a test says: right after its nth call that changes something in AWS or git.

What only reads changes nothing, so that a death beside it is the death after the change before. The clock may go ahead,
as after the lease of a lock; the smoke test is that of the tiny project. Processes come from one that has read the code
already, which costs more than most of what they do.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.client import BaseClient

from pipelines import cli, smoke
from pipelines.commands import deploy, rollback
from pipelines.smoke.trial import Target, Trial

READ_BEFORE = (
    "tests.e2e.tiny_run",
    *("pipelines.deploy", "pipelines.plan.planning", "pipelines.delivery.rollback", "pipelines.verification"),
    *("pipelines.sceptre_plugins", "sceptre.plan.plan", "sceptre.context", "boto3"),
)
"""What every process has read from its beginning."""

READS = ("Get", "Describe", "List", "Head", "BatchGet", "Query", "Scan", "AssumeRole", "Lookup", "Validate")
CHANGING = {"commit-tree", "update-ref", "merge", "push", "tag", "fetch", "worktree"}

_lock = threading.Lock()
_numbers = itertools.count(1)
_counting = threading.Event()


def count(name: str) -> None:
    """Note a call that changed something, and die if it is the one."""
    if not _counting.is_set():
        return
    with _lock:
        number = next(_numbers)
        if log := os.environ.get("TINY_LOG"):
            with Path(log).open("a", encoding="utf-8") as out:
                out.write(f"{name}\n")
        if number == int(os.environ.get("TINY_KILL_AT", "0")):
            os.kill(os.getpid(), signal.SIGKILL)


def answer(target: Target) -> list[Trial]:
    """Try that the second stack published what it made."""
    return [target.tried("second", "second/Value", lambda value: "" if value else "it is empty")]


def late() -> datetime:
    """Return the time, so many minutes ahead."""
    return datetime.now(UTC) + timedelta(minutes=int(os.environ.get("TINY_MINUTES", "0")))


def run(commands: list[list[str]], folder: str, variables: Mapping[str, str], said: tuple[str, str]) -> None:
    """Run command lines in a folder, until one fails; the calls of the last one are counted. Ends the process.

    `variables` are the whole environment, `said` the files that output and errors go to.
    """
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for stream, file in enumerate(said, 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    _watch()
    code = 0
    for command in commands:
        if command is commands[-1]:
            _counting.set()
        if code := cli.run(command):
            break
    sys.exit(code)


def _watch() -> None:
    """Count the calls to AWS and to git, try the tiny project's own stacks, and let the clock go ahead."""
    ask, execute = BaseClient._make_api_call, subprocess.run

    def asked(self: Any, name: str, arguments: Any) -> Any:
        found = ask(self, name, arguments)
        if not name.startswith(READS):
            count(name)
        return found

    def executed(command: Any, *further: Any, **named: Any) -> Any:
        done = execute(command, *further, **named)
        if command[0] == "git" and len(command) > 3 and command[3] in CHANGING:
            count(f"git {command[3]}")
        return done

    BaseClient._make_api_call = asked
    subprocess.run = executed
    smoke.SMOKE["orders", False] = answer  # type: ignore[index]
    deploy.now = rollback.now = late
