"""Where the processes come from in which tests run `lockstep`: one that has read everything before.

It read the code, and botocore's descriptions of services: reading them costs more than most of what a run does, and
botocore reads them again for each session, unless one loader keeps what it read. It is a server of its own, since that
of Python's multiprocessing is one for all that a test process does, and begins with whatever comes first.

Each line of its standard input is a JSON value: a run, which begins, or the number of a process, which is looked at.
Each answer is a line: the number, or the exit code, negative for a signal; null for a process that goes on.
"""

from __future__ import annotations

import gc
import importlib
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
POLL_SECONDS = 0.01
MODULES = (
    *("pipelines.cli", "tests.e2e.tiny_run", "pipelines.deploy", "pipelines.launcher"),
    *("pipelines.verification", "pipelines.detection", "pipelines.github.pulls"),
    *("pipelines.plan.planning", "pipelines.plan.losses", "pipelines.plan.asking"),
    *("pipelines.delivery.deliver", "pipelines.delivery.rollback", "pipelines.delivery.promoting"),
    *("pipelines.delivery.break_glass", "pipelines.promotion.policy_file", "pipelines.packages.upload"),
    *("pipelines.commands.delivered", "pipelines.commands.rollback_text", "pipelines.commands.promote"),
    *("pipelines.sceptre_plugins.hooks", "pipelines.sceptre_plugins.resolvers", "sceptre.plan.plan"),
    *("pipelines.sceptre_plugins.file_resolvers", "sceptre.context", "sceptre.hooks.cmd"),
    *("sceptre.template_handlers.file", "sceptre.resolvers.stack_output", "sceptre.resolvers.file_contents"),
    *("rich.console", "rich.live", "rich.progress", "rich.table", "jsonschema", "boto3", "resolver.file"),
)
SERVICES = ("cloudformation", "dynamodb", "lambda", "s3", "sqs", "ssm", "sts")

_names = itertools.count()
_talking = threading.Lock()


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="lockstep-warm-")


@cache
def _server() -> subprocess.Popen[str]:
    """Return the server, which ends with this process."""
    command = [sys.executable, "-m", __name__]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _ask(value: object) -> Any:
    with _talking:
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(f"{json.dumps(value)}\n")
        server.stdin.flush()
        answer = server.stdout.readline()
        assert answer, f"the server that forks `lockstep` ended: {server.wait()}; its errors say why"
        return json.loads(answer)


def begin(target: str, **arguments: object) -> int:
    """Begin a process that calls `module:function` with these arguments, and ends as it says; return its number."""
    return int(_ask([target, arguments]))


def ended(number: int, patience: float) -> int:
    """Wait for the end of a process, which is killed after so many seconds; return its exit code."""
    deadline = time.monotonic() + patience
    while (code := _ask(number)) is None:
        if time.monotonic() > deadline:
            os.kill(number, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    return int(code)


def run(
    arguments: Sequence[str], folder: Path, variables: Mapping[str, str], patience: float
) -> subprocess.CompletedProcess[str]:
    """Run `lockstep` in a folder, with these variables for its environment, as the installed command runs."""
    base = f"{_folder().name}/{next(_names)}"
    said = [f"{base}.out", f"{base}.err"]
    here = {"folder": str(folder), "variables": dict(variables), "said": said}
    code = ended(begin(f"{__name__}:lockstep", arguments=list(arguments), **here), patience)
    output, errors = (Path(file).read_text(encoding="utf-8") for file in said)
    return subprocess.CompletedProcess(list(arguments), code, output, errors)


def lockstep(arguments: list[str], **here: Any) -> None:
    """Run a command line in this process, and end it."""
    from pipelines import cli

    become(**here)
    sys.argv = ["lockstep", *arguments]
    cli.main()


def become(folder: str, variables: Mapping[str, str], said: Sequence[str]) -> None:
    """Let this process be one that was begun in a folder, with these variables for its environment and no input.

    `said` are the files that its output and errors go to.
    """
    for stream, file in enumerate((os.devnull, *said)):
        opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, stream)
        os.close(opened)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)


def _read_all() -> None:
    import botocore.session

    botocore.session.create_loader = cache(botocore.session.create_loader)
    for name in MODULES:
        importlib.import_module(name)
    session = botocore.session.Session()
    session.set_credentials("none", "none")
    for name in SERVICES:
        session.create_client(name, region_name="us-east-1")
    gc.collect()
    gc.freeze()


def _serve() -> Callable[[], object] | None:
    """Begin processes and look at them, as asked, until nobody asks any more. In a new process return what to run."""
    for line in sys.stdin:
        asked = json.loads(line)
        if isinstance(asked, int):
            number, status = os.waitpid(asked, os.WNOHANG)
            said = os.waitstatus_to_exitcode(status) if number else None
        elif not (said := os.fork()):
            gc.disable()  # They live for seconds.
            module, _, name = asked[0].partition(":")
            return partial(getattr(importlib.import_module(module), name), **asked[1])
        sys.stdout.write(f"{json.dumps(said)}\n")
        sys.stdout.flush()
    return None


if __name__ == "__main__":
    _read_all()
    if (process := _serve()) is not None:
        sys.exit(process())
