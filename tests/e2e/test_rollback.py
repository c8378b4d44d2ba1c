"""`lockstep rollback` on a sandbox with branches and a remote: back, refused, stopped half way."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipelines import cli
from pipelines.attestation import read
from pipelines.configuration.encoding import digest_of
from pipelines.holding import LEASE
from pipelines.promotion.policy_file import FILE as POLICY
from pipelines.state.keys import environment_release
from pipelines.state.records import DriftSummary, StackKey
from sandbox import accounts, process
from sandbox.place import Place
from tests.e2e.deployed_home import copied
from tests.e2e.recorded_project import TABLE_NAME
from tests.e2e.tiny_project import QUEUE, TinyProject
from tests.state_table import state

pytestmark = pytest.mark.xdist_group("rollback")
SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "rollback.json").read_text(encoding="utf-8"))
ORDER = ("prod", "staging", "dev")
REGIONS = {"dev": "us-east-1", "staging": "us-east-2", "prod": "us-east-1"}
GOOD, BAD = "v1.0.0", "v1.1.0"


@contextmanager
def world(folder: Path, before: Path | None = None) -> Iterator[TinyProject]:
    """Yield a project and its sandbox in a folder; both go on from what is in the folder `before`, stopped there."""
    place, port = Place.of(folder / "sandbox"), None
    if before is not None:
        for name in ("project", "remote"):
            shutil.copytree(before / name, folder / name, symlinks=True)
        port = copied(before / "sandbox", place)
    record = process.start(place, port=port, lifeline=os.getpid())
    made = TinyProject(folder / "project", accounts.variables(record.endpoint))
    if before is not None:
        made.git("remote", "set-url", "origin", str(made.remote))
    yield made
    process.discard(place)


def stopped(folder: Path) -> Path:
    """Stop what is in a folder, which keeps its state; return it."""
    process.stop(Place.of(folder / "sandbox"))
    return folder


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project with a home, whose first release is good in dev; tests have copies of it."""
    folder = tmp_path_factory.mktemp("first")
    with world(folder) as project:
        TinyProject.made(project.root, project.operator)
        project.make_role()
        project.make_home()
        project.release(GOOD)
        project.deploy("dev")
        return stopped(folder)


@pytest.fixture(scope="module")
def second(first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deploy the good release, and then another, into every environment; tests have copies of it."""
    folder = tmp_path_factory.mktemp("second")
    with world(folder, first) as project:
        for name in ("staging", "prod"):
            project.deploy(name)
        project.release(BAD)
        for name in ORDER:
            project.deploy(name)
        return stopped(folder)


@pytest.fixture
def project(first: Path, tmp_path: Path) -> Iterator[TinyProject]:
    """Return a project whose first release is in dev."""
    with world(tmp_path, first) as found:
        yield found


@pytest.fixture
def everywhere(second: Path, tmp_path: Path) -> Iterator[TinyProject]:
    """Return a project with two releases, one after the other, in every environment."""
    with world(tmp_path, second) as found:
        yield found


def json_of(done: Any) -> list[dict[str, Any]]:
    """Return the environments of a document, held to its schema."""
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    found: list[dict[str, Any]] = document["environments"]
    return found


def value(project: TinyProject, name: str) -> str:
    """Return what the last stack of an environment published."""
    ssm = project.client("ssm", account=accounts.ACCOUNTS[name], region=REGIONS[name])
    return str(ssm.get_parameter(Name=f"/orders/{name}/second/Value")["Parameter"]["Value"])


def tree(project: TinyProject, reference: str) -> str:
    return project.git("rev-parse", f"{reference}^{{tree}}")


def commits(project: TinyProject, branch: str) -> list[str]:
    """Return the subjects of a branch of the remote, the newest first."""
    project.git("fetch", "-q", "origin")
    return project.git("log", "--first-parent", "--format=%s", f"origin/{branch}").splitlines()


def expect_back(project: TinyProject, name: str, replaced: int = 1) -> None:
    """What a rollback leaves, whatever it went through: each of it once."""
    assert value(project, name) == f"{name}-orders-{name}-orders-v1-0-0"
    states = project.states(name)
    assert states[0] == (GOOD, "succeeded")
    assert sum(state == "rolled_back" for _, state in states) == replaced
    project.git("fetch", "-q", "origin")
    assert tree(project, f"origin/env/{name}") == tree(project, GOOD)
    mark = f"deployed/{name}/{len(states)}"
    assert project.git("rev-parse", f"{mark}^{{commit}}") == project.git("rev-parse", f"{GOOD}^{{commit}}")
    assert f"refs/tags/{mark}" in project.git("ls-remote", "origin")
    later = datetime.now(UTC) + timedelta(minutes=project.minutes) + LEASE
    assert project.table.lock("orders", name, later) is None, "a lock lasts longer than its lease"


def test_all_environments_go_back_together_and_twice_is_once(everywhere: TinyProject) -> None:
    """REQ-R1, REQ-R2: prod first; the branches say it by a new commit; what was taken back is kept out."""
    shown = json_of(everywhere.run("rollback", GOOD, "--all", "--dry-run", "--format", "json"))
    assert [(one["environment"], one["state"]) for one in shown] == [(name, "planned") for name in ORDER]
    assert everywhere.states("prod")[0] == (BAD, "succeeded")
    done = everywhere.run("rollback", GOOD, "--all", "--format", "json")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    rows = json_of(done)
    assert [(one["environment"], one["state"], one["replaces"]) for one in rows] == [
        (name, "back", [BAD]) for name in ORDER
    ]
    for name in ORDER:
        expect_back(everywhere, name)
        assert commits(everywhere, f"env/{name}") == [f"Back to {GOOD} in {name}", BAD, GOOD]
        latest = everywhere.table.latest_environment_release("orders", name)
        assert latest is not None
        statement = read(everywhere.store(name).evidence(latest.evidence), latest.evidence)
        assert statement.said["outcome"] == "succeeded"
        assert statement.said["note"] == f"rolled back to {GOOD} from {BAD}"
        assert statement.said["policy"] == digest_of((everywhere.root / POLICY).read_bytes())
        stacks = statement.said["stacks"]
        assert [one["outcome"] for one in stacks] == ["updated", "updated"]
        assert all(one["request"].startswith("lockstep-") and name in one["stack_id"] for one in stacks)
    again = everywhere.run("rollback", GOOD, "--all", "--format", "json")
    assert again.returncode == cli.SUCCESS, again.stdout + again.stderr
    assert {one["state"] for one in json_of(again)} == {"there"}
    for name in ORDER:
        expect_back(everywhere, name)
        assert len(commits(everywhere, f"env/{name}")) == 3
        assert len(everywhere.states(name)) == 3
    back = everywhere.run("rollback", BAD, "--env", "dev")
    assert back.returncode == cli.FAILURE
    assert "was rolled back there, and stays out" in back.stderr
    assert everywhere.states("dev")[0] == (GOOD, "succeeded")


@contextmanager
def refusing(project: TinyProject, branch: str) -> Iterator[None]:
    """Let the remote take no push to a branch, as a protected one does."""
    hook = project.root.parent / "remote" / "hooks" / "update"
    hook.write_text(f'#!/bin/sh\n[ "$1" != refs/heads/{branch} ]\n', encoding="utf-8")
    hook.chmod(0o755)
    yield
    hook.unlink()


def test_it_stops_at_the_first_failure_and_carries_on(everywhere: TinyProject) -> None:
    """REQ-R2: what is back, what is not and what was not begun is shown; nothing runs that its branch does not say."""
    with refusing(everywhere, "env/staging"):
        done = everywhere.run("rollback", GOOD, "--all", "--format", "json")
        assert done.returncode == cli.TECHNICAL, done.stdout + done.stderr
        rows = json_of(done)
        assert [one["state"] for one in rows] == ["back", "failed", "not begun"]
        assert "origin did not take refs/heads/env/staging" in rows[1]["error"]
        assert [one["regions"][0]["back"] for one in rows] == [2, 0, 0]
        shown = everywhere.run("rollback", GOOD, "--all")
        assert shown.returncode == cli.TECHNICAL
        assert "not begun" in shown.stdout
    assert everywhere.states("staging")[0] == (BAD, "succeeded")
    ours, theirs = everywhere.git("rev-parse", "env/staging", "origin/env/staging").splitlines()
    assert ours == theirs, "once a colleague did the same, they would have gone different ways"
    expect_back(everywhere, "prod")
    done = everywhere.run("rollback", GOOD, "--all", "--format", "json")
    assert [one["state"] for one in json_of(done)] == ["there", "back", "back"]
    for name in ORDER:
        expect_back(everywhere, name)


def test_a_branch_that_went_another_way_is_told_before_anything_is_changed(everywhere: TinyProject) -> None:
    """REQ-R2: also where its environment would be the last; the same of files that nobody committed."""
    everywhere.git("fetch", "-q", "origin")
    there = everywhere.git("rev-parse", "origin/env/dev")
    apart = everywhere.git("commit-tree", f"{GOOD}^{{tree}}", "-m", "another way")
    everywhere.git("update-ref", "refs/heads/env/dev", apart)
    command = ("rollback", GOOD, "--all")
    for extra in (("--dry-run",), ()):
        done = everywhere.run(*command, *extra)
        assert done.returncode == cli.FAILURE, done.stdout + done.stderr
        assert "env/dev and origin/env/dev have gone different ways" in done.stderr
    everywhere.git("update-ref", "refs/heads/env/dev", there)
    everywhere.git("checkout", "-q", "env/dev")
    file = everywhere.root / "templates" / "first.yaml"
    file.write_text("mine", encoding="utf-8")
    done = everywhere.run(*command)
    assert done.returncode == cli.USAGE, done.stdout + done.stderr
    assert "templates/first.yaml" in done.stderr
    assert file.read_text(encoding="utf-8") == "mine"
    for name in ORDER:
        assert everywhere.states(name)[0] == (BAD, "succeeded")


def let_in(project: TinyProject, name: str) -> None:
    """Record of every deployment into an environment that the gates let it in."""
    for one in project.table.environment_releases("orders", name):
        key = environment_release("orders", name, one.number)
        project.client("dynamodb").update_item(
            TableName=TABLE_NAME,
            Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
            UpdateExpression="SET decision = :digest",
            ExpressionAttributeValues={":digest": {"S": "sha256:" + "0" * 64}},
        )


def test_the_last_consistent_release_is_found(everywhere: TinyProject) -> None:
    """REQ-R1: in every environment through the gates, verified, and without drift while it was there."""
    command = ("rollback", "--last-consistent", "--all", "--dry-run", "--format", "json")
    none = everywhere.run(*command)
    assert none.returncode == cli.FAILURE
    assert "no release was good in every environment" in none.stdout
    for name in ORDER:
        let_in(everywhere, name)
    assert json.loads(everywhere.run(*command).stdout)["release"] == BAD
    key = StackKey("orders", "dev", accounts.ACCOUNTS["dev"], REGIONS["dev"], "lockstep-dev-orders-first")
    everywhere.table.record_state(state(key=key))
    summary = DriftSummary("d-1", "drifted", 1, (), (), 1, datetime.now(UTC), "sha256:0")
    everywhere.table.record_drift(key, summary)
    done = everywhere.run(*command)
    assert json.loads(done.stdout)["release"] == GOOD, done.stdout + done.stderr


def test_nothing_is_done_beside_another_run(project: TinyProject) -> None:
    """REQ-G5: who deploys there, and until when; the branch stays as it is, as what that run deploys is its own."""
    project.release(BAD)
    project.deploy("dev")
    now = datetime.now(UTC)
    lock = project.table.acquire_lock("orders", "dev", "sam", now, LEASE)
    assert lock is not None
    done = project.run("rollback", GOOD, "--env", "dev")
    assert done.returncode == cli.PENDING, done.stdout + done.stderr
    assert "is being deployed into dev by sam" in done.stderr
    assert commits(project, "env/dev") == [BAD, GOOD]
    later = project.later(minutes=4).run("rollback", GOOD, "--env", "dev")
    assert later.returncode == cli.SUCCESS, later.stdout + later.stderr
    expect_back(project.later(minutes=4), "dev")


def test_data_is_not_lost_unless_each_is_named(project: TinyProject) -> None:
    """REQ-R3: refused with the list, and nothing is changed, in git neither."""
    project.release(BAD, QUEUE)
    project.deploy("dev")
    refused = project.run("rollback", GOOD, "--env", "dev")
    assert refused.returncode == cli.FAILURE
    assert "dev/orders/first/Queue (AWS::SQS::Queue) would be deleted" in refused.stderr
    assert "--accept-loss dev/orders/first/Queue" in refused.stderr
    assert project.states("dev")[0] == (BAD, "succeeded")
    assert commits(project, "env/dev") == [BAD, GOOD]
    done = project.run("rollback", GOOD, "--env", "dev", "--accept-loss", "dev/orders/first/Queue")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    expect_back(project, "dev")


NAMED = """  Named:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub "${ParameterPath}/Named"
      Type: String
      Value: "of a release that had it"
Outputs:
"""


def test_a_stack_that_fails_on_the_way_back_is_shown_and_one_more_run_ends_right(
    project: TinyProject,
) -> None:
    """REQ-R2: half of it is back, and said so by stack, region and environment, until the cause is gone."""
    second = project.root / "templates" / "second.yaml"
    without = second.read_text(encoding="utf-8")
    for tag, text in (("v1.1.0", without.replace("Outputs:\n", NAMED)), ("v1.2.0", without)):
        second.write_text(text, encoding="utf-8")
        project.release(tag)
        project.deploy("dev")
    ssm = project.client("ssm", account=accounts.ACCOUNTS["dev"], region=REGIONS["dev"])
    ssm.put_parameter(Name="/orders/dev/second/Named", Value="somebody else's", Type="String")
    command = ("rollback", "v1.1.0", "--env", "dev")
    failed = project.run(*command, "--format", "json")
    assert failed.returncode == cli.FAILURE, failed.stdout + failed.stderr
    (row,) = json_of(failed)
    assert (row["state"], row["regions"]) == ("failed", [{"region": REGIONS["dev"], "back": 1, "stacks": 2}])
    assert [one["outcome"] for one in row["stacks"]] == ["updated", "failed"]
    assert "Named (AWS::SSM::Parameter)" in row["stacks"][1]["reason"]
    assert project.states("dev")[:2] == [("v1.1.0", "failed"), ("v1.2.0", "rolled_back")]
    assert "v1.1.0 has yet to come back" in " ".join(project.run("status", "dev").stdout.split())
    ssm.delete_parameter(Name="/orders/dev/second/Named")
    done = project.run(*command)
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    assert value(project, "dev") == "dev-orders-dev-orders-v1-1-0"
    assert project.states("dev")[0] == ("v1.1.0", "succeeded")
    assert [state for _, state in project.states("dev")].count("rolled_back") == 1
    assert commits(project, "env/dev")[:2] == ["Back to v1.1.0 in dev", "v1.2.0"]
    assert project.table.latest_environment_release("orders", "dev").awaits == ""  # type: ignore[union-attr]
    _expect_nothing_left(project)


def test_what_was_not_good_there_does_not_come_back(project: TinyProject) -> None:
    """REQ-R1: an unknown tag, one that never was there, one that was moved; nothing is changed."""
    project.release(BAD)
    project.deploy("dev")
    unknown = project.run("rollback", "v9.9.9", "--env", "dev")
    assert unknown.returncode == cli.USAGE
    assert "is no tag" in unknown.stderr
    everywhere = project.run("rollback", GOOD, "--all")
    assert everywhere.returncode == cli.FAILURE
    for name in ("staging", "prod"):
        assert f"{name}: {GOOD} of orders never succeeded there" in everywhere.stderr
    project.git("commit", "-q", "--allow-empty", "-m", "another")
    project.git("tag", "-f", GOOD)
    moved = project.run("rollback", GOOD, "--env", "dev")
    assert moved.returncode == cli.FAILURE
    assert "the tag is" in moved.stderr
    assert project.states("dev") == [(BAD, "succeeded"), (GOOD, "succeeded")]
    assert commits(project, "env/dev") == [BAD, GOOD]


def _expect_nothing_left(project: TinyProject) -> None:
    """No stack twice, and none under way."""
    client = project.client("cloudformation", account=accounts.ACCOUNTS["dev"], region=REGIONS["dev"])
    stacks = client.describe_stacks()["Stacks"]
    assert sorted(one["StackName"] for one in stacks) == [
        "lockstep-dev-orders-first",
        "lockstep-dev-orders-second",
    ]
    assert {one["StackStatus"] for one in stacks} <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
