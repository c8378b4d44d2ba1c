"""A project of two small stacks an environment, with branches and a remote, beside a home made by hand.

The checks find nothing in it. The workload is `orders` by name, so that the project's own settings fit; its smoke test
is that of `tests.e2e.github_lockstep`. Nothing in it looks for drift.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.e2e import github_lockstep
from tests.e2e.commands import ROOT, environment
from tests.e2e.recorded_project import RecordedProject

ENVIRONMENTS = ("dev", "staging", "prod")
TEMPLATE = """AWSTemplateFormatVersion: "2010-09-09"
Description: "{role}: a value, for tests"
Metadata:
  AWS::CloudFormation::Interface:
    ParameterGroups:
      - Label: {{ default: All }}
        Parameters: [NamePrefix, NameSuffix, ParameterPath]
Parameters:
  NamePrefix: {{ Type: String, Description: A name, AllowedPattern: ".*", ConstraintDescription: must be one }}
  NameSuffix: {{ Type: String, Description: A name, AllowedPattern: ".*", ConstraintDescription: must be one }}
  ParameterPath: {{ Type: String, Description: A path, AllowedPattern: ".*", ConstraintDescription: must be one }}
Resources:
  Value:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub "${{ParameterPath}}/Value"
      Type: String
      Value: !Sub "${{NamePrefix}}{value}${{NameSuffix}}"
Outputs:
  Value:
    Description: The value
    Value: !Sub "${{NamePrefix}}{value}${{NameSuffix}}"
"""


class GitHubProject(RecordedProject):
    """The project below `root`, with environment branches and a remote."""

    @classmethod
    def made(cls, root: Path, operator: Mapping[str, str]) -> GitHubProject:
        """Make the project, with nothing committed yet."""
        shutil.copytree(ROOT / "sceptre" / "config", root / "sceptre" / "config", symlinks=True)
        for path in root.glob("sceptre/config/*/*/**/*.yaml"):
            if path.name != "config.yaml":
                path.unlink()
        shutil.copytree(ROOT / ".github", root / ".github")
        (root / "templates").mkdir()
        (root / "sceptre" / "templates").symlink_to("../templates")
        (root / "pipelines").mkdir()
        shutil.copy(ROOT / "pipelines" / "promotion.yaml", root / "pipelines")
        (root / "pipelines" / "variance.yaml").write_text(_variances(), encoding="utf-8")
        stacks = [("shared/control", "marker")]
        stacks += [(f"{name}/orders", stack) for name in ENVIRONMENTS for stack in ("first", "second")]
        for folder, stack in stacks:
            text = f"template:\n  type: file\n  path: {stack}.yaml\n"
            (root / "sceptre" / "config" / folder / f"{stack}.yaml").write_text(text, encoding="utf-8")
        (root / ".gitignore").write_text(".lockstep/\n.venv/\n", encoding="utf-8")
        project = cls(root, operator)
        project.git("init", "-q", "-b", "main")
        for key, value in (("user.name", "alex"), ("user.email", "alex@example.com")):
            project.git("config", key, value)
        remote = root.parent / "remote"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)
        project.git("remote", "add", "origin", str(remote))
        return project

    def release(self, tag: str) -> None:
        """Commit a release whose stacks have values of its own, and push it; no branch of an environment has it yet."""
        for stack in ("marker", "first", "second"):
            text = TEMPLATE.format(role=stack.title(), value=tag.replace(".", "-"))
            (self.root / "templates" / f"{stack}.yaml").write_text(text, encoding="utf-8")
        self.commit(tag)
        self.git("push", "-q", "origin", "main", tag)

    def point(self, name: str, tag: str) -> None:
        """Let the branch of an environment have a release, at the remote."""
        head = self.git("ls-remote", "origin", f"refs/heads/env/{name}").partition("\t")[0]
        commit = self.git("rev-parse", f"{tag}^{{commit}}")
        if head:
            self.git("fetch", "-q", "origin", f"env/{name}")
            commit = self.git("commit-tree", f"{tag}^{{tree}}", "-p", head, "-p", commit, "-m", tag)
        self.git("push", "-q", "origin", f"{commit}:refs/heads/env/{name}")

    def push_broken(self, branch: str) -> None:
        """Push a branch whose settings of prod nobody can read, and have the files as they were."""
        path = self.root / "sceptre" / "config" / "prod" / "config.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text}nonsense: [\n", encoding="utf-8")
        self.git("commit", "-qam", "broken")
        self.git("push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        self.git("reset", "-q", "--hard", "HEAD~1")

    def deploy(self, name: str) -> subprocess.CompletedProcess[str]:
        """Deploy what is checked out."""
        ended = github_lockstep.ended(["deploy", name], str(self.root), environment(self.operator))
        return subprocess.CompletedProcess(["deploy", name], *ended)

    def states(self, name: str) -> list[tuple[str, str]]:
        """Return tag and state of each deployment into an environment, the newest first."""
        return [(one.tag, one.state) for one in self.table.environment_releases("orders", name)]


def _variances() -> str:
    """Return the variances of this repository that are of settings, which the small project has too."""
    text = (ROOT / "pipelines" / "variance.yaml").read_text(encoding="utf-8")
    parts = re.split(r"(?m)^(?=  - path: |  # )", text)
    return "variances:\n" + "".join(one for one in parts if one.startswith("  - path: orders:settings"))
