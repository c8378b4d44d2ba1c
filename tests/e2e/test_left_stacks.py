"""Stacks that a release does not have, and those it has that are gone: on the way forward and back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import cli
from pipelines.state.records import DriftSummary, StackKey
from sandbox import accounts, process
from sandbox.place import Place
from tests.e2e.recorded_project import MARKER
from tests.e2e.tiny_project import TinyProject
from tests.state_table import state
from validator.environments import ENVIRONMENTS

pytestmark = pytest.mark.xdist_group("rollback")
GOOD, MORE, LESS = "v1.0.0", "v1.1.0", "v1.2.0"
REGION = "us-east-1"
THIRD = "lockstep-dev-orders-third"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[TinyProject]:
    """Make a project with a home, whose first release was let into dev."""
    place = Place.of(tmp_path / "sandbox")
    record = process.start(place, lifeline=os.getpid())
    made = TinyProject.made(tmp_path / "project", accounts.variables(record.endpoint))
    made.make_role()
    made.make_home()
    made.release(GOOD)
    done = made.run("deploy", "dev", "--release", GOOD)
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    yield made
    process.discard(place)


def third(project: TinyProject, *, is_there: bool) -> None:
    """Write the files of a third stack, or remove them."""
    (project.root / "templates" / "third.yaml").write_text(MARKER, encoding="utf-8")
    for name in ENVIRONMENTS:
        file = project.root / "sceptre" / "config" / name / "orders" / "third.yaml"
        if is_there:
            file.write_text("template:\n  type: file\n  path: third.yaml\n", encoding="utf-8")
        else:
            file.unlink()


def observe(project: TinyProject, version: str, *names: str) -> None:
    """Say what the agent of dev would: these stacks are there, and nothing drifted."""
    for name in names:
        key = StackKey("orders", "dev", accounts.ACCOUNTS["dev"], REGION, f"lockstep-dev-orders-{name}")
        project.table.record_state(state(key=key, version=version, operation_at=project.now))
        project.table.record_drift(key, DriftSummary("d-1", "in_sync", 1, (), (), 0, project.now, "sha256:0"))


def names(project: TinyProject) -> list[str]:
    client = project.client("cloudformation", account=accounts.ACCOUNTS["dev"], region=REGION)
    return sorted(one["StackName"].rsplit("-", 1)[1] for one in client.describe_stacks()["Stacks"])


def test_what_a_release_added_stays_and_keeps_none_from_coming_back(project: TinyProject) -> None:
    """REQ-R1, REQ-R2, REQ-G7: told by the plan and by verification, and an error where no release had it."""
    third(project, is_there=True)
    project.release(MORE)
    done = project.run("deploy", "dev", "--release", MORE)
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    observe(project, GOOD, "first", "second")
    observe(project, MORE, "third")

    shown = project.run("rollback", GOOD, "--env", "dev", "--dry-run")
    assert f"{THIRD} stays" in " ".join(shown.stdout.split())
    back = project.run("rollback", GOOD, "--env", "dev")
    assert back.returncode == cli.SUCCESS, back.stdout + back.stderr
    assert f"it is left of {MORE}" in " ".join(back.stderr.split())
    assert project.states("dev")[0] == (GOOD, "succeeded")
    verified = project.run("verify", "dev")
    assert verified.returncode == cli.SUCCESS, verified.stdout + verified.stderr
    assert f"warning: {THIRD} runs in" in verified.stdout

    third(project, is_there=False)
    project.release(LESS, to=("dev",))
    planned = project.run("plan", "dev", "--release", LESS, "--format", "json")
    (staying,) = [one for one in json.loads(planned.stdout)["stacks"] if one["kind"] == "stays"]
    assert (staying["name"], staying["changes"]) == (THIRD, [])
    done = project.run("deploy", "dev", "--release", LESS)
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    assert names(project) == ["first", "second", "third"]

    observe(project, "v0.9.0", "third")
    unknown = project.run("verify", "dev")
    assert unknown.returncode == cli.FAILURE
    assert f"error: {THIRD} runs in" in unknown.stdout


def test_a_stack_that_is_gone_is_made_again_whatever_is_recorded(project: TinyProject) -> None:
    """REQ-V10, REQ-R1: a release stands where its stacks do; the same command, or the way back, makes them again."""
    client = project.client("cloudformation", account=accounts.ACCOUNTS["dev"], region=REGION)
    for command in (("deploy", "dev", "--release", GOOD), ("rollback", GOOD, "--env", "dev")):
        before = len(project.states("dev"))
        client.delete_stack(StackName="lockstep-dev-orders-second")
        client.get_waiter("stack_delete_complete").wait(StackName="lockstep-dev-orders-second")
        done = project.run(*command)
        assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
        assert names(project) == ["first", "second"]
        assert project.states("dev")[0] == (GOOD, "succeeded")
        assert len(project.states("dev")) == before + 1
        again = project.run(*command)
        assert again.returncode == cli.SUCCESS, again.stdout + again.stderr
        assert len(project.states("dev")) == before + 1


def test_what_came_behind_broken_glass_is_promoted_only_by_the_gates(project: TinyProject) -> None:
    """REQ-G1, REQ-G2: it runs there, and neither a tag nor a promotion says that it was let in."""
    project.deploy("staging")
    done = project.run("deploy", "staging", "--release", GOOD)
    assert done.returncode in (cli.FAILURE, cli.TECHNICAL, cli.PENDING), done.stdout + done.stderr
    assert f"{GOOD} may not enter staging" in done.stderr
    assert "approval" in done.stderr
    assert project.git("tag", "--list", "deployed/staging/*") == ""
    assert project.states("staging") == [(GOOD, "succeeded")]
