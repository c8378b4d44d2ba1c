"""A project of two tiny stacks an environment, beside a home made by hand: for what is done many times over.

The workload is `orders` by name, so that the project's own settings fit; its smoke test is that of
`tests.e2e.tiny_run`, in which `lockstep` runs here. Nothing in it looks for drift.
"""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from multiprocessing.context import ForkServerContext
from pathlib import Path

from tests.e2e import tiny_run
from tests.e2e.commands import PATIENCE_SECONDS, ROOT, environment
from tests.e2e.recorded_project import MARKER, RecordedProject

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


@cache
def _processes() -> ForkServerContext:
    """Return what begins processes that have read the code already."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(list(tiny_run.READ_BEFORE))
    return made


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
        for environment_ in ("dev", "staging", "prod"):
            folder = root / "sceptre" / "config" / environment_ / "orders"
            (folder / "first.yaml").write_text(stack.format("first"), encoding="utf-8")
            second = stack.format("second") + "parameters:\n  Read: !output first.Value\n"
            (folder / "second.yaml").write_text(second, encoding="utf-8")
        (root / ".gitignore").write_text(".lockstep/\n", encoding="utf-8")
        project = cls(root, operator)
        project.git("init", "-q", "-b", "main")
        for name, value in (("user.name", "alex"), ("user.email", "alex@example.com")):
            project.git("config", name, value)
        remote = root.parent / "remote"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)
        project.git("remote", "add", "origin", str(remote))
        return project

    def release(self, tag: str, more: str = "") -> None:
        """Commit a release with a value of its own, and more in the first stack, and push it everywhere."""
        text = FIRST.replace("VALUE", tag.replace(".", "-")).replace("#more\n", more)
        (self.root / "templates" / "first.yaml").write_text(text, encoding="utf-8")
        self.commit(tag)
        self.git("push", "-q", "origin", "main", tag)
        self.git("fetch", "-q", "origin")
        for name in ("dev", "staging", "prod"):
            self.git("push", "-q", "origin", f"{self._merged(tag, name)}:refs/heads/env/{name}")

    def _merged(self, tag: str, name: str) -> str:
        """Return a commit on an environment branch of the remote that has the files of a release, as a merge makes."""
        head = self.git("for-each-ref", "--format=%(objectname)", f"refs/remotes/origin/env/{name}")
        commit = self.git("rev-parse", f"{tag}^{{commit}}")
        if not head:
            return commit
        return self.git("commit-tree", f"{tag}^{{tree}}", "-p", head, "-p", commit, "-m", tag)

    def later(self, minutes: int) -> TinyProject:
        """Return the project as runs see it so many minutes later."""
        return replace(self, minutes=self.minutes + minutes)

    def run(
        self, *arguments: str, kill_at: int = 0, log: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `lockstep`, several commands between `--`.

        The last one is killed right after its nth call that changes something; `log` lists those calls.
        """
        variables = {
            **environment(self.operator),
            "TINY_MINUTES": str(self.minutes),
            "TINY_KILL_AT": str(kill_at),
            "TINY_LOG": str(log or ""),
        }
        commands = [list(command) for is_end, command in groupby(arguments, "--".__eq__) if not is_end]
        said = tuple(str(self.root.parent / name) for name in ("output", "errors"))
        child = _processes().Process(target=tiny_run.run, args=(commands, str(self.root), variables, said))
        child.start()
        child.join(PATIENCE_SECONDS)
        assert child.exitcode is not None, "it does not end"
        output, errors = (Path(file).read_text(encoding="utf-8") for file in said)
        return subprocess.CompletedProcess(list(arguments), child.exitcode, output, errors)

    def deploy(self, name: str) -> None:
        """Deploy what is checked out into one environment."""
        glass = () if name == "dev" else ("--break-glass", "a test of the way back")
        done = self.run("deploy", name, *glass)
        assert done.returncode == 0, done.stdout + done.stderr

    def states(self, name: str) -> list[tuple[str, str]]:
        """Return tag and state of each deployment into an environment, the newest first."""
        return [(one.tag, one.state) for one in self.table.environment_releases("orders", name)]
