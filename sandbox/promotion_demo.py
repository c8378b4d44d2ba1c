"""The way of a release in the demo: a repository of its own, with releases, environment branches and people (REQ-X1).

Every step is a command that people and workflows run; what it says is shown.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import click

from pipelines import cli
from sandbox import accounts, people
from sandbox.advance import advance, duration
from sandbox.place import Record
from validator.environments import ENVIRONMENTS
from validator.errors import FailureError

FOLDERS = ("sceptre", "templates", "functions", "locks", "pipelines", "validator", "guard_rules")
AUTHOR, APPROVER = "alex@example.com", "sam@example.com"
FIRST, DIFFERENT, BETTER = "v1.0.0", "v1.1.0", "v1.2.0"
"""Releases: the first one, one with a difference that nobody declared, and one that is better."""

SHOWN = 40
"""Lines of a command's output that are shown, of stacks those that changed: the rest is counted."""
VALUES = Path("sceptre") / "config" / "dev" / "orders" / "config.yaml"


@dataclass(frozen=True, slots=True)
class Story:
    """A repository with a remote, on the sandbox of `record`; `approver` are the variables of somebody else."""

    root: Path
    record: Record
    approver: Mapping[str, str]

    @classmethod
    @contextmanager
    def begun(cls, folder: Path, record: Record) -> Iterator[Story]:
        """Make the repository from the project in this folder, with its first release, and go there."""
        root, remote = (folder.resolve() / name for name in ("repository", "remote.git"))
        for stale in (root, remote):
            shutil.rmtree(stale, ignore_errors=True)
        for name in FOLDERS:
            left_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(name, root / name, symlinks=True, ignore=left_out)
        (root / ".gitignore").write_text(".lockstep/\n", encoding="utf-8")
        session: Any = boto3.Session(
            accounts.DEPLOYED["shared"], accounts.SECRET, region_name=accounts.OPERATOR_REGION
        )
        iam = session.client("iam", endpoint_url=record.endpoint)
        story = cls(root, record, people.user(iam, APPROVER))
        story.git("init", "-q", "-b", "main")
        for key, value in {
            "user.name": "alex",
            "user.email": AUTHOR,
            "commit.gpgsign": "false",
            "tag.gpgsign": "false",
        }.items():
            story.git("config", key, value)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)
        story.git("remote", "add", "origin", str(remote))
        story.release(FIRST, "The first release")
        for environment in ENVIRONMENTS:
            story.git("branch", f"env/{environment}", FIRST)
            story.git("push", "-q", "origin", f"env/{environment}")
        with chdir(root):
            yield story

    def git(self, *arguments: str) -> str:
        """Run git in the repository."""
        command = ["git", "-C", str(self.root), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def release(self, tag: str, message: str) -> None:
        """Commit what is there, tag it, and push both."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        self.git("tag", tag)
        self.git("push", "-q", "origin", "main", tag)
        click.echo(f"git: {tag} is {self.git('rev-parse', '--short', 'HEAD')}, {message}")

    def merge(self, environment: str, tag: str) -> None:
        """Bring the branch of an environment to a release, as a pull request that is merged does."""
        branch = f"env/{environment}"
        self.git("switch", "-q", branch)
        self.git("merge", "-q", "--no-ff", "-m", f"Promote {tag} to {environment}", tag)
        self.git("switch", "-q", "main")
        self.git("push", "-q", "origin", branch)
        click.echo(f"git: {branch} has {tag}")

    def run(self, *arguments: str, ends: int = cli.SUCCESS, who: Mapping[str, str] | None = None) -> str:
        """Run `lockstep` in the repository, show what it says, and hold how it ends."""
        click.secho(f"\n$ lockstep {' '.join(arguments)}", bold=True)
        command = [str(Path(sys.executable).parent / "lockstep"), *arguments]
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**os.environ, **(who or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        _show(done.stdout)
        if done.returncode != ends:
            raise FailureError(f"it ended with {done.returncode}, not with {ends}")
        return done.stdout

    def approve(self, environment: str, tag: str) -> None:
        """Approve the plan of now, as somebody who made nothing of it."""
        command = [
            str(Path(sys.executable).parent / "lockstep"),
            "gate",
            environment,
            "--release",
            tag,
            "--format",
            "json",
        ]
        asked = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        plan = json.loads(asked.stdout)["plan"]
        self.run("approve", environment, "--release", tag, "--plan", plan, who=self.approver)

    def wait(self, time: str) -> None:
        """Let time pass in the sandbox."""
        click.secho(f"\n$ lockstep sandbox advance {time}", bold=True)
        click.echo(f"{advance(self.record, duration(time))} records are {time} older")


def _show(output: str) -> None:
    lines = [line for line in output.splitlines() if " unchanged " not in line]
    for line in lines[-SHOWN:] if len(lines) > SHOWN else lines:
        click.echo(f"  {line}")
    if len(lines) > SHOWN:
        click.echo(f"  ({len(lines) - SHOWN} lines before these)")


def enter_staging(story: Story) -> None:
    """Promote the first release to staging: it waits for somebody's approval, and gets it."""
    story.run("deploy", "staging", "--release", FIRST, ends=cli.PENDING)
    story.approve("staging", FIRST)
    story.run("deploy", "staging", "--release", FIRST)


def enter_prod(story: Story) -> None:
    """Promote it to prod: the hour of soak is enforced from what was recorded, whoever approves."""
    story.approve("prod", FIRST)
    story.run("gate", "prod", "--release", FIRST, ends=cli.PENDING)
    story.wait("60m")
    story.run("deploy", "prod", "--release", FIRST)


def stop_difference(story: Story) -> None:
    """Release a difference between environments that nobody declared: the gate of dev refuses it."""
    _change(story, "memory_mb: 512", "memory_mb: 768")
    story.release(DIFFERENT, "More memory for the functions of dev, which no variance declares")
    story.merge("dev", DIFFERENT)
    story.run("deploy", "dev", "--release", DIFFERENT, ends=cli.FAILURE)


def _change(story: Story, before: str, after: str) -> None:
    """Change a value of dev."""
    path = story.root / VALUES
    whole = path.read_text(encoding="utf-8")
    if before not in whole:
        raise FailureError(f"{VALUES} has no `{before}` to change")
    path.write_text(whole.replace(before, after), encoding="utf-8")


def roll_back(story: Story) -> None:
    """Bring another release into dev, then take all environments back to the first one."""
    _change(story, "memory_mb: 768", "memory_mb: 512")
    _change(story, "throttle_burst: 200", "throttle_burst: 220")
    story.release(BETTER, "The memory as before, and a larger burst for dev")
    story.merge("dev", BETTER)
    story.run("deploy", "dev", "--release", BETTER)
    # Not --last-consistent: somebody changed a queue of prod by hand while the first release ran there.
    story.run("rollback", FIRST, "--all")
    story.run("gate", "dev", "--release", BETTER, ends=cli.FAILURE)
    story.run("evidence", FIRST)
    click.echo()
    click.echo(story.git("log", "--oneline", "--graph", "-6", "env/dev"))
    story.git("switch", "-q", "env/dev")
