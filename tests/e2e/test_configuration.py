"""What a deployment records at home, whatever dies on the way (REQ-C1, REQ-C8)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import cli
from pipelines.configuration import ObjectChangedError, ObjectMissingError
from pipelines.configuration.keys import manifest_key, parameters_key
from pipelines.state import keys
from sandbox import accounts, process
from sandbox.place import Place
from tests.e2e import commands
from tests.e2e.recorded_project import BUCKET_NAME, TABLE_NAME, RecordedProject

pytestmark = pytest.mark.xdist_group("recorded")
ENVIRONMENTS = ("dev", "staging", "prod")
TAG = "v1.0.0"
LAST = "lockstep-dev-orders-monitoring"
NOBODY = accounts.trust_policy().replace(accounts.OPERATOR, "444444444444")
"""A role's trust in an account that nobody here is of."""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RecordedProject, list[str]]]:
    """Deploy dev while there is no home, then make one and deploy again; return what the two runs said."""
    place = Place.of(tmp_path_factory.mktemp("recorded") / "sandbox")
    record = process.start(place, lifeline=os.getpid())
    project = RecordedProject.copied(tmp_path_factory.mktemp("project"), accounts.variables(record.endpoint))
    project.make_role()
    said = [_deployed(project).stderr]
    project.make_home()
    said.append(_deployed(project).stderr)
    yield project, said
    process.discard(place)


@pytest.fixture
def project(deployed: tuple[RecordedProject, list[str]]) -> RecordedProject:
    return deployed[0]


def _deployed(project: RecordedProject) -> subprocess.CompletedProcess[str]:
    done = project.run("deploy", "dev")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    return done


def states(project: RecordedProject) -> list[tuple[int, str, str]]:
    """Return what was deployed into dev, the first first."""
    found = [(one.number, one.tag, one.state) for one in project.table.environment_releases("orders", "dev")]
    return sorted(found)


def test_without_a_home_a_deployment_says_so_and_carries_on(
    deployed: tuple[RecordedProject, list[str]],
) -> None:
    before, after = deployed[1]
    assert "nobody records this deployment: the control plane is not there yet" in before
    assert "mend: run `lockstep deploy shared`" in before
    assert "nobody records" not in after


def test_a_deployment_is_recorded_with_the_release_of_every_environment(project: RecordedProject) -> None:
    release = project.table.release("orders", TAG, "dev")
    assert release is not None
    assert set(release.digests) == set(ENVIRONMENTS)
    assert release.commit == project.git("rev-parse", "HEAD")
    first = next(iter(project.table.environment_releases("orders", "dev")))
    assert (first.tag, first.manifest_digest) == (TAG, release.digests["dev"])
    assert first.state == "succeeded"
    assert first.by.startswith("arn:aws:")
    for environment in ENVIRONMENTS:
        manifest = project.store().manifest("orders", TAG, environment, release.digests[environment])
        document = json.loads(project.store().parameters(manifest))
        assert len(document["stacks"]) == len(manifest.stacks) > 10
        assert all(project.store().template(stack.template_digest) for stack in manifest.stacks)
        assert "variances:" in project.store().policy(manifest.policy_digest)


def objects(project: RecordedProject) -> tuple[list[str], int]:
    """Return the objects of releases, and how many statements there are: each deployment has one of its own."""
    found = sorted(project.keys())
    others = [key for key in found if "/evidence/" not in key]
    return others, len(found) - len(others)


def test_a_second_deployment_writes_its_statement_and_no_object_again(project: RecordedProject) -> None:
    before, statements = objects(project)
    count = len(states(project))
    _deployed(project)
    assert len(states(project)) == count + 1
    assert objects(project) == (before, statements + 1)
    versions = project.client("s3").list_object_versions(Bucket=BUCKET_NAME)["Versions"]
    assert len(versions) == len(before) + statements + 1


def test_nothing_goes_through_the_role_that_deploys_the_home(project: RecordedProject) -> None:
    """REQ-P8: a deployment is recorded, and state read, without it."""
    iam, role = project.client("iam"), accounts.role_name("shared")
    count = len(states(project))
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=NOBODY)
    try:
        _deployed(project)
        assert project.run("status").returncode == cli.SUCCESS
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=accounts.trust_policy())
    assert len(states(project)) == count + 1


@pytest.mark.parametrize(("role", "command"), [("recorder-dev", "deploy"), ("reader", "verify")])
def test_a_home_that_refuses_is_no_missing_home(project: RecordedProject, role: str, command: str) -> None:
    """REQ-C1: nothing is deployed that nobody records."""
    iam, name = project.client("iam"), f"shared-control-{role}"
    count = len(states(project))
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=NOBODY)
    try:
        refused = project.run(command, "dev")
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=accounts.trust_policy())
    assert refused.returncode == cli.TECHNICAL, refused.stdout + refused.stderr
    assert "a role cannot be assumed: AccessDenied" in refused.stderr
    assert "docs/first-deployment.md" in refused.stderr
    assert len(states(project)) == count


def test_a_run_that_died_is_carried_on_under_its_number(project: RecordedProject) -> None:
    """Killed after the beginning was recorded, and before the end was."""
    release = project.table.release("orders", TAG, "dev")
    assert release is not None
    begun = project.table.begin_environment_release(release, datetime.now(UTC), "a run that died")
    assert begun is not None
    _deployed(project)
    assert states(project)[-1] == (begun.number, TAG, "succeeded")


def test_a_second_run_ends_at_once_and_says_who_deploys(project: RecordedProject) -> None:
    """REQ-G5: nothing is written and nothing deployed; the lock is given back in the end."""
    count, now = len(states(project)), datetime.now(UTC)
    lock = project.table.acquire_lock("orders", "dev", "another run", now, timedelta(hours=1))
    assert lock is not None
    try:
        done = project.run("deploy", "dev")
        assert done.returncode == cli.PENDING, done.stdout + done.stderr
        assert "orders is being deployed into dev by another run, since " in done.stderr
        assert "mend: wait for that run to end, then run the same command again" in done.stderr
        assert "unchanged" not in done.stdout
        assert len(states(project)) == count
    finally:
        project.table.release_lock(lock)
    _deployed(project)
    assert project.table.lock("orders", "dev", datetime.now(UTC)) is None


def hold_last_stack(project: RecordedProject) -> None:
    """Put a stack that waits some seconds, then fails, in the place of the last one of dev."""
    place = {"account": accounts.ACCOUNTS["dev"], "region": "us-east-1"}
    cloudformation = project.client("cloudformation", **place)
    cloudformation.delete_stack(StackName=LAST)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=LAST, WaiterConfig={"Delay": 1})
    cloudformation.create_stack(StackName=LAST, TemplateBody=commands.HELD)


def test_a_run_that_is_killed_is_carried_on_once_its_lock_has_ended(
    project: RecordedProject, tmp_path: Path
) -> None:
    """REQ-G5: until then the next one is told how long.

    A stack is held in progress in the place of its last one, so that no machine ends before the signal.
    """
    hold_last_stack(project)
    killed = commands.begin(project.operator, "deploy", "dev", folder=tmp_path, cwd=project.root)
    while states(project)[-1][2] != "deploying":
        assert not killed.is_over, "it ended before it could be killed"
        time.sleep(0.1)
    killed.get(signal.SIGKILL)
    number = states(project)[-1][0]
    refused = project.run("deploy", "dev")
    assert refused.returncode == cli.PENDING, refused.stdout + refused.stderr
    assert "a run that died holds it until" in refused.stderr
    past = {":past": {"S": "2026-01-01T00:00:00.000000Z"}}
    key = keys.lock("orders", "dev")
    project.client("dynamodb").update_item(
        TableName=TABLE_NAME,
        Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
        UpdateExpression="SET held_until = :past",
        ExpressionAttributeValues=past,
    )
    _deployed(project)
    assert states(project)[-1] == (number, TAG, "succeeded")


def test_a_name_that_the_environment_before_took_for_something_else_is_refused(
    project: RecordedProject,
) -> None:
    """REQ-G1: before anything is deployed."""
    release = project.table.release("orders", TAG, "dev")
    assert release is not None
    taken = replace(release, commit="f" * 40, digests={**release.digests, "staging": "sha256:another"})
    dynamodb = project.client("dynamodb")
    dynamodb.put_item(TableName=TABLE_NAME, Item=taken.to_item())
    try:
        refused = project.run("deploy", "staging", *commands.WITHOUT_GATES)
    finally:
        dynamodb.put_item(TableName=TABLE_NAME, Item=release.to_item())
    assert refused.returncode == cli.FAILURE, refused.stdout + refused.stderr
    said = f"release {TAG} of orders is recorded in dev with another content, of commit {'f' * 12}"
    assert said in refused.stderr
    assert project.table.latest_environment_release("orders", "staging") is None
    assert not any(key.startswith("staging/") for key in sorted(project.keys()))
    assert project.table.lock("orders", "staging", datetime.now(UTC)) is None


@pytest.mark.parametrize("lost", ["manifest.json", "parameters.json", ".yaml"])
def test_a_writing_that_died_is_carried_on(project: RecordedProject, lost: str) -> None:
    """Killed between any two objects: the next run writes what is missing and nothing else."""
    s3 = project.client("s3")
    before, statements = objects(project)
    gone = [key for key in before if key.endswith(lost)]
    assert gone
    for key in gone:
        s3.delete_object(Bucket=BUCKET_NAME, Key=key)
    _deployed(project)
    assert objects(project) == (before, statements + 1)
    release = project.table.release("orders", TAG, "dev")
    assert release is not None
    assert project.store().manifest("orders", TAG, "dev", release.digests["dev"]).tag == TAG
    for key in gone:  # So that the count of versions stays what the other tests expect.
        for one in s3.list_object_versions(Bucket=BUCKET_NAME, Prefix=key).get("DeleteMarkers", []):
            s3.delete_object(Bucket=BUCKET_NAME, Key=key, VersionId=one["VersionId"])
        versions = s3.list_object_versions(Bucket=BUCKET_NAME, Prefix=key)["Versions"]
        for one in versions[1:]:
            s3.delete_object(Bucket=BUCKET_NAME, Key=key, VersionId=one["VersionId"])


def test_an_object_changed_by_hand_is_named_with_both_digests(project: RecordedProject) -> None:
    release = project.table.release("orders", TAG, "dev")
    assert release is not None
    s3, key = project.client("s3"), manifest_key("dev", "orders", TAG, "dev")
    whole = s3.get_object(Bucket=BUCKET_NAME, Key=key)["Body"].read()
    s3.put_object(Bucket=BUCKET_NAME, Key=key, Body=whole.replace(b'"3"', b'"9"'))
    try:
        with pytest.raises(ObjectChangedError) as caught:
            project.store().manifest("orders", TAG, "dev", release.digests["dev"])
        assert (caught.value.key, caught.value.expected) == (key, release.digests["dev"])
        verified = project.run("verify", "dev")
        assert verified.returncode == cli.FAILURE
        assert f"{key} was changed after it was written" in verified.stdout + verified.stderr
        count = len(states(project))
        refused = project.run("deploy", "dev")
        assert refused.returncode == cli.FAILURE, refused.stderr
        assert f"{key} holds sha256:" in refused.stderr
        assert len(states(project)) == count, "something was deployed all the same"
    finally:
        last = s3.list_object_versions(Bucket=BUCKET_NAME, Prefix=key)["Versions"][0]
        s3.delete_object(Bucket=BUCKET_NAME, Key=key, VersionId=last["VersionId"])
    assert project.store().manifest("orders", TAG, "dev", release.digests["dev"]).tag == TAG


def test_a_parameter_file_that_is_missing_is_named(project: RecordedProject) -> None:
    release = project.table.release("orders", TAG, "dev")
    assert release is not None
    store, key = project.store(), parameters_key("dev", "orders", TAG, "dev")
    manifest = store.manifest("orders", TAG, "dev", release.digests["dev"])
    s3 = project.client("s3")
    marker = s3.delete_object(Bucket=BUCKET_NAME, Key=key)["VersionId"]
    with pytest.raises(ObjectMissingError, match=key):
        store.parameters(manifest)
    s3.delete_object(Bucket=BUCKET_NAME, Key=key, VersionId=marker)


def test_a_home_that_cannot_be_written_stops_before_anything_is_deployed(project: RecordedProject) -> None:
    count = len(states(project))
    project.point_at("a-bucket-that-is-not-there")
    try:
        done = project.run("deploy", "dev")
    finally:
        project.point_at(BUCKET_NAME)
    assert done.returncode == cli.TECHNICAL, done.stdout + done.stderr
    assert "PutObject" in done.stderr
    assert "unchanged" not in done.stdout
    assert len(states(project)) == count


def test_what_is_not_committed_is_a_release_of_its_own(project: RecordedProject) -> None:
    path = project.root / "sceptre/config/dev/orders/config.yaml"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace("throttle_burst: 200", "throttle_burst: 210"), encoding="utf-8")
    try:
        assert path.read_text(encoding="utf-8") != whole
        done = project.run("deploy", "dev")
        assert done.returncode == cli.SUCCESS, done.stderr
        tag = states(project)[-1][1]
        assert tag.startswith("v1.0.0-dirty.")
        assert project.table.release("orders", tag, "dev") is not None
    finally:
        path.write_text(whole, encoding="utf-8")
        _deployed(project)


def test_the_home_itself_is_recorded_too(project: RecordedProject) -> None:
    done = project.run("deploy", "shared")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    latest = project.table.latest_environment_release("control", "shared")
    assert latest is not None
    assert (latest.tag, latest.state) == (TAG, "succeeded")
