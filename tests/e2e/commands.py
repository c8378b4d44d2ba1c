"""Running the real commands against a sandbox, as a user's shell would."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.e2e import warm
from tests.unit.small_project import orders_alone

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 300
WITHOUT_GATES = ("--break-glass", "a test of how stacks are deployed")
"""What lets a test deploy to any environment by itself."""

HELD = """
Resources:
  Handle:
    Type: AWS::CloudFormation::WaitConditionHandle
  Wait:
    Type: AWS::CloudFormation::WaitCondition
    Properties:
      Handle: !Ref Handle
      Timeout: "10"
"""
"""A template whose stack is in progress for ten seconds, then fails, and is rolled back."""


def environment(operator: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with the sandbox's variables and no other AWS variable."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, **operator}


def lockstep(
    operator: Mapping[str, str], *arguments: str, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run `lockstep` to its end, in a process that has read its code already."""
    return warm.run(arguments, cwd, environment(operator), PATIENCE_SECONDS)


@dataclass(frozen=True, slots=True)
class Begun:
    """A process that runs `lockstep`, and the files that its output and its errors go to."""

    arguments: tuple[str, ...]
    number: int
    output: Path
    errors: Path

    @property
    def is_over(self) -> bool:
        """Whether it ended."""
        return ") Z " in Path(f"/proc/{self.number}/stat").read_text(encoding="utf-8")

    def get(self, sent: signal.Signals) -> subprocess.CompletedProcess[str]:
        """Send it a signal, which nobody gets where it is over, wait for its end, and return how it ended."""
        os.kill(self.number, sent)
        code = warm.ended(self.number, PATIENCE_SECONDS)
        said = [file.read_text(encoding="utf-8") for file in (self.output, self.errors)]
        return subprocess.CompletedProcess(self.arguments, code, *said)


def begin(operator: Mapping[str, str], *arguments: str, folder: Path, cwd: Path = ROOT) -> Begun:
    """Begin to run `lockstep`; what it says goes to files in a folder."""
    files = [folder / name for name in ("output", "errors")]
    for file in files:
        file.write_text("", encoding="utf-8")
    here = {"folder": str(cwd), "variables": environment(operator), "said": [str(file) for file in files]}
    return Begun(arguments, warm.begin("tests.e2e.warm:lockstep", arguments=list(arguments), **here), *files)


def lockstep_json(operator: Mapping[str, str], *arguments: str, cwd: Path = ROOT) -> Any:
    """Run `lockstep ... --format json`, which must succeed, and return its document."""
    done = lockstep(operator, *arguments, "--format", "json", cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def sceptre(
    operator: Mapping[str, str], *arguments: str, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run plain Sceptre in the project's `sceptre` folder."""
    return _run([str(BIN / "sceptre"), *arguments], operator, cwd / "sceptre")


def _run(command: list[str], operator: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment(operator),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def share_wheels(root: Path) -> None:
    """Let a copy of this project use the wheels that this one fetched, or fetches, so that pip does that once."""
    wheels, own = (each / ".lockstep" / "packages" / "wheels" for each in (ROOT, root))
    for folder in (wheels, own.parent):
        folder.mkdir(parents=True, exist_ok=True)
    own.symlink_to(wheels)


@cache
def orders_root() -> Path:
    """Return a checkout of this project with `orders` alone: a third of the stacks, for what no other workload changes.

    It is a git repository of one commit, made once in this process and removed at its end.
    """
    root = orders_alone(Path(tempfile.mkdtemp(prefix="lockstep-orders-")))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    identity = ("-c", "user.name=Tests", "-c", "user.email=tests@example.com")
    for command in (
        ("init", "--quiet"),
        ("add", "--all"),
        (*identity, "commit", "--quiet", "--message", "orders"),
    ):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    share_wheels(root)
    return root
