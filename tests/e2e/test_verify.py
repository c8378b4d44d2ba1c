"""`lockstep verify`, and the consistency check, against an environment that was deployed, recorded and then touched."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from functions.consistency.checking import Checking
from pipelines import cli
from pipelines.commands.deploy import Terminal, now
from pipelines.configuration import digest_of
from pipelines.configuration.keys import manifest_key
from pipelines.consistency.pending import MARGIN
from pipelines.delivery.bring import Brought, bring
from pipelines.delivery.returning import Return
from pipelines.release import named
from pipelines.smoke.real_order import ACCOUNT
from pipelines.state.keys import current
from pipelines.state.records import Census, DriftSummary, StackKey, StackState
from pipelines.state.sequence import observed_seq
from pipelines.state.store import StateStore
from pipelines.workspace import Workspace
from sandbox import accounts, process
from sandbox.place import Place
from tests.e2e.conftest import ActAs
from tests.e2e.recorded_project import BUCKET_NAME, TABLE_NAME, RecordedProject
from validator.digest import RELEASE_TAGS, stack_digest

pytestmark = pytest.mark.xdist_group("verified")
SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "verify.json").read_text(encoding="utf-8"))
DEV = {"account": accounts.ACCOUNTS["dev"], "region": "us-east-1"}
QUEUE = "lockstep-dev-orders-queue"
TAG = "v1.0.0"
FINGERPRINT = "consistency/orders/dev"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedProject]:
    """Deploy dev with a home that records it."""
    place = Place.of(tmp_path_factory.mktemp("verified") / "sandbox")
    record = process.start(place, lifeline=os.getpid())
    found = RecordedProject.copied(tmp_path_factory.mktemp("project"), accounts.variables(record.endpoint))
    found.make_role()
    found.make_home()
    done = found.run("deploy", "dev")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    yield found
    process.discard(place)


def observe(project: RecordedProject, drift: str = "in_sync", only: str = "") -> None:
    """Record every stack of dev, or one, as an agent would, and its drift."""
    cloudformation = project.client("cloudformation", **DEV)
    named = {"StackName": only} if only else {}
    for raw in cloudformation.describe_stacks(**named)["Stacks"]:
        tags = {tag["Key"]: tag["Value"] for tag in raw["Tags"]}
        if tags.get("Workload") != "orders":
            continue
        key = StackKey("orders", "dev", DEV["account"], DEV["region"], raw["StackName"])
        now = datetime.now(UTC)
        project.table.record_state(state_of(cloudformation, raw, key, tags, now))
        summary = DriftSummary(f"d-{now.timestamp()}", drift, 1, (), (), 0, now, "sha256:0")  # type: ignore[arg-type]
        project.table.record_drift(key, summary)


def state_of(
    cloudformation: Any, raw: dict[str, Any], key: StackKey, tags: dict[str, str], now: datetime
) -> StackState:
    body = cloudformation.get_template(StackName=raw["StackName"], TemplateStage="Original")["TemplateBody"]
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in raw.get("Parameters", [])}
    own = {name: value for name, value in tags.items() if name not in RELEASE_TAGS}
    return StackState(
        key=key,
        stack_id=raw["StackId"],
        status=raw["StackStatus"],
        reason="",
        version=tags["Version"],
        commit=tags["SourceCommit"],
        released_at=tags["DeployedAt"],
        operation_at=now,
        observed_at=now,
        recorded_at=now,
        observed_seq=observed_seq(now, raw["StackStatus"], raw["StackId"]),
        template_digest=digest_of(body.encode()),
        digest=stack_digest(body, parameters, own),
        parameters=parameters,
        tags=tags,
    )


@contextmanager
def changed(project: RecordedProject, **parameters: str) -> Iterator[None]:
    """Change parameters of the live queue by hand, and back."""
    cloudformation = project.client("cloudformation", **DEV)
    live = cloudformation.describe_stacks(StackName=QUEUE)["Stacks"][0]
    before = {one["ParameterKey"]: one["ParameterValue"] for one in live["Parameters"]}
    for values in ({**before, **parameters}, before):
        cloudformation.update_stack(
            StackName=QUEUE,
            UsePreviousTemplate=True,
            Capabilities=["CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            Tags=live["Tags"],
        )
        cloudformation.get_waiter("stack_update_complete").wait(
            StackName=QUEUE, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        observe(project, only=QUEUE)
        if values != before:
            yield


def findings(project: RecordedProject, *arguments: str) -> list[str]:
    """Return the messages of `lockstep verify dev`, whose document has to be of the schema."""
    code, document = project.verified(*arguments)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    orders = next(one for one in document["workloads"] if one["workload"] == "orders")
    assert code == (cli.FAILURE if orders["findings"] else cli.SUCCESS)
    assert all(one["remediation"] for one in orders["findings"])
    return [one["message"] for one in orders["findings"]]


def check(project: RecordedProject) -> Any:
    """Check dev as the function does."""
    checking = Checking(project.table, project.store, lambda: datetime.now(UTC))
    return checking.check("orders", "dev").check


def test_drift_that_nobody_knows_is_not_in_sync(project: RecordedProject) -> None:
    (message,) = findings(project)
    said, _, names = message.partition(": ")
    assert said == "nobody looked for drift since the last change, or within two days"
    assert len(names.split(", ")) > 10


def test_drift_is_named(project: RecordedProject) -> None:
    observe(project, "drifted")
    messages = findings(project)
    assert messages
    assert all(message.endswith(": it drifted") for message in messages)


def test_what_was_deployed_is_verified_and_consistent(project: RecordedProject) -> None:
    observe(project)
    assert findings(project) == []
    done = project.run("verify", "dev")
    assert done.returncode == cli.SUCCESS
    assert f"dev/orders: release {TAG}" in done.stdout
    assert check(project).verdict == "consistent"


def test_a_value_changed_by_hand_is_found_alerted_once_and_resolved(project: RecordedProject) -> None:
    """REQ-C3, REQ-V10: by the command and by the function alike."""
    observe(project)
    with changed(project, MaxReceiveCount="9"):
        (message,) = findings(project)
        assert message == f"dev/orders/queue: Parameters.MaxReceiveCount is '9', and release {TAG} has '3'"
        found = check(project)
        assert found.verdict == "inconsistent"
        said = [one["message"] for one in found.findings]
        assert message in said
        assert any("orders/queue:Parameters.MaxReceiveCount differs" in one for one in said)
        first = project.table.alert(FINGERPRINT)
        assert first is not None
        assert (first.state, first.generation) == ("found", 1)
        assert len(first.subject) < 100
        assert json.loads(first.detail)["findings"]
        check(project)
        again = project.table.alert(FINGERPRINT)
        assert again is not None
        assert again.generation == 1, "the same thing was alerted twice"
    assert findings(project) == []
    assert check(project).verdict == "consistent"
    last = project.table.alert(FINGERPRINT)
    assert last is not None
    assert (last.state, last.generation) == ("resolved", 2)


def test_nothing_is_alerted_while_the_release_is_being_deployed(project: RecordedProject) -> None:
    observe(project)
    release = project.table.release("orders", TAG, "dev")
    assert release is not None
    before = project.table.alert(FINGERPRINT)
    begun = project.table.begin_environment_release(release, datetime.now(UTC), "t")
    assert begun is not None
    try:
        with changed(project, MaxReceiveCount="9"):
            assert check(project).verdict == "deploying"
        assert project.table.alert(FINGERPRINT) == before
    finally:
        project.table.end_environment_release("orders", "dev", begun.number, "succeeded", datetime.now(UTC))


def test_nothing_is_said_of_what_nobody_looked_at_since_the_deployment(project: RecordedProject) -> None:
    """REQ-C3: a deployment that ended says nothing yet of what its agents have not seen."""
    observe(project)
    release, before = project.table.release("orders", TAG, "dev"), project.table.alert(FINGERPRINT)
    assert release is not None
    with changed(project, MaxReceiveCount="9"):
        begun = project.table.begin_environment_release(release, datetime.now(UTC), "t")
        assert begun is not None
        ended = datetime.now(UTC)
        project.table.end_environment_release("orders", "dev", begun.number, "succeeded", ended)
        found = check(project)
        assert found.verdict == "unknown"
        (one,) = found.findings
        where = f"{DEV['account']} {DEV['region']}"
        assert one["message"] == f"the agent of {where} has not reported since the deployment ended"
        assert project.table.alert(FINGERPRINT) == before
        project.table.record_census(Census(**DEV, observed_at=ended + 2 * MARGIN, stacks=0))
        assert check(project).verdict == "inconsistent"
        alert = project.table.alert(FINGERPRINT)
        assert alert is not None
        assert alert.is_open
        checking = Checking(project.table, project.store, lambda: datetime.now(UTC))
        assert checking.places_in(**DEV) == [("orders", "dev")]
    assert check(project).verdict == "consistent"


def test_a_stack_that_is_recorded_during_a_check_is_not_missing(project: RecordedProject) -> None:
    """REQ-C3: an agent counts a stack before home has its observation, and a check may come in between."""

    class Meanwhile(StateStore):
        def states_in(self, *place: str, after: str = "", upto: str = "") -> Iterator[StackState]:
            observe(project, only=QUEUE)
            return super().states_in(*place, after=after, upto=upto)

    observe(project)
    table = Meanwhile(project.client("dynamodb"), TABLE_NAME)
    latest, before = table.latest_environment_release("orders", "dev"), table.alert(FINGERPRINT)
    assert latest is not None
    assert latest.ended_at is not None
    stacks = len(list(project.table.states("dev", "orders")))
    counted = Census(**DEV, observed_at=latest.ended_at + 4 * MARGIN, stacks=stacks)
    assert project.table.record_census(counted)
    key = current(StackKey("orders", "dev", DEV["account"], DEV["region"], QUEUE))
    raw = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    project.client("dynamodb").delete_item(TableName=TABLE_NAME, Key=raw)
    waiting = check(project)
    assert waiting.verdict == "unknown", "it is counted, and not recorded"
    assert Checking(table, project.store, lambda: datetime.now(UTC)).check("orders", "dev").check.verdict == (
        "consistent"
    )
    assert table.alert(FINGERPRINT) == before


def test_a_manifest_changed_by_hand_is_an_answer_and_an_alert(project: RecordedProject) -> None:
    observe(project)
    s3, key = project.client("s3"), manifest_key("dev", "orders", TAG, "dev")
    s3.put_object(Bucket=BUCKET_NAME, Key=key, Body=b"{}")
    try:
        found = check(project)
        assert found.verdict == "unknown"
        (one,) = found.findings
        assert one["message"].startswith(f"{key} was changed after it was written")
        alert = project.table.alert(FINGERPRINT)
        assert alert is not None
        assert alert.is_open
    finally:
        last = s3.list_object_versions(Bucket=BUCKET_NAME, Prefix=key)["Versions"][0]
        s3.delete_object(Bucket=BUCKET_NAME, Key=key, VersionId=last["VersionId"])
    assert check(project).verdict == "consistent"


def test_an_environment_that_nobody_recorded_is_unknown(project: RecordedProject) -> None:
    checking = Checking(project.table, project.store, lambda: datetime.now(UTC))
    found = checking.check("orders", "staging").check
    assert (found.verdict, found.release) == ("unknown", "")
    done = project.run("verify", "staging")
    assert done.returncode == cli.PENDING
    assert "staging/orders: no release recorded" in done.stdout
    assert "mend: run `lockstep deploy staging`" in done.stdout


def test_a_release_that_is_not_there_is_named(project: RecordedProject) -> None:
    done = project.run("verify", "dev", "--release", "v9.9.9")
    assert done.returncode == cli.FAILURE
    assert "there is no release v9.9.9 for dev" in done.stderr


def test_an_output_that_somebody_changed_fails_its_smoke_test(project: RecordedProject) -> None:
    observe(project)
    ssm = project.client("ssm", **DEV)
    name = "/orders/dev/queue/QueueUrl"
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value=f"{before}-gone", Type="String", Overwrite=True)
    try:
        messages = findings(project)
    finally:
        ssm.put_parameter(Name=name, Value=before, Type="String", Overwrite=True)
    assert any(
        "output queue/QueueUrl in us-east-1 does not answer as it should" in message for message in messages
    )
    assert any(message.startswith("orders: queue does not answer") for message in messages)


def test_without_a_home_there_is_nothing_to_verify_against(project: RecordedProject, tmp_path: Path) -> None:
    ssm = project.client("ssm")
    ssm.delete_parameter(Name="/control/shared/table/TableName")
    try:
        done = project.run("verify", "dev")
    finally:
        project.client("ssm").put_parameter(
            Name="/control/shared/table/TableName", Value="shared-control-state", Type="String"
        )
    assert done.returncode == cli.PENDING
    assert "mend: run `lockstep deploy shared`" in done.stderr


def deployed_and_confirmed(project: RecordedProject) -> Brought:
    """Deploy what is checked out in dev, and verify it as every release is that comes or comes back."""
    workspace, stage = Workspace(project.root), Terminal(quiet=True)
    terms = Return("dev", TAG, (), workspace, stage, now)
    return bring(workspace, "dev", named(project.root, TAG), stage, now, terms)


BROKEN = "def handler(event, context):\n    raise RuntimeError('a fault of the release')\n"


def test_a_deployment_whose_api_takes_no_order_fails(project: RecordedProject, act_as: ActAs) -> None:
    """REQ-V10: every stack is as rendered, and the function behind the API raises; mended, it succeeds."""
    act_as(project.operator)
    observe(project)
    function, aws = "dev-orders-order-api", project.client("lambda", **DEV)
    handler, code = aws.get_function_configuration(FunctionName=function)["Handler"], code_of(project)
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(handler.rpartition(".")[0].replace(".", "/") + ".py", BROKEN)
    aws.update_function_code(FunctionName=function, ZipFile=package.getvalue())
    try:
        failed = deployed_and_confirmed(project)
    finally:
        aws.update_function_code(FunctionName=function, **code)
    assert {one.outcome for one in failed.results} == {"unchanged"}
    assert failed.failed
    (finding,) = failed.findings
    assert finding.message.startswith(
        "orders: a real order does not answer as it should: POST /orders answers 502"
    )
    mended = deployed_and_confirmed(project)
    assert mended.succeeded
    states = [one.state for one in project.table.environment_releases("orders", "dev")]
    assert states[:2] == ["succeeded", "failed"]
    mine = [one for one in orders_of(project) if one["account"]["S"] == ACCOUNT]
    assert [one["status"]["S"] for one in mine] == ["STORED"]
    assert mine[0]["client_order_id"]["S"].startswith("dev-")


def code_of(project: RecordedProject) -> dict[str, str]:
    """Return where the code of the function behind the API is, as its stack has it."""
    stack = project.client("cloudformation", **DEV).describe_stacks(StackName="lockstep-dev-orders-order-api")
    (one,) = stack["Stacks"]
    given = {each["ParameterKey"]: each for each in one["Parameters"]}
    bucket = (
        given["ArtifactsBucketName"].get("ResolvedValue") or given["ArtifactsBucketName"]["ParameterValue"]
    )
    return {"S3Bucket": bucket, "S3Key": given["PackageKey"]["ParameterValue"]}


def orders_of(project: RecordedProject) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = project.client("dynamodb", **DEV).scan(TableName="dev-orders-table")[
        "Items"
    ]
    return items
