"""A run that died half way is carried on through every gate, at any age, or goes back (REQ-G1, REQ-G5, REQ-R4)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipelines import cli
from pipelines.attestation import read
from pipelines.holding import LEASE
from sandbox import accounts, process
from sandbox.place import Place
from tests.e2e.killing import Steps
from tests.e2e.tiny_project import TinyProject

pytestmark = pytest.mark.xdist_group("carrying")
AFTER_THE_LEASE = int(LEASE.total_seconds() / 60) + 1
"""Minutes."""
ANOTHER = f"sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TinyProject, int]]:
    """Make a project whose dev runs a release; also return the step before which its first stack alone is another."""
    folder = tmp_path_factory.mktemp("carrying")
    place = Place.of(folder / "sandbox")
    record = process.start(place, lifeline=os.getpid())
    project = TinyProject.made(folder / "project", accounts.variables(record.endpoint))
    project.make_role()
    project.make_home()
    log = folder / "steps"
    for tag in ("v1.0.0", "v1.1.0", "v1.2.0"):
        log.write_text("", encoding="utf-8")
        project.release(tag)
        done = project.run("deploy", "dev", "--release", tag, log=log)
        assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    steps = Steps.of(log.read_text(encoding="utf-8").splitlines()).names
    yield project, [number for number, name in enumerate(steps, 1) if name == "ExecuteChangeSet"][-1]
    process.discard(place)


def died(world: tuple[TinyProject, int], tag: str) -> TinyProject:
    """Kill a run of a release between its two stacks; return the project once the lease of its locks is over."""
    project, step = world
    standing = values(project)
    project.release(tag)
    project.run("deploy", "dev", "--release", tag, kill_at=step)
    assert project.states("dev")[0] == (tag, "deploying")
    assert values(project) == [f"dev-orders-{tag.replace('.', '-')}", standing[1]]
    return project.later(AFTER_THE_LEASE)


def values(project: TinyProject) -> list[str]:
    ssm = project.client("ssm", account=accounts.ACCOUNTS["dev"], region="us-east-1")
    names = (f"/orders/dev/{name}/Value" for name in ("first", "second"))
    return [ssm.get_parameter(Name=name)["Parameter"]["Value"] for name in names]


def test_only_the_plan_that_is_expected_is_carried_on(world: tuple[TinyProject, int]) -> None:
    """REQ-G7: that of the whole, which the decision let in. It goes on under that decision, in the same deployment."""
    project = died(world, "v1.3.0")
    (begun, *_) = project.table.environment_releases("orders", "dev")
    statement = read(project.store("dev").evidence(begun.decision), begun.decision)
    refused = project.run("deploy", "dev", "--release", "v1.3.0", "--expect", ANOTHER)
    assert refused.returncode == cli.FAILURE, refused.stdout + refused.stderr
    assert "this is not the plan that was expected" in refused.stderr
    assert "half of it may be there" in refused.stderr
    assert project.states("dev")[0] == ("v1.3.0", "deploying")
    plan = statement.said["evidence"]["plan"]["digest"]
    done = project.run("deploy", "dev", "--release", "v1.3.0", "--expect", plan)
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    (latest, *_) = project.table.environment_releases("orders", "dev")
    assert (latest.state, latest.number, latest.decision) == ("succeeded", begun.number, begun.decision)


def test_what_the_gates_keep_out_by_now_is_not_carried_on_and_goes_back(
    world: tuple[TinyProject, int],
) -> None:
    """REQ-G5: it was rolled back elsewhere since. Nothing more is changed, and the record says what is under way."""
    bad, good = "v1.4.0", world[0].states("dev")[0][0]
    before = values(world[0])
    project = died(world, bad)
    standing = values(project)
    table = project.table
    release = table.release("orders", bad, "dev")
    assert release is not None
    begun = table.begin_environment_release(replace(release, environment="staging"), project.now, "alex")
    assert begun is not None
    assert table.end_environment_release("orders", "staging", begun.number, "rolled_back", project.now)
    later = project.later(60 * 24 * 40)
    refused = later.run("deploy", "dev", "--release", bad)
    assert refused.returncode == cli.FAILURE, refused.stdout + refused.stderr
    assert "rejected-release: failure: v1.4.0 of orders was rolled back in staging" in refused.stderr
    assert "half of it may be there, and this run changed nothing more" in refused.stderr
    assert f"`lockstep rollback {good} --env dev`" in refused.stderr
    assert values(project) == standing
    assert project.states("dev")[0] == (bad, "deploying")
    assert table.lock("orders", "dev", later.now) is None
    back = later.run("rollback", good, "--env", "dev")
    assert back.returncode == cli.SUCCESS, back.stdout + back.stderr
    assert project.states("dev")[:2] == [(good, "succeeded"), (bad, "rolled_back")]
    assert values(project) == before
