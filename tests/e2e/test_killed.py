"""Runs killed at each of their steps: one more run of the same command ends in the right state (issue 5, Faults)."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines import cli
from pipelines.attestation import read
from pipelines.state.records import Approval, Check, DriftSummary, StackKey
from sandbox import accounts, process
from sandbox.place import Place as SandboxPlace
from tests.e2e.killing import REGIONS, STACKS, Killing, Place, left_of_plans
from tests.e2e.tiny_project import TinyProject
from tests.e2e.tiny_run import OF_PLAN
from tests.github_double import ADMIN, Double, serving
from tests.state_table import state

GOOD = "v1.0.0"
DEPLOY, PROMOTION, ROLLBACK, RETURN, PROPOSAL, ALL = (
    "deploy dev --release",
    "deploy staging --release",
    "rollback --env",
    "deploy dev --release, which fails",
    "promote",
    "rollback --all, between environments",
)
PROPOSED = "promote/staging"

LEARNT = 2
"""Which release the steps are learnt from: those before it make what all later ones find there."""

Record = Callable[[str, object], None]


@pytest.fixture
def killing(tmp_path: Path) -> Iterator[Killing]:
    """Make a project with a home, whose runs can be killed."""
    place = SandboxPlace.of(tmp_path / "sandbox")
    record = process.start(place, lifeline=os.getpid())
    project = TinyProject.made(tmp_path / "project", accounts.variables(record.endpoint))
    project.make_role()
    project.make_home()
    yield Killing(project, tmp_path)
    process.discard(place)


def observe(project: TinyProject, name: str) -> None:
    """Say what the agents of an environment would: each stack is there, and nothing drifted."""
    for stack in STACKS:
        key = StackKey(
            "orders", name, accounts.ACCOUNTS[name], REGIONS[name], f"lockstep-{name}-orders-{stack}"
        )
        project.table.record_state(state(key=key, operation_at=project.now))
        project.table.record_drift(key, DriftSummary("d-1", "in_sync", 1, (), (), 0, project.now, "sha256:0"))


def check(project: TinyProject, tag: str) -> None:
    """Say what the check of dev would."""
    project.table.put_check(Check("orders", "dev", project.now, tag, "consistent", ()))


def approve(project: TinyProject, tag: str, plan: str) -> None:
    """Check what runs in dev, and approve a plan of staging as somebody who wrote nothing."""
    check(project, tag)
    identity = "arn:aws:iam::333333333333:user/sam@example.com"
    project.table.approve(
        Approval("staging", tag, "AROAEXAMPLE:sam@example.com", plan, project.now, identity)
    )


def succeeded(done: subprocess.CompletedProcess[str], killing: Killing) -> None:
    assert done.returncode == cli.SUCCESS, (killing.tried, done.stdout + done.stderr)


def told(record: Record, killing: Killing) -> None:
    """Tell what was tried, once all of it ended right (tests/conftest.py prints it)."""
    for title, names in killing.tried.items():
        assert len(names) == len(killing.known[title].points)
        record("killed", [title, len(names), list(dict.fromkeys(names))])


HALVES = [pytest.param(half, marks=pytest.mark.xdist_group(f"killed-{half}")) for half in range(2)]


@pytest.mark.parametrize("half", HALVES)
def test_a_release_on_its_way_and_back(killing: Killing, half: int, record_property: Record) -> None:
    """REQ-G1, REQ-G6, REQ-R1, REQ-R2: into dev, promoted into staging under its gates, and taken back from there."""
    killing.half, killing.halves = half, len(HALVES)
    dev, staging = Place(killing, "dev"), Place(killing, "staging")
    for number in itertools.count():
        tag = f"v1.{number}.0"
        killing.project.release(tag)
        run = killing.learn if number == LEARNT else killing.run
        asking = ("gate", "staging", "--release", tag, "--format", "json")
        done = run(DEPLOY, "deploy", "dev", "--release", tag, then=asking)
        plan = json.loads(done.stdout[done.stdout.index("{") :])["plan"]
        dev.expect((tag, "succeeded"))
        assert len(dev.marks) == dev.count
        if number == 0:
            observe(killing.project, "dev")
        if number and not killing.is_left(PROMOTION) and not killing.is_left(ROLLBACK):
            if not killing.is_left(DEPLOY):
                break
            continue
        approve(killing.project, tag, plan)
        succeeded(run(PROMOTION, "deploy", "staging", "--release", tag), killing)
        (latest, *_) = staging.expect((tag, "succeeded"))
        promoted = killing.project.table.promotion("orders", tag, "dev", "staging")
        assert promoted is not None
        assert promoted.approver == "sam@example.com"
        for digest in (promoted.evidence_digest, latest.decision):  # Two, where a run died between the two.
            assert (
                read(killing.project.store("staging").evidence(digest), digest).said["decision"] == "success"
            )
        if number == 0:
            observe(killing.project, "staging")
            continue
        succeeded(run(ROLLBACK, "rollback", GOOD, "--env", "staging"), killing)
        staging.expect((GOOD, "succeeded"), (tag, "rolled_back"))
        subjects = killing.project.git("log", "--first-parent", "--format=%s", "env/staging").splitlines()
        assert subjects[:2] == [f"Back to {GOOD} in staging", tag]
        assert len(staging.marks) == staging.count
    for name in ("dev", "staging"):
        tried = [one for names in killing.tried.values() for one in names]
        assert left_of_plans(killing.project, name) <= tried.count(f"DeleteChangeSet{OF_PLAN}")
    told(record_property, killing)


@pytest.mark.xdist_group("killed-return")
def test_a_release_that_fails_and_the_one_before_that_comes_back(
    killing: Killing, record_property: Record
) -> None:
    """REQ-R4: from its first stack on; what comes before is that of any deployment."""
    dev = Place(killing, "dev")
    killing.project.release(GOOD)
    succeeded(killing.project.run("deploy", "dev", "--release", GOOD), killing)
    dev.expect((GOOD, "succeeded"))
    for number in itertools.count(1):
        if number > LEARNT and not killing.is_left(RETURN):
            break
        bad = f"v1.{number}.0"
        killing.project.release(bad, is_bad=True)
        command = ("deploy", "dev", "--release", bad)
        done = (
            killing.learn(RETURN, *command, first="ExecuteChangeSet")
            if number == LEARNT
            else killing.run(RETURN, *command)
        )
        assert done.returncode == cli.FAILURE, (killing.tried, done.stdout + done.stderr)
        dev.expect((GOOD, "succeeded"), (bad, "rolled_back"), more=2)
        assert sorted(dev.marks) == list(range(1, dev.count + 1, 2))
    told(record_property, killing)


@pytest.mark.xdist_group("killed-return")
def test_a_pull_request_and_all_environments_back(killing: Killing, record_property: Record) -> None:
    """REQ-G1, REQ-R2: one pull request, whatever died; and of a way back through all, what lies between two of them."""
    killing.project.release(GOOD)
    done = killing.project.run("deploy", "dev", "--release", GOOD)
    succeeded(done, killing)
    for name in ("staging", "prod"):
        killing.project.deploy(name)
    _propose(killing)
    places = {name: Place(killing, name, count) for name, count in (("staging", 1), ("dev", 2))}
    for number in itertools.count():
        if number > 1 and not killing.is_left(ALL):
            break
        bad = f"v1.{number + 2}.0"
        killing.project.release(bad)
        glass = ("--break-glass", "a test of the way back")
        succeeded(killing.project.run("deploy", "dev", "--", "deploy", "staging", *glass), killing)
        run = killing.learn if number == 1 else killing.run
        succeeded(run(ALL, "rollback", GOOD, "--all"), killing)
        if number == 1:
            steps = killing.known[ALL]
            *_, marked, _ = (at for at, name in enumerate(steps.names, 1) if name == "git tag --annotate")
            killing.known[ALL] = replace(steps, points=tuple(range(marked + 1, marked + 4)))
        for place in places.values():
            place.expect((GOOD, "succeeded"), (bad, "rolled_back"), more=2)
            subjects = killing.project.git("log", "--first-parent", "--format=%s", f"env/{place.name}")
            assert subjects.splitlines()[:2] == [f"Back to {GOOD} in {place.name}", bad]
        assert len(killing.project.states("prod")) == 1
    told(record_property, killing)


def _propose(killing: Killing) -> None:
    """Kill `lockstep promote` at each step; there is one pull request after one more run."""
    tag = "v1.1.0"
    killing.project.release(tag, to=("dev",))
    succeeded(killing.project.run("deploy", "dev", "--release", tag), killing)
    observe(killing.project, "dev")
    check(killing.project, tag)
    with serving(Double()) as double:
        repository = f"{double.owner}/{double.name}"
        killing.variables = {
            "GITHUB_API_URL": double.url,
            "GITHUB_REPOSITORY": repository,
            "GH_TOKEN": ADMIN,
        }
        for number in itertools.count():
            if number > 1 and not killing.is_left(PROPOSAL):
                break
            run = killing.learn if number == 1 else killing.run
            succeeded(run(PROPOSAL, "promote", "staging"), killing)
            (found,) = double.delivery.pulls
            assert (found["title"], found["base"]["ref"]) == (f"Promote {tag} to staging", "env/staging")
            assert found["head"]["ref"] == PROPOSED
            remote = ("--git-dir", str(killing.project.remote), "rev-parse")
            trees = killing.project.git(*remote, f"{PROPOSED}^{{tree}}", f"{tag}^{{tree}}").split()
            assert trees[0] == trees[1]
            double.delivery.pulls.clear()
            killing.project.git("push", "-q", "origin", "--delete", PROPOSED)
        assert double.mistakes == []
    killing.variables = {}
