"""Kept evidence at the real home: locked, in the replica too, and `lockstep evidence` verifies it (REQ-G6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from botocore.exceptions import ClientError

from pipelines import cli
from pipelines.attestation import Ended, deployed
from pipelines.configuration import ConfigurationStore
from pipelines.configuration.encoding import digest_of
from pipelines.configuration.keys import evidence_key
from pipelines.state.records import Ending, EnvironmentRelease
from pipelines.state.store import StateStore
from sandbox import accounts, process
from tests.e2e import clients, deployed_home, people
from tests.e2e.control_plane import Plane
from tests.e2e.recorded_project import HOME
from tests.state_table import START, lock_of, release

pytestmark = pytest.mark.xdist_group("evidence")
TAG = "v1.1.0"
SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "evidence.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    place, record, project = deployed_home.started(tmp_path_factory, "evidence")
    yield Plane(record, project)
    process.discard(place)


@pytest.fixture(scope="module")
def kept(plane: Plane) -> EnvironmentRelease:
    """Record a deployment into staging that somebody made without gates, and keep its statement."""
    table: StateStore = plane.table
    lock, given = lock_of(table, "staging"), release(TAG, "staging")
    table.put_release(given)
    begun = table.begin_environment_release(given, START, "tests", lock, ())
    assert begun is not None
    statement = deployed("staging", TAG, [begun], "", Ended(START, True), {}, "without gates: a fire")
    bucket = plane.parameter("configuration/BucketName")
    digest = ConfigurationStore(plane.client("s3"), bucket, "staging").put_evidence(statement.text)
    assert table.end_environment_release("orders", "staging", 1, "succeeded", START, lock, Ending(digest))
    latest = table.latest_environment_release("orders", "staging")
    assert latest is not None
    return latest


def _places(plane: Plane) -> list[tuple[Any, str]]:
    bucket, replica = (
        plane.parameter(f"configuration/{name}") for name in ("BucketName", "ReplicaBucketName")
    )
    return [(plane.client("s3"), bucket), (plane.client("s3", region="us-east-1"), replica)]


def _deploying(plane: Plane, region: str) -> Any:
    """Return a client of what deploys the home, which may do everything that no bucket's policy denies."""
    who = people.session(plane.record.endpoint, accounts.role_arn("shared"), "tests")
    return clients.make(plane.record.endpoint, "s3", region, *who.values())


def test_what_is_kept_is_locked_for_over_a_year_in_both_places(
    plane: Plane, kept: EnvironmentRelease
) -> None:
    key = evidence_key("staging", kept.evidence)
    for s3, bucket in _places(plane):
        locked = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        assert locked["Rule"]["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 400}
        found = s3.head_object(Bucket=bucket, Key=key)
        assert found["ObjectLockMode"] == "GOVERNANCE"
        assert found["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=398)


def test_the_deployment_that_made_the_home_is_kept_by_it(plane: Plane) -> None:
    """REQ-G6: what nobody could record when it began is recorded once there is somebody, with how it ended."""
    done = plane.project.run("evidence", "v1.0.0", "--format", "json")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    shown = [(one["environment"], one["says"]) for one in json.loads(done.stdout)["statements"]]
    assert shown == [("shared", "succeeded")]


def test_nobody_removes_what_is_kept(plane: Plane, kept: EnvironmentRelease) -> None:
    """REQ-G6: neither with a version nor past the lock, not even what deploys the home; a marker hides it at most."""
    key = evidence_key("staging", kept.evidence)
    for (s3, bucket), region in zip(_places(plane), (HOME["region"], "us-east-1"), strict=True):
        version = s3.head_object(Bucket=bucket, Key=key)["VersionId"]
        with pytest.raises(ClientError, match="protected by object lock"):
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
        for bypass in (False, True):
            with pytest.raises(ClientError, match="AccessDenied"):
                _deploying(plane, region).delete_object(
                    Bucket=bucket, Key=key, VersionId=version, BypassGovernanceRetention=bypass
                )
        assert digest_of(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) == kept.evidence


def test_evidence_is_shown_and_saved_and_one_that_was_changed_is_named(
    plane: Plane, kept: EnvironmentRelease, tmp_path: Path
) -> None:
    """REQ-G6: with both digests; a folder that was saved before needs no AWS, and is whole."""
    folder = tmp_path / "kept"
    done = plane.project.run("evidence", TAG, "--format", "json", "--output", str(folder))
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    shown = json.loads(done.stdout)
    jsonschema.validate(shown, SCHEMA)
    assert [one["digest"] for one in shown["statements"]] == [kept.evidence]
    s3, bucket = _places(plane)[0]
    key = evidence_key("staging", kept.evidence)
    changed = s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    try:
        named = plane.project.run("evidence", TAG)
        assert named.returncode == cli.FAILURE
        assert kept.evidence in named.stdout and digest_of(b"{}") in named.stdout and "mend:" in named.stdout
    finally:
        gone = {"Key": key, "VersionId": changed["VersionId"]}
        s3.delete_object(Bucket=bucket, **gone, BypassGovernanceRetention=True)
    offline = plane.project.run("evidence", TAG, "--offline", str(folder))
    assert offline.returncode == cli.SUCCESS, offline.stdout + offline.stderr
    assert plane.project.run("evidence", "v9.9.9").returncode == cli.PENDING
