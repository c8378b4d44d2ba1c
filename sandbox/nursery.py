"""The process that Python functions are forked from: it has read boto3 and botocore, which Lambda's runtime has too.

Reading them costs more than all else that a cold start does. `sandbox.extension.lambda_processes` starts one a sandbox
and asks it through a socket: a JSON message with the streams of the new process beside it. The answer is a message
with a handle of that process beside it, or one without where the process has to be an ordinary one.

It runs alone, with nothing of this repository in it, so that nothing of it gets into a function.
"""

from __future__ import annotations

import contextlib
import filecmp
import gc
import json
import os
import runpy
import socket
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

LONGEST_MESSAGE = 1 << 20
BEGUN, REFUSED = b"begun", b"plain"
READ_ONCE = ("PYTHON", "LANG", "LC_", "LD_")
"""How variables begin that an interpreter reads when it starts, and not again."""


def _read_boto3() -> None:
    import boto3.session
    import botocore.session

    # Each session would read what AWS's services look like again, which is the same for all.
    botocore.session.create_loader = cache(botocore.session.create_loader)
    session = boto3.session.Session("none", "none", region_name="us-east-1")
    session.client("dynamodb")  # what is read when the first client is made


def _modules(folder: Path) -> list[Path]:
    return sorted(file.relative_to(folder) for file in folder.rglob("*.py"))


def _same(mine: Path, theirs: Path) -> bool:
    """Tell whether two modules, or two folders of modules, are the same, byte for byte."""
    if mine.is_file() or theirs.is_file():
        return mine.is_file() and theirs.is_file() and filecmp.cmp(mine, theirs, shallow=False)
    modules = _modules(mine)
    return modules == _modules(theirs) and all(_same(mine / each, theirs / each) for each in modules)


@cache
def _fits(package: str) -> bool:
    """Tell whether a package brings nothing that was read here already, unless it is the same."""
    for theirs in Path(package).iterdir():
        known = sys.modules.get(theirs.name.partition(".")[0])
        if known is None or theirs.suffix not in ("", ".py", ".so"):
            continue
        if not (file := getattr(known, "__file__", None)):
            return False
        mine = Path(file)
        if not _same(mine.parent if mine.stem == "__init__" else mine, theirs):
            return False
    return True


def _starts_alike(variables: dict[str, str]) -> bool:
    names = {name for name in variables.keys() | os.environ.keys() if name.startswith(READ_ONCE)}
    return all(variables.get(name) == os.environ.get(name) for name in names)


def _become(asked: dict[str, Any], streams: list[int]) -> None:
    """Be the new process, as it would be if an interpreter had been started for it."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["variables"])
    time.tzset()
    sys.argv = [asked["script"]]
    sys.path.insert(0, str(Path(asked["script"]).parent))


def _serve(connection: socket.socket) -> str | None:
    """Fork what is asked for until nobody asks any more; in a new process return the script that it runs."""
    while True:
        message, streams, _, _ = socket.recv_fds(connection, LONGEST_MESSAGE, 3)
        with contextlib.suppress(
            ChildProcessError
        ):  # who ended is a handle's to tell; here it is only let go
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not message:
            return None
        asked = json.loads(message)
        if not (_starts_alike(asked["variables"]) and _fits(asked["package"])):
            connection.send(REFUSED)
        elif number := os.fork():
            handle = os.pidfd_open(number)
            socket.send_fds(connection, [BEGUN], [handle])
            os.close(handle)
        else:
            connection.close()
            _become(asked, streams)
            return str(asked["script"])
        for stream in streams:
            os.close(stream)


def main() -> None:
    """Serve the socket that is this process's standard input."""
    connection = socket.socket(fileno=os.dup(0))
    _read_boto3()
    gc.collect()
    gc.freeze()
    script = _serve(connection)
    if script is not None:
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
