"""A project of two tiny stacks an environment, beside a home made by hand: for what is done many times over.

The workload is `orders` by name, so that the project's own settings fit; its smoke test is that of
`tests.e2e.tiny_run`, in which `lockstep` runs here. Nothing in it looks for drift.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from tests.e2e import warm
from tests.e2e.commands import PATIENCE_SECONDS, ROOT, environment
from tests.e2e.recorded_project import MARKER, RecordedProject
from validator.environments import ENVIRONMENTS

_numbers = itertools.count()
SETTINGS = {
    "user.name": "alex",
    "user.email": "alex@example.com",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
FILES = ("pipelines/promotion.yaml", "pipelines/variance.yaml")

FIRST = """AWSTemplateFormatVersion: "2010-09-09"
Description: "First: a value, for tests"
Parameters:
  NamePrefix: {Type: String}
  NameSuffix: {Type: String}
  ParameterPath: {Type: String}
Resources:
  Value:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub "${ParameterPath}/Value"
      Type: String
      Value: !Sub "${NamePrefix}VALUE${NameSuffix}"
#more
Outputs:
  Value:
    Value: !Sub "${NamePrefix}VALUE${NameSuffix}"
"""
SECOND = """AWSTemplateFormatVersion: "2010-09-09"
Description: "Second: reads what the first publishes, for tests"
Parameters:
  NamePrefix: {Type: String}
  NameSuffix: {Type: String}
  ParameterPath: {Type: String}
  Read: {Type: "AWS::SSM::Parameter::Value<String>"}
Resources:
  Value:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub "${ParameterPath}/Value"
      Type: String
      Value: !Sub "${NamePrefix}${Read}${NameSuffix}"
Outputs:
  Value:
    Value: !Sub "${NamePrefix}${Read}${NameSuffix}"
"""
QUEUE = """  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub "${NamePrefix}queue${NameSuffix}"
"""
BROKEN = """  Broken:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub "${ParameterPath}/Value"
      Type: String
      Value: "has the name of another"
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that runs `lockstep`, and the files that it writes to."""

    arguments: Sequence[str]
    number: int
    said: Sequence[str]
    clock: Path

    def stopped(self) -> None:
        """Wait until it stands still, as TINY_STOP_AT says."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while ") T " not in Path(f"/proc/{self.number}/stat").read_text(encoding="utf-8"):
            assert time.monotonic() < deadline, "it does not stand still"
            time.sleep(0.02)

    def go_on(self, minutes: int = 0) -> None:
        """Let it go on, with its clock so many minutes ahead."""
        self.clock.write_text(str(minutes), encoding="utf-8")
        os.kill(self.number, signal.SIGCONT)

    def ended(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end, and return how it ended."""
        code = warm.ended(self.number, PATIENCE_SECONDS)
        output, errors = (Path(file).read_text(encoding="utf-8") for file in self.said)
        return subprocess.CompletedProcess(list(self.arguments), code, output, errors)


@dataclass(frozen=True, slots=True)
class TinyProject(RecordedProject):
    """The project below `root`, with environment branches and a remote; its runs believe it `minutes` later."""

    minutes: int = 0

    @classmethod
    def made(cls, root: Path, operator: Mapping[str, str]) -> TinyProject:
        """Make the project, with nothing committed yet."""
        shutil.copytree(ROOT / "sceptre" / "config", root / "sceptre" / "config", symlinks=True)
        for path in root.glob("sceptre/config/*/*/**/*.yaml"):
            if path.name != "config.yaml":
                path.unlink()
        (root / "templates").mkdir()
        (root / "sceptre" / "templates").symlink_to("../templates")
        for name in FILES:
            (root / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, root / name)
        (root / "pipelines" / "variance.yaml").write_text("variances: []\n", encoding="utf-8")
        (root / "templates" / "marker.yaml").write_text(MARKER, encoding="utf-8")
        (root / "templates" / "second.yaml").write_text(SECOND, encoding="utf-8")
        stack = "template:\n  type: file\n  path: {}.yaml\n"
        (root / "sceptre/config/shared/control/marker.yaml").write_text(
            stack.format("marker"), encoding="utf-8"
        )
        for environment_ in ENVIRONMENTS:
            folder = root / "sceptre" / "config" / environment_ / "orders"
            (folder / "first.yaml").write_text(stack.format("first"), encoding="utf-8")
            second = stack.format("second") + "parameters:\n  Read: !output first.Value\n"
            (folder / "second.yaml").write_text(second, encoding="utf-8")
        (root / ".gitignore").write_text(".lockstep/\n", encoding="utf-8")
        project = cls(root, operator)
        project.git("init", "-q", "-b", "main")
        for name, value in SETTINGS.items():
            project.git("config", name, value)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(project.remote)], check=True)
        project.git("--git-dir", str(project.remote), "config", "receive.autogc", "false")
        project.git("remote", "add", "origin", str(project.remote))
        return project

    @property
    def remote(self) -> Path:
        """The repository that it pushes to."""
        return self.root.parent / "remote"

    def release(
        self, tag: str, more: str = "", *, is_bad: bool = False, to: Sequence[str] = ENVIRONMENTS
    ) -> None:
        """Commit a release with a value of its own, and more in the first stack, and push it to branches.

        The smoke test does not like what is bad.
        """
        value = tag.replace(".", "-") + "-bad" * is_bad
        text = FIRST.replace("VALUE", value).replace("#more\n", more)
        (self.root / "templates" / "first.yaml").write_text(text, encoding="utf-8")
        self.commit(tag)
        prefix = "refs/remotes/origin/env/"
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
        heads = dict(line.removeprefix(prefix).split() for line in lines)
        merged = [f"{self._merged(tag, heads.get(name))}:refs/heads/env/{name}" for name in to]
        self.git("push", "-q", "origin", "main", tag, *merged)

    def _merged(self, tag: str, head: str | None) -> str:
        """Return a commit on top of a branch that has the files of a release, as a merge makes."""
        if head is None:
            return f"{tag}^{{commit}}"
        return self.git("commit-tree", f"{tag}^{{tree}}", "-p", head, "-p", tag, "-m", tag)

    def later(self, minutes: int) -> TinyProject:
        """Return the project as runs see it so many minutes later."""
        return replace(self, minutes=self.minutes + minutes)

    def begin(self, *arguments: str, kill_at: int = 0, log: Path | None = None, **variables: str) -> Running:
        """Begin to run `lockstep`, several commands between `--`.

        The last one is killed right before its nth step (tests.e2e.tiny_run); `log` lists those. `variables` come to
        those of the operator.
        """
        number = next(_numbers)
        clock = self.root.parent / f"clock-{number}"
        clock.write_text(str(self.minutes), encoding="utf-8")
        known = {
            **environment(self.operator),
            "TINY_CLOCK": str(clock),
            "TINY_KILL_AT": str(kill_at),
            "TINY_LOG": str(log or ""),
            **variables,
        }
        said = [str(self.root.parent / f"{name}-{number}") for name in ("output", "errors")]
        commands = [list(command) for is_end, command in groupby(arguments, "--".__eq__) if not is_end]
        asked = {"commands": commands, "folder": str(self.root), "variables": known, "said": said}
        return Running(arguments, warm.begin("tests.e2e.tiny_run:run", **asked), said, clock)

    def run(
        self, *arguments: str, kill_at: int = 0, log: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `lockstep` to its end, as `begin` begins it."""
        return self.begin(*arguments, kill_at=kill_at, log=log, **variables).ended()

    def deploy(self, name: str) -> None:
        """Deploy what is checked out into one environment."""
        glass = () if name == "dev" else ("--break-glass", "a test of the way back")
        done = self.run("deploy", name, *glass)
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def now(self) -> datetime:
        """The time as its runs see it."""
        return datetime.now(UTC) + timedelta(minutes=self.minutes)

    def states(self, name: str) -> list[tuple[str, str]]:
        """Return tag and state of each deployment into an environment, the newest first."""
        return [(one.tag, one.state) for one in self.table.environment_releases("orders", name)]
