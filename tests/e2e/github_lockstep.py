"""`lockstep` as it is, but for the smoke test of `orders`: that of a project whose `orders` are two values.

Scripts run it by a program that asks this process, which has it done by one that has read its code (tests.e2e.warm):
in the program's folder, and with its variables for an environment.
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import cache, partial
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer

from pipelines import cli, smoke
from pipelines.delivery.git import git
from pipelines.gathering import project
from pipelines.gathering.repository import head
from pipelines.smoke.trial import Target, Trial
from tests.e2e import warm
from tests.e2e.commands import PATIENCE_SECONDS

Look = Callable[[Path, date], project.Looked]
PROGRAM = """#!{python} -ISE
import json, os, socket, sys
asking = socket.socket(socket.AF_UNIX)
asking.connect({address!r})
with asking.makefile("rw", encoding="utf-8") as talk:
    print(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]), file=talk, flush=True)
    code, output, errors = json.loads(talk.readline())
sys.stdout.buffer.write(output.encode())
sys.stderr.buffer.write(errors.encode())
sys.exit(code)
"""


def answer(target: Target) -> list[Trial]:
    """Try that the second stack published its value."""
    return [target.tried("second", "second/Value", lambda value: "" if value else "it is empty")]


def run(
    arguments: list[str], folder: str, variables: Mapping[str, str], said: Sequence[str], kept: str
) -> int:
    """Run a command line in this process, as `tests.e2e.warm` has it; return the exit code."""
    warm.become(folder, variables, said)
    smoke.SMOKE["orders", False] = answer  # type: ignore[index]
    project.looked = partial(_looked, Path(kept), project.looked)  # type: ignore[assignment]
    return cli.run(arguments)


def _looked(kept: Path, ask: Look, root: Path, today: date) -> project.Looked:
    """Return what gates are told of the checks, which are run once over the same files, whichever commit has them."""
    commit, is_dirty = head(root)
    if is_dirty:
        return ask(root, today)
    known = kept / git(root, "rev-parse", f"{commit}^{{tree}}")
    if not known.exists():
        known.write_bytes(pickle.dumps(ask(root, today)))
    found: project.Looked = pickle.loads(known.read_bytes())  # noqa: S301 - our own
    return replace(found, checked=replace(found.checked, commit=commit))


def ended(arguments: list[str], folder: str, variables: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a command line to its end; return exit code, output and errors."""
    with tempfile.TemporaryDirectory(prefix="lockstep-said-") as base:
        said = [f"{base}/{name}" for name in ("output", "errors")]
        here = {"folder": folder, "variables": dict(variables), "said": said, "kept": _kept().name}
        number = warm.begin(f"{__name__}:run", arguments=arguments, **here)
        code = warm.ended(number, PATIENCE_SECONDS)
        output, errors = (Path(file).read_text(encoding="utf-8") for file in said)
        return code, output, errors


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="lockstep-checked-")


class _Handler(StreamRequestHandler):
    def handle(self) -> None:
        """Answer a program."""
        self.wfile.write(json.dumps(ended(*json.loads(self.rfile.readline()))).encode() + b"\n")


@contextmanager
def serving() -> Iterator[Path]:
    """Yield the program that scripts run."""
    with tempfile.TemporaryDirectory(prefix="lockstep-program-") as folder:
        address, program = f"{folder}/socket", Path(folder) / "lockstep"
        program.write_text(PROGRAM.format(python=sys.executable, address=address), encoding="utf-8")
        program.chmod(0o755)
        with ThreadingUnixStreamServer(address, _Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield program
            finally:
                server.shutdown()
                thread.join()
