"""The pipeline's state machine as home's template deploys it, which asks the real function of the real table (REQ-G10).

Its waits are scaled, an hour to seconds; what was recorded ages by `lockstep sandbox advance` alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from pipelines.codepipeline.source import source
from pipelines.configuration import ConfigurationStore, Manifest, digest_of
from pipelines.deployment_rule.packaged import packaged
from pipelines.state.records import Approval, Check, Release, StackKey
from sandbox import process, running
from sandbox.advance import advance
from tests.e2e import deployed_home
from tests.e2e.commands import ROOT
from tests.e2e.control_plane import Plane, until
from tests.state_table import state, summary
from tests.unit.deployment_rule.home import POLICY_TEXT, manifest

pytestmark = pytest.mark.xdist_group("pipeline-gate")
RELEASE, COMMIT, PLAN = "v1.2.0", "a" * 40, f"sha256:{'a' * 64}"
STAGING = ("222222222222", "us-east-1")
SCALE = 0.0005
"""An hour takes two seconds."""
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Begin with home, and a release that came to staging half an hour ago; everything else is well."""
    place, record, project = deployed_home.started(tmp_path_factory, "pipeline-gate")
    found = Plane(record, project)
    scale_waits(record.endpoint)
    rest(found)
    for workload in packaged().workloads["prod"]:
        came(found, workload, RELEASE)
    approval = Approval("prod", RELEASE, "AROA0:carol@example.com", PLAN, datetime.now(UTC), "tests")
    assert found.table.approve(approval)
    yield found
    process.discard(place)


def scale_waits(endpoint: str) -> None:
    """Have the sandbox wait seconds where a state machine says an hour."""
    parts = urlsplit(endpoint)
    connection = HTTPConnection(parts.netloc, timeout=10)
    body = json.dumps({"stepfunctions._SFN_WAIT_SCALE": SCALE})
    connection.request("POST", "/_ministack/config", body, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()


def rest(plane: Plane) -> None:
    """Let nobody else write to the table: here is no environment that the consistency function could look at."""
    aws = plane.client("lambda")
    for mapping in aws.list_event_source_mappings()["EventSourceMappings"]:
        aws.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def came(plane: Plane, workload: str, tag: str, *, whole: bool = True) -> None:
    """Record that a release came to staging; without its manifests unless it is whole."""
    now = datetime.now(UTC)
    at, table = now - timedelta(minutes=30), plane.table
    made = [_manifest(workload, environment, tag) for environment in packaged().policy.order]
    store = ConfigurationStore(plane.client("s3"), plane.parameter("configuration/BucketName"), "staging")
    if whole:
        store.put_release(made, {}, POLICY_TEXT)
    digests = {one.environment: one.digest for one in made}
    (stack,) = next(one.stacks for one in made if one.environment == "staging")
    release = Release(workload, "staging", tag, COMMIT, at, digests)
    table.put_release(release)
    begun = table.begin_environment_release(
        release, at - timedelta(minutes=1), "deployer", decision="sha256:let-in"
    )
    assert begun is not None
    table.end_environment_release(workload, "staging", begun.number, "succeeded", at)
    table.put_check(Check(workload, "staging", now - timedelta(minutes=1), tag, "consistent", ()))
    key = StackKey(workload, "staging", *STAGING, stack.external_name)
    table.record_state(state(operation_at=at - timedelta(minutes=1), key=key, stack_id=key.stack))
    table.record_drift(key, summary(1, "in_sync", now - timedelta(minutes=1), "sha256:in_sync"))


def _manifest(workload: str, environment: str, tag: str) -> Manifest:
    found = manifest(environment)
    stack = replace(found.stacks[0], external_name=f"lockstep-{environment}-{workload}-queue")
    found = replace(found, workload=workload, tag=tag, commit=COMMIT, stacks=(stack,))
    return replace(found, parameters_digest=digest_of(found.parameters))


def start(plane: Plane, release: str = RELEASE, **given: str) -> str:
    """Start the machine as the pipeline does, and return the execution's ARN."""
    asked = {"plan": PLAN, "release": release, "commit": COMMIT, "environment": "prod", "step": "enter"}
    asked |= given
    found = plane.client("stepfunctions").start_execution(
        stateMachineArn=plane.parameter("promotion-gate/MachineArn"), input=json.dumps(asked)
    )
    return str(found["executionArn"])


def entered(plane: Plane, execution: str) -> list[str]:
    """Return the states that an execution entered, in their order."""
    pages = plane.client("stepfunctions").get_paginator("get_execution_history")
    events = [one for page in pages.paginate(executionArn=execution) for one in page["events"]]
    return [one["stateEnteredEventDetails"]["name"] for one in events if "stateEnteredEventDetails" in one]


def ended(plane: Plane, execution: str) -> dict[str, Any]:
    """Wait for an execution to end."""

    def read() -> dict[str, Any] | None:
        found: dict[str, Any] = plane.client("stepfunctions").describe_execution(executionArn=execution)
        return found if found["status"] in ENDED else None

    return until("the machine ends", read)


def test_it_waits_for_the_soak_and_passes_once_the_hour_is_over(plane: Plane) -> None:
    """REQ-G3: pending, a wait of the policy's hour, and asked again; half an hour in it is still no."""
    execution = start(plane)
    soaked = until("the machine waits twice", lambda: entered(plane, execution).count("SoakBeforeProd") > 1)
    assert soaked
    assert "Passed" not in entered(plane, execution)
    advance(plane.record, timedelta(minutes=60))
    found = ended(plane, execution)
    assert found["status"] == "SUCCEEDED", found
    steps = entered(plane, execution)
    assert steps[:4] == ["Ask", "Judge", "SoakBeforeProd", "Ask"]
    assert steps[-3:] == ["Ask", "Judge", "Passed"]
    assert set(steps) == {"Ask", "Judge", "SoakBeforeProd", "Passed"}
    assert json.loads(found["output"])["answer"]["state"] == "success"


def test_a_refusal_ends_it_with_the_gates_words(plane: Plane) -> None:
    """REQ-G1: the tag is another commit than the one that staging recorded."""
    found = ended(plane, start(plane, commit="b" * 40))
    assert (found["status"], found["error"]) == ("FAILED", "Refused")
    assert "failure: release-known" in found["cause"]


def test_a_release_that_staging_does_not_run_is_refused(plane: Plane) -> None:
    """REQ-G1: no environment is skipped."""
    found = ended(plane, start(plane, "v9.9.9"))
    assert (found["status"], found["error"]) == ("FAILED", "Refused")
    assert "failure: previous-environment" in found["cause"]


def test_who_cannot_tell_lets_nothing_in(plane: Plane) -> None:
    """REQ-G6: the manifest is not there, which is no answer but a failure, and is asked again."""
    tag = "v1.3.0"
    for workload in packaged().workloads["prod"]:
        came(plane, workload, tag, whole=False)
    execution = start(plane, tag)

    def failures() -> list[str]:
        made = plane.client("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)
        return [
            one["taskFailedEventDetails"]["cause"] for one in made["events"] if one["type"] == "TaskFailed"
        ]

    # Each try is a new process here, so the last of them is left to tests/unit/codepipeline/test_machine.py.
    causes = until("the gate is asked again", lambda: failures() if len(failures()) > 1 else None)
    assert all("error: same-digest" in one for one in causes)
    plane.client("stepfunctions").stop_execution(executionArn=execution)
    assert entered(plane, execution) == ["Ask"]


def test_a_release_is_given_to_the_pipeline(plane: Plane) -> None:
    """REQ-G10: its source is kept once, as dev's deployments keep things, and read as the pipeline's role may."""
    first, again = (plane.project.run("release", "v1.0.0", "--format", "json") for _ in range(2))
    assert first.returncode == again.returncode == 0, first.stderr + again.stderr
    assert first.stdout == again.stdout
    said = json.loads(first.stdout)
    jsonschema.validate(
        said, json.loads((ROOT / "tests" / "schemas" / "release.json").read_text(encoding="utf-8"))
    )
    assert (said["key"], said["pipeline"]) == ("dev/sources/v1.0.0.zip", "shared-control-promotion")
    bucket = plane.parameter("configuration/BucketName")
    kept = plane.client("s3").get_object(Bucket=bucket, Key=said["key"])["Body"].read()
    assert kept == source(plane.project.root, "v1.0.0")
    unknown = plane.project.run("release", "v9.9.9")
    assert unknown.returncode == 2
    assert "git has no tag v9.9.9" in unknown.stderr


def test_the_function_may_what_it_does(plane: Plane) -> None:
    """REQ-P8: nothing that it asked for was denied, and all that it may was asked for."""
    role = plane.parameter("pipeline-gate/RoleArn")
    asked = [one for one in running.decision_counts(plane.record) if one["principal"] == role]
    assert {one["decision"] for one in asked} == {"Allow"}
    used = {one["action"] for one in asked}
    may = {
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "s3:GetObject",
        "ssm:GetParameters",
    }
    assert used == may
