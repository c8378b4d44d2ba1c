"""`lockstep` in a process that dies where a test says: right before its nth write to AWS, git, GitHub or a file.

What only reads changes nothing, so that these are all the states in which a run can leave the world; the last of them
is that of a run which did everything and did not come to say so. The clock may go ahead, as after the lease of a lock.
The smoke test is that of the tiny project, and its checks find nothing: what they find, tests of their own say.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import requests
from botocore.awsrequest import AWSRequest, AWSResponse, HeadersDict
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from pipelines import cli, holding, launcher, smoke
from pipelines.commands import delivered, deploy, rollback
from pipelines.gathering import project
from pipelines.gathering.repository import head
from pipelines.plan.asking import PREFIX
from pipelines.promotion.evidence import Checked
from pipelines.smoke.trial import Target, Trial
from tests.e2e.warm import become

READS = ("Get", "Describe", "List", "Head", "BatchGet", "Query", "Scan", "AssumeRole", "Lookup", "Validate")
CHANGING = {"commit-tree", "update-ref", "merge", "push", "fetch", "worktree", "tag --annotate"}
FILES = {"os.rename", "os.mkdir", "os.symlink", "shutil.rmtree"}
"""What changes a file."""
CACHE = ".lockstep/cache/"
"""What is kept of results is no step: earlier runs decide what is there, and what is not whole is as if it were not."""
OF_PLAN = " of a plan"
END, REFUSED = "end", "refused"
"""The step after the last, when everything is done; and what notes that a step was none after all."""

_lock = threading.Lock()
_numbers = itertools.count(1)
_faults: list[dict[str, Any]] = []
_counting = threading.Event()


def count(name: str) -> int:
    """Note what is going to change something, and die if it is the one. Return its number, 0 where none are counted."""
    if not _counting.is_set():
        return 0
    with _lock:
        number = next(_numbers)
        _note(name)
        if number == int(os.environ.get("TINY_KILL_AT", "0")):
            os.kill(os.getpid(), signal.SIGKILL)
        if name == os.environ.get("TINY_STOP_AT"):
            del os.environ["TINY_STOP_AT"]
            os.kill(os.getpid(), signal.SIGSTOP)
        return number


def _note(line: str) -> None:
    if log := os.environ.get("TINY_LOG"):
        with Path(log).open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")


def answer(target: Target) -> list[Trial]:
    """Try that the second stack published what it made of a value that is not bad; say what is tried by an order."""
    if target.deployed is not None:
        click.echo(f"an order is posted for {target.deployed.name}", err=True)
    return [target.tried("second", "second/Value", lambda value: "it is bad" if "bad" in value else "")]


def looked(root: Path, _today: date) -> project.Looked:
    """Return the result of checks that find nothing in what is checked out."""
    return project.Looked(Checked(head(root)[0], 0, 0), 0)


def late() -> datetime:
    """Return the time, so many minutes ahead as the file TINY_CLOCK has; a test may put them forward."""
    minutes = int(Path(os.environ["TINY_CLOCK"]).read_text(encoding="utf-8"))
    return datetime.now(UTC) + timedelta(minutes=minutes)


def run(commands: Sequence[list[str]], folder: str, variables: Mapping[str, str], said: Sequence[str]) -> int:
    """Run command lines in a folder, until one fails; the steps of the last one are counted.

    `variables` are the whole environment, `said` the files that output and errors go to. Returns the exit code.
    """
    become(folder, variables, said)
    _faults.extend(json.loads(os.environ.get("TINY_FAULTS") or "[]"))
    _inject()
    _watch(Path(folder))
    code = 0
    for command in commands:
        if command is commands[-1]:
            _counting.set()
        if code := cli.run(command):
            break
    count(END)
    _counting.clear()
    return code


def _title(name: str, arguments: Mapping[str, Any]) -> str:
    """Return the name of a step; a plan's change sets are apart from those that are executed."""
    return f"{name}{OF_PLAN}" if str(arguments.get("ChangeSetName")).startswith(PREFIX) else name


def _inject() -> None:
    """Try the tiny project's own stacks, find nothing in it, look often, and let the clock go ahead."""
    smoke.SMOKE["orders", False] = answer  # type: ignore[index]
    project.looked = looked
    launcher.FIRST_WAIT, launcher.LONGEST_WAIT = 0.05, 0.2
    deploy.now = delivered.now = rollback.now = late
    if "TINY_STOP_AT" in os.environ:
        holding.WATCH_SECONDS = 3600.0  # What stood still goes on before anybody else looks at the clock.


def _watch(folder: Path) -> None:
    """Count what changes something in AWS, git, GitHub, or the files below a folder."""
    ask, request = BaseClient._make_api_call, requests.Session.request

    def asked(self: Any, name: str, arguments: Any) -> Any:
        self.meta.events.register("before-send", _fault, unique_id="fault")
        number = 0 if name.startswith(READS) else count(_title(name, arguments))
        try:
            return ask(self, name, arguments)
        except ClientError:
            if number:
                _note(f"{REFUSED} {number}")  # As where it is there already: that changed nothing.
            raise

    def requested(self: Any, method: str, address: str, **further: Any) -> Any:
        if method != "GET":
            count(f"GitHub {method}")
        return request(self, method, address, **further)

    def happens(event: str, details: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen" and details[1][0] == "git":
            _, _, _, command, *further = (str(one) for one in details[1])
            words = (
                f"{command} {further[0]}" if further and f"{command} {further[0]}" in CHANGING else command
            )
            if words in CHANGING:
                count(f"git {words}")
        elif event in FILES or (event == "open" and details[2] & (os.O_WRONLY | os.O_RDWR)):
            path = str(details[0])
            if path.startswith(str(folder)) and CACHE not in path:
                count(f"file {event.rpartition('.')[2]}")

    BaseClient._make_api_call = asked
    requests.Session.request = requested  # type: ignore[method-assign]
    sys.addaudithook(happens)


def _fault(request: AWSRequest, event_name: str, **_: Any) -> AWSResponse | None:
    """Let AWS refuse calls of the last command, as TINY_FAULTS says: which operation, with which code, and how often.

    A fault with `on` comes to every operation, from the first call of that one on.
    """
    operation = event_name.rpartition(".")[2]
    for fault in _faults if _counting.is_set() else ():
        if fault.get("on") == operation:
            fault["operation"] = operation = "*"
            fault["on"] = ""
        if fault.get("operation") in (operation, "*") and fault["times"] > 0:
            fault["times"] -= 1
            return _refused(request, event_name, fault["code"])
    return None


def _refused(request: AWSRequest, event_name: str, code: str) -> AWSResponse:
    error = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    if ".s3." in event_name:
        error = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
    if ".dynamodb." in event_name or ".ssm." in event_name:
        code = code.replace("ExpiredToken", "ExpiredTokenException")
        error = json.dumps({"__type": code, "message": "no"})
    answered = AWSResponse(request.url, 400, HeadersDict({}), io.BytesIO())
    answered._content = error.encode()
    return answered
