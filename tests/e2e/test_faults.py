"""What goes wrong around a run of `lockstep`, in one small world: one more run ends in the right state (issue 5)."""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pipelines import cli
from pipelines.holding import LEASE
from sandbox import accounts, process
from sandbox.place import Place
from tests.e2e.control_plane import until
from tests.e2e.killing import REGIONS
from tests.e2e.tiny_project import QUEUE, TinyProject

pytestmark = pytest.mark.xdist_group("faults")
_numbers = itertools.count()
AFTER_THE_LEASE = int(LEASE.total_seconds() / 60) + 1
"""Minutes."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyProject]:
    """Make a project with a home, and bring a first release into dev."""
    folder = tmp_path_factory.mktemp("faults")
    place = Place.of(folder / "sandbox")
    record = process.start(place, lifeline=os.getpid())
    project = TinyProject.made(folder / "project", accounts.variables(record.endpoint))
    project.make_role()
    project.make_home()
    deployed(project, released(project))
    yield project
    process.discard(place)


def released(project: TinyProject, more: str = "") -> str:
    """Make the next release, with its files in every branch."""
    tag = f"v1.{next(_numbers)}.0"
    project.release(tag, more)
    return tag


def deployed(project: TinyProject, tag: str) -> None:
    """Deploy a release into dev, which has to go well; what was there before counts as well."""
    before = list(project.table.environment_releases("orders", "dev"))
    done = project.run("deploy", "dev", "--release", tag)
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    number = project.table.latest_environment_release("orders", "dev").number  # type: ignore[union-attr]
    assert f"an order is posted for dev-{number}-" in done.stderr, "REQ-V10"
    expect_deployed(project, tag, len([one for one in before if one.tag == tag]) or 1)


def expect_deployed(project: TinyProject, tag: str, times: int = 1) -> None:
    """The release is the last deployment, once, and nothing of a run is left."""
    records = list(project.table.environment_releases("orders", "dev"))
    assert [one.state for one in records if one.tag == tag] == ["succeeded"] * times
    assert records[0].tag == tag
    assert project.table.lock("orders", "dev", project.now) is None
    for name in ("first", "second"):
        value = ssm(project).get_parameter(Name=f"/orders/dev/{name}/Value")["Parameter"]["Value"]
        assert tag.replace(".", "-") in value
    marks = project.git("ls-remote", "--tags", "origin", f"deployed/dev/{records[0].number}^{{}}")
    assert marks.split()[0] == project.git("rev-parse", f"{tag}^{{commit}}")


def ssm(project: TinyProject) -> Any:
    return project.client("ssm", account=accounts.ACCOUNTS["dev"], region=REGIONS["dev"])


def cloudformation(project: TinyProject) -> Any:
    return project.client("cloudformation", account=accounts.ACCOUNTS["dev"], region=REGIONS["dev"])


def faults(*those: dict[str, Any]) -> str:
    return json.dumps(those)


def test_throttling_is_waited_out(world: TinyProject) -> None:
    """Each kind of call is refused once or twice, and done once."""
    tag = released(world)
    throttled = [
        ("ExecuteChangeSet", "Throttling"),
        ("DescribeStacks", "Throttling"),
        ("CreateChangeSet", "Throttling"),
        ("TransactWriteItems", "ThrottlingException"),
        ("UpdateItem", "ThrottlingException"),
        ("PutObject", "SlowDown"),
    ]
    those = faults(*({"operation": name, "code": code, "times": 1} for name, code in throttled))
    done = world.run("deploy", "dev", "--release", tag, TINY_FAULTS=those)
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    expect_deployed(world, tag)


@pytest.mark.parametrize("operation", ["PutItem", "TransactWriteItems", "ExecuteChangeSet", "GetParameters"])
def test_credentials_that_expire_on_the_way(world: TinyProject, operation: str) -> None:
    """From the first call of one kind on AWS takes them no more: it says so, and the next run carries on."""
    tag = released(world)
    expired = faults({"on": operation, "code": "ExpiredToken", "times": 10_000})
    done = world.run("deploy", "dev", "--release", tag, TINY_FAULTS=expired)
    assert done.returncode in (cli.USAGE, cli.TECHNICAL), done.stdout + done.stderr
    assert "credentials are not accepted" in done.stderr
    assert "log in again" in done.stderr
    assert "Traceback" not in done.stderr
    deployed(world.later(AFTER_THE_LEASE), tag)


def test_of_two_runs_at_once_one_deploys_and_the_other_says_who(world: TinyProject) -> None:
    tag = released(world)
    first = world.begin("deploy", "dev", "--release", tag, TINY_STOP_AT="ExecuteChangeSet")
    first.stopped()
    second = world.run("deploy", "dev", "--release", tag)
    assert second.returncode == cli.PENDING, second.stdout + second.stderr
    assert "orders is being deployed into dev by arn:aws:" in second.stderr
    assert ", run " in second.stderr
    first.go_on()
    done = first.ended()
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    expect_deployed(world, tag)


def test_a_run_that_lost_its_lock_begins_no_further_stack_and_records_nothing(world: TinyProject) -> None:
    """As on a computer that slept: another run took the lock after its lease, and did it all."""
    tag = released(world)
    first = world.begin("deploy", "dev", "--release", tag, TINY_STOP_AT="ExecuteChangeSet")
    first.stopped()
    later = world.later(AFTER_THE_LEASE)
    deployed(later, tag)
    first.go_on(minutes=AFTER_THE_LEASE)
    done = first.ended()
    assert done.returncode == cli.TECHNICAL, done.stdout + done.stderr
    assert "lost the lock of orders in dev" in done.stderr
    assert "dev/orders/second updated" not in done.stdout
    expect_deployed(later, tag)


def test_what_a_run_that_stood_still_would_execute_is_gone_by_then(world: TinyProject) -> None:
    """Right before it executes, it looks at no lock again: whoever goes on finds its stacks unchanged."""
    before = released(world)
    deployed(world, before)
    tag = released(world)
    first = world.begin("deploy", "dev", "--release", tag, TINY_STOP_AT="ExecuteChangeSet")
    first.stopped()
    later = world.later(AFTER_THE_LEASE)
    back = later.run("rollback", before, "--env", "dev")
    assert back.returncode == cli.SUCCESS, back.stdout + back.stderr
    first.go_on(minutes=AFTER_THE_LEASE)
    done = first.ended()
    assert done.returncode in (cli.FAILURE, cli.TECHNICAL), done.stdout + done.stderr
    expect_deployed(later, before, times=2)
    name = "lockstep-dev-orders-first"
    events = cloudformation(world).describe_stacks(StackName=name)["Stacks"][0]
    assert {"Key": "Version", "Value": before} in events["Tags"]


def test_a_release_whose_tag_was_moved_is_not_said_to_stand(world: TinyProject) -> None:
    """REQ-G1: what the tag names by now was never asked about, also where its files are the same."""
    tag = released(world)
    deployed(world, tag)
    good = world.git("rev-parse", f"{tag}^{{commit}}")
    evil = world.git("commit-tree", f"{tag}^{{tree}}", "-p", tag, "-m", "evil")
    world.git("tag", "--force", tag, evil)
    done = world.run("deploy", "dev", "--release", tag)
    world.git("tag", "--force", tag, good)
    assert done.returncode == cli.FAILURE, done.stdout + done.stderr
    assert f"recorded in dev as commit {good}, and the tag names {evil} by now" in done.stderr
    assert f"git tag --force {tag} {good}" in done.stderr
    expect_deployed(world, tag)


@pytest.mark.parametrize("there", ["", "HEAD~1"])
def test_a_release_that_the_remote_does_not_have_is_not_let_in(world: TinyProject, there: str) -> None:
    """REQ-G1: a tag that nobody pushed, and one that is another commit there; the runs after it are as before."""
    before, tag = world.states("dev"), released(world)
    world.git("push", "-q", "--force", "origin", f"{there}:refs/tags/{tag}")
    done = world.run("deploy", "dev", "--release", tag)
    assert done.returncode == cli.FAILURE, done.stdout + done.stderr
    assert "it is not let in" in done.stderr
    assert f"refs/tags/{tag}`" in done.stderr
    assert world.states("dev") == before
    world.git("push", "-q", "--force", "origin", f"refs/tags/{tag}")
    deployed(world, tag)


@pytest.mark.parametrize("command", ["deploy", "rollback"])
def test_what_nobody_committed_stands_in_the_way_of_nothing_else(world: TinyProject, command: str) -> None:
    """A dirty tree on the environment's own branch: exit code 2, the file and the mend, and nothing is changed."""
    tag = released(world)
    deployed(world, tag)
    world.git("branch", "--force", "env/dev", "origin/env/dev")
    arguments: tuple[str, ...] = ("deploy", "dev", "--release", released(world))
    if command == "rollback":
        older = [one for one, state in world.states("dev") if state == "succeeded" and one != tag]
        arguments = ("rollback", older[0], "--env", "dev")
    world.git("switch", "-q", "env/dev")
    (world.root / "templates" / "first.yaml").write_text("dirty: 1\n", encoding="utf-8")
    states, remote = world.states("dev"), world.git("ls-remote", "origin", "env/dev")
    done = world.run(*arguments)
    assert done.returncode == cli.USAGE, done.stdout + done.stderr
    assert "would lose what is not committed of templates/first.yaml" in done.stderr
    assert "git stash" in done.stderr
    assert (world.states("dev"), world.git("ls-remote", "origin", "env/dev")) == (states, remote)
    assert (world.root / "templates" / "first.yaml").read_text(encoding="utf-8") == "dirty: 1\n"
    world.git("switch", "-q", "-f", "main")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_somebody_stops_a_run_before_its_stacks_and_the_lock_is_given_back(
    world: TinyProject, number: signal.Signals
) -> None:
    """REQ-G5: not only while stacks are under way; the next run need not wait for a lease."""
    tag = released(world)
    first = world.begin("deploy", "dev", "--release", tag, TINY_STOP_AT="PutObject")
    first.stopped()
    assert world.table.lock("orders", "dev", world.now) is not None
    os.kill(first.number, number)
    first.go_on()
    done = first.ended()
    assert done.returncode == cli.FAILURE, done.stdout + done.stderr
    assert f"dev: stopped at your request, before anything of {tag} was deployed" in done.stderr
    deployed(world, tag)


@contextmanager
def refusing(project: TinyProject, reference: str) -> Iterator[None]:
    """Let the remote take no push to a reference, as a protected one does."""
    hook = project.root.parent / "remote" / "hooks" / "update"
    hook.write_text(f'#!/bin/sh\ncase "$1" in {reference}) exit 1;; esac\n', encoding="utf-8")
    hook.chmod(0o755)
    yield
    hook.unlink()


def test_a_tag_that_the_remote_does_not_take_is_pushed_by_the_next_run(world: TinyProject) -> None:
    """The deployment itself stands, is a success, and is not made again."""
    tag = released(world)
    with refusing(world, "refs/tags/deployed/*"):
        done = world.run("deploy", "dev", "--release", tag)
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    assert f"no tag says yet that dev runs {tag}" in done.stderr
    assert "origin did not take refs/tags/deployed/dev/" in done.stderr
    again = world.run("deploy", "dev", "--release", tag)
    assert again.returncode == cli.SUCCESS, again.stdout + again.stderr
    assert "was there already" in again.stdout
    expect_deployed(world, tag)


FILTER = """  Filter:
    Type: AWS::Logs::MetricFilter
    Properties:
      FilterName: tiny
      LogGroupName: /tiny
      FilterPattern: PATTERN
      MetricTransformations: [{MetricName: Tiny, MetricNamespace: Tiny, MetricValue: "1"}]
"""
WAIT = """  Wait:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: Filter
    CreationPolicy: {ResourceSignal: {Count: 1, Timeout: PT2M}}
"""
"""What changes with a release in a log group that somebody else made; and what waits for somebody, and fails."""
FIRST = "lockstep-dev-orders-first"


def status(project: TinyProject) -> str:
    return str(cloudformation(project).describe_stacks(StackName=FIRST)["Stacks"][0]["StackStatus"])


def waits(project: TinyProject) -> bool:
    """Tell whether the stack waits for a signal."""
    events = cloudformation(project).describe_stack_events(StackName=FIRST)["StackEvents"]
    return any(
        one["LogicalResourceId"] == "Wait" and one["ResourceStatus"].endswith("IN_PROGRESS") for one in events
    )


def test_a_stack_that_could_not_go_back_waits_for_a_person(world: TinyProject) -> None:
    """UPDATE_ROLLBACK_FAILED, for real: the mend is said, nothing is touched, and after it the next run goes on."""
    logs = world.client("logs", account=accounts.ACCOUNTS["dev"], region=REGIONS["dev"])
    logs.create_log_group(logGroupName="/tiny")
    deployed(world, released(world, FILTER.replace("PATTERN", "one")))
    released(world, FILTER.replace("PATTERN", "two") + WAIT)
    running = world.begin("deploy", "dev")
    until("its wait", lambda: waits(world))
    logs.delete_log_group(logGroupName="/tiny")
    signal = {"LogicalResourceId": "Wait", "UniqueId": "a", "Status": "FAILURE"}
    cloudformation(world).signal_resource(StackName=FIRST, **signal)
    done = running.ended()
    assert done.returncode == cli.FAILURE, done.stdout + done.stderr
    assert status(world) == "UPDATE_ROLLBACK_FAILED"
    for _ in range(2):
        blocked = world.run("deploy", "dev")
        assert blocked.returncode == cli.FAILURE, blocked.stdout + blocked.stderr
        assert "it is UPDATE_ROLLBACK_FAILED" in blocked.stderr
        assert "aws cloudformation continue-update-rollback" in blocked.stderr
        assert "docs/runbooks/deployment.md" in blocked.stderr
    logs.create_log_group(logGroupName="/tiny")
    cloudformation(world).continue_update_rollback(StackName=FIRST)
    until("its way back", lambda: status(world) == "UPDATE_ROLLBACK_COMPLETE")
    deployed(world, released(world, FILTER.replace("PATTERN", "three")))


def test_without_a_release_data_goes_only_by_name_and_how_it_ended_is_kept(world: TinyProject) -> None:
    """REQ-R3, REQ-G6: also where no gate stands, into dev and into the home."""
    loss, typo = "dev/orders/first/Queue", "dev/orders/first/Quue"
    released(world, QUEUE)
    done = world.run("deploy", "dev")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    tag = released(world)
    refused = world.run("deploy", "dev")
    assert refused.returncode == cli.FAILURE, refused.stdout + refused.stderr
    assert f"{loss} (AWS::SQS::Queue) would be deleted" in refused.stderr
    assert f"run the same command again with --accept-loss {loss}" in refused.stderr
    done = world.run("deploy", "dev", "--accept-loss", loss, "--accept-loss", typo, "--", "deploy", "shared")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    assert f"--accept-loss {typo}: nothing of that name would have been lost" in done.stderr
    assert f"--accept-loss {loss}" not in done.stderr
    kept = world.run("evidence", tag, "--format", "json")
    assert kept.returncode == cli.SUCCESS, kept.stdout + kept.stderr
    said = [(one["environment"], one["says"]) for one in json.loads(kept.stdout)["statements"]]
    assert sorted(said) == [("dev", "failed"), ("dev", "succeeded"), ("shared", "succeeded")]
