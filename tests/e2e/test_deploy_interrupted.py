"""`lockstep deploy` after an interruption, a failure, and beside plain Sceptre, on sandboxes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipelines import cli
from sandbox import accounts, process
from sandbox.place import Place
from tests.e2e import clients, commands
from tests.e2e.commands import WITHOUT_GATES, orders_root
from validator.loader import load

STAGING = {"account": accounts.ACCOUNTS["staging"], "region": "us-east-2"}


def lockstep(operator: Mapping[str, str], *arguments: str, cwd: Path | None = None) -> Any:
    """Run a command on the checkout with `orders` alone."""
    return commands.lockstep(operator, *arguments, cwd=cwd or orders_root())


def lockstep_json(operator: Mapping[str, str], *arguments: str, cwd: Path | None = None) -> Any:
    """Run a command on the checkout with `orders` alone, and return its document."""
    return commands.lockstep_json(operator, *arguments, cwd=cwd or orders_root())


def sceptre(operator: Mapping[str, str], *arguments: str, cwd: Path | None = None) -> Any:
    """Run plain Sceptre on the checkout with `orders` alone."""
    return commands.sceptre(operator, *arguments, cwd=cwd or orders_root())


@contextmanager
def started(folder: Path) -> Iterator[Mapping[str, str]]:
    """Start a sandbox; yield the operator's variables."""
    place = Place.of(folder / "sandbox")
    record = process.start(place, lifeline=os.getpid())
    yield accounts.variables(record.endpoint)
    process.discard(place)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """Start a sandbox that no other test sees."""
    with started(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Start a sandbox in which nothing is deployed, for tests that deploy nothing."""
    with started(tmp_path_factory.mktemp("empty")) as found:
        yield found


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mapping[str, str], Path]]:
    """Launch dev of a clone by plain Sceptre, with nothing but environment variables."""
    folder = tmp_path_factory.mktemp("launched")
    clone = clone_of(orders_root(), folder / "clone")
    with started(folder) as own:
        done = sceptre(own, "launch", "-y", "dev", cwd=clone)
        assert done.returncode == 0, done.stdout + done.stderr
        yield own, clone


def client(own: Mapping[str, str], service: str, *, account: str, region: str) -> Any:
    return clients.shared(own["AWS_ENDPOINT_URL"], service, account, region)


def stack_ids(own: Mapping[str, str]) -> dict[str, str]:
    """Return the stacks of staging by name; a stack that was made twice would have two."""
    cloudformation = client(own, "cloudformation", **STAGING)
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    found = [(stack["StackName"], stack["StackId"]) for page in pages for stack in page["Stacks"]]
    assert len(found) == len(dict(found)), "a stack stands twice"
    return dict(found)


LAST = "lockstep-staging-orders-monitoring"


def hold_last_stack(own: Mapping[str, str]) -> None:
    """Let a stack of the last batch be in progress for ten seconds, as if an earlier run had left it so.

    Then it fails and is rolled back, so the run after the interruption waits for it and makes it again.
    """
    client(own, "cloudformation", **STAGING).create_stack(StackName=LAST, TemplateBody=commands.HELD)


@pytest.mark.parametrize("after", [1, 13], ids=lambda count: f"after-{count}-stacks")
def test_an_interrupted_deployment_carries_on(own: Mapping[str, str], tmp_path: Path, after: int) -> None:
    """SIGINT at several points: exit code 1 at once, and the next run ends complete with nothing made twice.

    A stack of the last batch is held in progress, so that no machine is fast enough to end before the signal.
    """
    hold_last_stack(own)
    command = ("deploy", "staging", *WITHOUT_GATES)
    running = commands.begin(own, *command, folder=tmp_path, cwd=orders_root())
    while running.output.read_text(encoding="utf-8").count("  + ") < after and not running.is_over:
        time.sleep(0.02)
    done = running.get(signal.SIGINT)
    assert done.returncode == cli.FAILURE, done.stdout + done.stderr
    assert "stopping: nothing new is started" in done.stderr
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    before = stack_ids(own)
    assert before.pop(LAST), "the test holds nothing"
    total = len(load(orders_root()).project.of("staging"))
    assert after <= len(before) < total

    again = lockstep_json(own, "deploy", "staging", *WITHOUT_GATES)
    outcomes = [stack["outcome"] for stack in again["stacks"]]
    assert set(outcomes) == {"created", "unchanged"}
    after_ids = stack_ids(own)
    assert len(after_ids) == total
    assert before.items() <= after_ids.items(), "a stack that stood was made again"
    rows = lockstep_json(own, "status", "staging")["stacks"]
    assert {row["state"] for row in rows} == {"current"}


def test_a_failing_resource_stops_the_run_and_a_second_run_carries_on(own: Mapping[str, str]) -> None:
    """The stack, the resource and its reason are named; what depends on it is not started; nothing is doubled."""
    ssm = client(own, "ssm", **STAGING)
    ssm.put_parameter(Name="/orders/staging/queue/QueueArn", Value="somebody else's", Type="String")
    done = lockstep(own, "deploy", "staging", *WITHOUT_GATES)
    assert done.returncode == cli.FAILURE, done.stdout + done.stderr
    assert "staging/orders/queue: failed: QueueArnParameter (AWS::SSM::Parameter): " in done.stderr
    assert "Traceback" not in done.stderr
    document = json.loads(
        lockstep(own, "deploy", "staging", *WITHOUT_GATES, "--format", "json").stdout.split("\n{", 1)[0]
        or "{}"
    )
    outcomes = {stack["stack"].split("/")[-1]: stack["outcome"] for stack in document["stacks"]}
    assert outcomes["queue"] == "failed"
    assert outcomes["order-api-access"] == "not started"
    assert outcomes["keys"] == "unchanged"
    before = stack_ids(own)

    ssm.delete_parameter(Name="/orders/staging/queue/QueueArn")
    again = lockstep_json(own, "deploy", "staging", *WITHOUT_GATES)
    assert {stack["outcome"] for stack in again["stacks"]} == {"created", "unchanged"}
    after = stack_ids(own)
    del before["lockstep-staging-orders-queue"]
    assert before.items() <= after.items()
    assert {row["state"] for row in lockstep_json(own, "status", "staging")["stacks"]} == {"current"}


def test_plain_sceptre_ends_with_the_same_stacks(launched: tuple[Mapping[str, str], Path]) -> None:
    """REQ-X4: `sceptre launch dev`, with nothing but environment variables, is `lockstep deploy dev`."""
    own, clone = launched
    rows = lockstep_json(own, "status", "dev", cwd=clone)["stacks"]
    assert {row["state"] for row in rows} == {"current"}, "a live digest is not the rendered one"
    again = lockstep_json(own, "deploy", "dev", cwd=clone)
    assert {stack["outcome"] for stack in again["stacks"]} == {"unchanged"}
    relaunched = sceptre(own, "launch", "-y", "dev", cwd=clone)
    assert relaunched.returncode == 0
    assert relaunched.stdout.count("No updates to perform") + relaunched.stderr.count(
        "No updates to perform"
    ) == len(rows)


def test_a_release_that_does_not_touch_a_stack_changes_nothing_in_it(
    launched: tuple[Mapping[str, str], Path],
) -> None:
    """REQ-P6: not even its tags, whichever tool deploys; a touched stack gets the new release's."""
    own, clone = launched

    def commit(message: str) -> str:
        identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
        options = ["commit", "--quiet", "--all", "--allow-empty", "-m", message]
        subprocess.run(["git", "-C", str(clone), *identity, *options], check=True)
        head = subprocess.run(
            ["git", "-C", str(clone), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        )
        return head.stdout.strip()

    def commits() -> dict[str, str]:
        return {
            row["stack"]: row["commit"] for row in lockstep_json(own, "status", "dev", cwd=clone)["stacks"]
        }

    before = commits()
    commit("Change nothing")
    again = lockstep_json(own, "deploy", "dev", cwd=clone)
    assert {stack["outcome"] for stack in again["stacks"]} == {"unchanged"}
    done = sceptre(own, "launch", "-y", "dev/orders/queue.yaml", cwd=clone)
    assert done.returncode == 0, done.stderr
    assert commits() == before

    config = clone / "sceptre" / "config" / "dev" / "orders" / "config.yaml"
    text = config.read_text(encoding="utf-8")
    assert "max_receive_count: 3" in text
    config.write_text(text.replace("max_receive_count: 3", "max_receive_count: 4"), encoding="utf-8")
    touched = commit("Receive a message once more in dev")
    again = lockstep_json(own, "deploy", "dev", cwd=clone)
    assert [s["stack"] for s in again["stacks"] if s["outcome"] != "unchanged"] == ["dev/orders/queue"]
    assert commits() == {**before, "queue": touched}


def clone_of(root: Path, target: Path) -> Path:
    subprocess.run(["git", "clone", "--quiet", str(root), str(target)], check=True)
    commands.share_wheels(target)
    return target


def test_prod_never_lands_in_another_account(empty: Mapping[str, str], tmp_path: Path) -> None:
    """Without its role, prod would be deployed with the operator's own credentials: exit code 2, nothing deployed."""
    clone = clone_of(orders_root(), tmp_path / "clone")
    config = clone / "sceptre" / "config" / "config.yaml"
    lines = config.read_text(encoding="utf-8").splitlines(keepends=True)
    config.write_text(
        "".join(line for line in lines if not line.startswith("sceptre_role")), encoding="utf-8"
    )
    done = lockstep(empty, "deploy", "prod", *WITHOUT_GATES, cwd=clone)
    assert done.returncode == cli.USAGE, done.stdout + done.stderr
    assert "333333333333" in done.stderr
    cloudformation = client(empty, "cloudformation", account=accounts.OPERATOR, region="us-east-1")
    assert cloudformation.describe_stacks()["Stacks"] == []


def test_status_shows_what_it_can_read(empty: Mapping[str, str]) -> None:
    """An environment whose role is gone is unknown, with the reason; the others are shown; exit code 3."""
    iam = client(empty, "iam", account=accounts.ACCOUNTS["staging"], region="us-east-1")
    for policy in iam.list_attached_role_policies(RoleName="staging-lockstep-deploy")["AttachedPolicies"]:
        iam.detach_role_policy(RoleName="staging-lockstep-deploy", PolicyArn=policy["PolicyArn"])
    for name in iam.list_role_policies(RoleName="staging-lockstep-deploy")["PolicyNames"]:
        iam.delete_role_policy(RoleName="staging-lockstep-deploy", PolicyName=name)
    iam.delete_role(RoleName="staging-lockstep-deploy")
    done = lockstep(empty, "status", "--format", "json")
    assert done.returncode == cli.TECHNICAL, done.stderr
    document = json.loads(done.stdout)
    states = {row["environment"]: row["state"] for row in document["stacks"]}
    assert states == {"dev": "missing", "staging": "unknown", "prod": "missing"}
    assert list(document["troubles"]) == ["staging"]
    assert "docs/first-deployment.md" in done.stderr


def test_a_name_that_is_taken_is_named(own: Mapping[str, str]) -> None:
    """Also where CloudFormation finds it before it touches a resource."""
    s3 = client(own, "s3", account=accounts.OPERATOR, region="us-east-1")
    s3.create_bucket(Bucket="dev-orders-trades-111111111111")
    done = lockstep(own, "deploy", "dev")
    assert done.returncode == cli.FAILURE
    assert "Bucket (AWS::S3::Bucket): " in done.stderr
    assert "dev-orders-trades-111111111111" in done.stderr
    assert "docs/failed-deployment.md" in done.stderr
