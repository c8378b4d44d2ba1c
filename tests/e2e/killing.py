"""Killing runs of the tiny project at each of their steps, and what has to hold after one more run (issue 5, Faults).

The steps are those of the code: a normal run is watched, and what it writes to AWS, git, GitHub or a file is a step
(tests.e2e.tiny_run). Of several in a row that belong together, objects of the store, files, and change sets of a plan,
the first and the last are tried.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from pipelines.attestation import read
from pipelines.holding import LEASE
from pipelines.plan.asking import PREFIX
from pipelines.state.records import EnvironmentRelease
from sandbox import accounts
from tests.e2e.tiny_project import TinyProject
from tests.e2e.tiny_run import OF_PLAN, REFUSED

TOGETHER = ("PutObject", "file", OF_PLAN)
REGIONS = {"dev": "us-east-1", "staging": "us-east-2", "prod": "us-east-1"}
STACKS = ("first", "second")
KILLED = -9


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a command as one run made them, and the numbers of those that are tried."""

    names: tuple[str, ...]
    points: tuple[int, ...]

    @classmethod
    def of(cls, log: Sequence[str], first: str = "") -> Steps:
        """Return the steps that a run noted; tried are those from the first of a name on.

        What AWS refused changed nothing, and is not tried.
        """
        names = _names(log)
        void = {int(line.split()[1]) for line in log if line.startswith(REFUSED)}
        numbers = range(names.index(first) + 1 if first else 1, len(names) + 1)
        points = list[int]()
        kinds = groupby(numbers, lambda number: _kind(names[number - 1]))
        for kind, those in kinds:
            every = [number for number in those if number not in void]
            points += sorted({every[0], every[-1]}) if kind in TOGETHER and every else every
        return cls(tuple(names), tuple(points))


def _kind(name: str) -> str:
    """Return which steps a step belongs together with, where they are neighbours."""
    return "file" if name.startswith("file ") else OF_PLAN if name.endswith(OF_PLAN) else name


def _names(log: Sequence[str]) -> list[str]:
    return [line for line in log if not line.startswith(REFUSED)]


@dataclass(slots=True)
class Killing:
    """A project whose runs are killed; `tried` has the steps of each command, in the order of their trials.

    Where there are several `halves`, this one tries every second step, and another project the others. `variables` are
    set for every run.
    """

    project: TinyProject
    folder: Path
    half: int = 0
    halves: int = 1
    variables: dict[str, str] = field(default_factory=dict)
    known: dict[str, Steps] = field(default_factory=dict)
    tried: dict[str, list[str]] = field(default_factory=dict)

    def is_left(self, title: str) -> bool:
        """Whether there is a step of a command that was not tried yet; also while its steps are not known."""
        return title not in self.known or len(self.tried.get(title, ())) < len(self.known[title].points)

    def run(self, title: str, *command: str, then: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Kill a run of a command at its next step, if one is left, let its lease pass, and run it to its end.

        What comes `then` is run by the same process.
        """
        if title in self.known and self.is_left(title):
            self._kill(title, self.known[title], *command)
        return self.project.run(*command, "--", *then, **self.variables)

    def learn(
        self, title: str, *command: str, first: str = "", then: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, and note its steps, which are tried from the first of a name on."""
        log = self._log()
        done = self.project.run(*command, log=log, **self.variables)
        steps = Steps.of(log.read_text(encoding="utf-8").splitlines(), first)
        self.known[title] = replace(steps, points=steps.points[self.half :: self.halves])
        return self.project.run(*then) if then else done

    def _kill(self, title: str, steps: Steps, *command: str) -> None:
        log, tried = self._log(), self.tried.setdefault(title, [])
        point = steps.points[len(tried)]
        done = self.project.run(*command, kill_at=point, log=log, **self.variables)
        assert done.returncode == KILLED, (title, point, done.returncode, done.stdout + done.stderr)
        names = _names(log.read_text(encoding="utf-8").splitlines())
        assert names == list(steps.names[:point]), f"the steps are other ones by now: {names}, {steps.names}"
        tried.append(names[-1])
        self.project = self.project.later(minutes=int(LEASE / timedelta(minutes=1)) + 1)

    def _log(self) -> Path:
        log = self.folder / "steps"
        log.write_text("", encoding="utf-8")
        return log


@dataclass(slots=True)
class Place:
    """An environment: how many deployments it has, and how often each of its stacks changed."""

    killing: Killing
    name: str
    count: int = 0
    ids: dict[str, str] = field(default_factory=dict)
    marks: set[int] = field(default_factory=set)
    """The numbers of the deployments that the remote has a tag of."""

    @property
    def project(self) -> TinyProject:
        """The project as its runs see it now."""
        return self.killing.project

    def expect(self, *newest: tuple[str, str], more: int = 1) -> list[EnvironmentRelease]:
        """Hold what is there against what one run leaves that nothing disturbed: each of it, and each once.

        There are so many `more` deployments than before, each of which changed each stack; `newest` are the last ones.
        """
        self.count += more
        records = list(self.project.table.environment_releases("orders", self.name))
        assert [(one.tag, one.state) for one in records[: len(newest)]] == list(newest)
        assert [one.number for one in records] == list(range(self.count, 0, -1))
        for one in records[: len(newest)]:
            if one.state == "succeeded":
                statement = read(self.project.store(self.name).evidence(one.evidence), one.evidence)
                assert statement.said["outcome"] == "succeeded"
        assert self.project.table.lock("orders", self.name, self.project.now) is None, "a lock is left"
        self._expect_stacks(newest[0][0])
        self._expect_git(newest[0][0])
        return records

    def _expect_stacks(self, tag: str) -> None:
        """Two stacks, the same as ever, and what each made was changed once by each deployment."""
        place = {"account": accounts.ACCOUNTS[self.name], "region": REGIONS[self.name]}
        found = self.project.client("cloudformation", **place).describe_stacks()["Stacks"]
        assert {one["StackStatus"] for one in found} <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
        ids = {one["StackName"].rsplit("-", 1)[1]: one["StackId"] for one in found}
        assert len(found) == len(ids)
        assert sorted(ids) == sorted(STACKS)
        assert ids == (self.ids or ids), "a stack was made again"
        self.ids = ids
        names = [f"/orders/{self.name}/{stack}/Value" for stack in STACKS]
        made = self.project.client("ssm", **place).get_parameters(Names=names)["Parameters"]
        assert [one["Version"] for one in made] == [self.count] * len(STACKS), (
            "a change was lost, or made twice"
        )
        values = {one["Name"]: one["Value"] for one in made}
        assert values[names[1]].startswith(f"{self.name}-orders-{self.name}-orders-{tag.replace('.', '-')}")

    def _expect_git(self, tag: str) -> None:
        """The branch has the files of a release, and the remote's is the same; the last deployment is its tag."""
        branch = f"env/{self.name}"
        asked = (branch, f"{branch}^{{tree}}", f"{tag}^{{tree}}", f"{tag}^{{commit}}")
        ours, files, release, commit = self.project.git("rev-parse", *asked).splitlines()
        there = self._references()
        assert (there[f"refs/heads/{branch}"], files) == (ours, release)
        marks = f"refs/tags/deployed/{self.name}/"
        self.marks = {int(name[len(marks) :]) for name in there if name.startswith(marks)}
        assert there[f"{marks}{self.count}"] == commit

    def _references(self) -> dict[str, str]:
        """Return the commit of each branch and tag of the remote."""
        shown = "--format=%(refname) %(objectname) %(*objectname)"
        lines = self.project.git("--git-dir", str(self.project.remote), "for-each-ref", shown).splitlines()
        return {name: commits[-1] for name, *commits in (line.split() for line in lines)}


def left_of_plans(project: TinyProject, name: str) -> int:
    """Return how many change sets of plans are left, which change nothing, and go with a plan an hour later."""
    client = project.client("cloudformation", account=accounts.ACCOUNTS[name], region=REGIONS[name])
    found = [
        one["ChangeSetName"]
        for stack in STACKS
        for one in client.list_change_sets(StackName=f"lockstep-{name}-orders-{stack}")["Summaries"]
        if one["ExecutionStatus"] != "EXECUTE_COMPLETE"
    ]
    assert all(one.startswith(PREFIX) for one in found)
    return len(found)
