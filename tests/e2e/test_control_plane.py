"""The control plane end to end, with IAM enforced: what happens to a stack is recorded, judged and announced once.

The tests run in the order in which they stand, in one sandbox; the last holds roles to what was used before.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest

from pipelines.configuration import ObjectChangedError
from pipelines.configuration.keys import manifest_key
from pipelines.state.records import Census, DriftSummary, StackKey
from sandbox import accounts, process, running
from tests.e2e import commands, deployed_home
from tests.e2e.access import OF_RULE, compare, granted, reviewed
from tests.e2e.control_plane import DEV, REGIONS, TAGS, Inbox, Plane, Trial, until
from tests.e2e.recorded_project import HOME
from validator.errors import TechnicalError

pytestmark = pytest.mark.xdist_group("control-plane")
HERE, THERE = REGIONS
NOBODY = "444444444444"
STAGING = accounts.ACCOUNTS["staging"]
"""Of an environment that was not deployed: nobody says where its agents are."""
FAR = "eu-west-1"
"""A region without an agent."""
ORDERS = "lockstep-dev-orders-queue"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Plane, Any]]:
    """Begin with home, launch the agents of dev by plain Sceptre, and deploy dev.

    That asks the agents in both regions to tell what is there. What it said is beside the plane.
    """
    place, record, project = deployed_home.started(tmp_path_factory, "control-plane")
    launched = commands.sceptre(project.operator, "launch", "-y", "dev/control", cwd=project.root)
    assert launched.returncode == 0, launched.stdout + launched.stderr
    yield Plane(record, project), commands.lockstep_json(project.operator, "deploy", "dev", cwd=project.root)
    process.discard(place)


@pytest.fixture(scope="module")
def plane(deployed: tuple[Plane, Any]) -> Plane:
    """Return home, and dev with both its agents."""
    return deployed[0]


@pytest.fixture(scope="module")
def inbox(plane: Plane) -> Inbox:
    """Return a subscriber to every topic."""
    return plane.inbox("trial-everything")


def _is_at(plane: Plane, trial: Trial, drift: str, after: str = "") -> str:
    """Return the id of the trial's last detection, if that came to `drift` and is another one than `after`."""
    state = plane.table.state(trial.key)
    last = state.drift if state else None
    return last.detection_id if last and last.status == drift and last.detection_id != after else ""


def test_plain_sceptre_deploys_agents_and_what_their_stack_sets_carry(deployed: tuple[Plane, Any]) -> None:
    """REQ-X4, REQ-C10: `sceptre launch dev/control` ends as `lockstep deploy dev`, which finds nothing to change."""
    plane, said = deployed
    outcomes = {one["stack"]: one["outcome"] for one in said["stacks"]}
    assert {outcomes[name] for name in outcomes if name.startswith("dev/control/")} == {"unchanged"}
    for region in REGIONS:
        cloudformation = plane.client("cloudformation", DEV, region)
        stacks = cloudformation.describe_stacks()["Stacks"]
        assert {stack["StackStatus"] for stack in stacks} == {"CREATE_COMPLETE"}
        assert any("control-agent" in stack["StackName"] for stack in stacks)
    rows = json.loads(plane.project.run("status", "dev", "--live", "--format", "json").stdout)["stacks"]
    assert {row["state"] for row in rows if row["workload"] == "control"} == {"current"}


@pytest.mark.parametrize("region", REGIONS)
def test_a_change_is_recorded_with_its_history(plane: Plane, region: str) -> None:
    """REQ-C1, REQ-C2: in the control region, and in the one that a StackSet brought an agent to."""
    trial = Trial(plane, "dev-trial", region)
    assert trial.change(30) == "CREATE_COMPLETE"
    until("creation recorded", lambda: trial.recorded("CREATE_COMPLETE", 30))
    assert trial.change(31) == "UPDATE_COMPLETE"
    until("update recorded", lambda: trial.recorded("UPDATE_COMPLETE", 31))
    state = plane.table.state(trial.key)
    assert state is not None
    assert (state.version, state.tags) == ("v1.0.0", TAGS)
    assert state.digest is not None

    def ends() -> list[str]:
        history = list(plane.table.events(trial.key))
        found = [each.status for each in history if each.source == "aws.cloudformation"]
        return found if {"CREATE_COMPLETE", "UPDATE_COMPLETE"} <= set(found) else []

    until("history", ends)


def test_the_deployment_says_from_where_reports_have_to_come(plane: Plane) -> None:
    """REQ-C2: so that a region that never reports is missed."""
    deployed = plane.table.latest_environment_release("control", "dev")
    assert deployed is not None
    assert deployed.places == tuple(f"{DEV}/{region}" for region in REGIONS)


def test_a_stack_that_is_older_than_its_agent_is_checked_in_a_turn(plane: Plane) -> None:
    """REQ-C4: no event tells the agent of it."""
    key = StackKey("control", "dev", DEV, HERE, "lockstep-dev-control-boundary")

    def checked() -> bool:
        state = plane.table.state(key)
        return state is not None and state.drift is not None and state.drift.status != "started"

    def in_a_turn() -> bool:
        """Ask as its schedule does, and wait: who asks without pause has it do nothing else."""
        plane.ask("dev-control-drift", HERE, {"lockstep": "detect", "unchecked": True})
        deadline = time.monotonic() + 20
        while not checked() and time.monotonic() < deadline:
            time.sleep(0.5)
        return checked()

    until("first detection", in_a_turn)


def test_drift_is_found_changed_and_resolved_once_each(plane: Plane, inbox: Inbox) -> None:
    """REQ-C4, REQ-C5: property by property, with its coverage; whoever filters gets what he asked for."""
    warnings = plane.inbox("trial-warnings", ("Drift",), environment=["dev"], severity=["warning"])
    others = [
        plane.inbox("trial-prod", ("Drift",), environment=["prod"]),
        plane.inbox("trial-critical", ("Drift",), severity=["critical"]),
    ]
    trials = [Trial(plane, "dev-trial", region) for region in REGIONS]
    names = {trial.region: f"drift:trial:dev:{DEV}:{trial.region}:dev-trial" for trial in trials}
    last = {
        trial.region: until("detection after the update", lambda t=trial: _is_at(plane, t, "in_sync"))
        for trial in trials
    }
    for trial in trials:
        _set_timeout(plane, trial, 77)
    done = plane.project.run("drift", "dev", "--detect", "--format", "json")
    assert done.returncode == 1, done.stderr
    seen = {one["region"]: one for one in json.loads(done.stdout)["stacks"] if one["stack"] == "dev-trial"}
    for trial in trials:
        one = seen[trial.region]
        assert (one["status"], one["checked"]) == ("drifted", 1)
        assert one["uncovered"] == [
            {"logical_id": "Permission", "type": "AWS::SQS::QueuePolicy", "reason": ""}
        ]
        (finding,) = one["findings"]
        assert finding["properties"] == [
            {"path": "/VisibilityTimeout", "expected": "31", "actual": "77", "kind": "NOT_EQUAL"}
        ]
    for seconds, status in ((77, "drifted"), (78, "drifted"), (31, "in_sync")):
        for trial in trials:
            _set_timeout(plane, trial, seconds)
            last[trial.region] = _is_at(plane, trial, "drifted")
            plane.ask("dev-control-drift", trial.region, {"lockstep": "detect", "stacks": ["dev-trial"]})
        for trial in trials:
            until("detection", lambda t=trial, s=status: _is_at(plane, t, s, after=last[t.region]))
    for subscriber in (inbox, warnings):
        for name in names.values():
            said = until("resolved", lambda s=subscriber, n=name: _resolved(s.received(n)))
            assert [each["state"] for each in said] == ["found", "changed", "resolved"]
            assert {(each["environment"], each["severity"], each["kind"]) for each in said} == {
                ("dev", "warning", "drift")
            }
            assert said[0]["detail"]["coverage"] == {"checked": 1, "unsupported": 1, "failed": 0}
    assert not any(subscriber.received(name) for subscriber in others for name in names.values())


def _set_timeout(plane: Plane, trial: Trial, seconds: int) -> None:
    sqs = plane.client("sqs", DEV, trial.region)
    url = sqs.get_queue_url(QueueName=trial.name)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(seconds)})


def _resolved(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return said if said and said[-1]["state"] == "resolved" else []


def test_a_failed_deployment_is_announced_and_its_success_resolves_it(plane: Plane) -> None:
    """REQ-C5: what was rolled back on the topic for rollbacks, what stands half done on the one for validation."""
    rollback, validation = (
        plane.inbox("trial-rollback", ("Rollback",)),
        plane.inbox("trial-validation", ("Validation",)),
    )
    plane.client("sqs", DEV, HERE).create_queue(QueueName="dev-trial-taken")
    trial, stuck = Trial(plane, "dev-trial", HERE), Trial(plane, "dev-trial-stuck", THERE)
    assert trial.change(32, taken="dev-trial-taken") == "UPDATE_ROLLBACK_COMPLETE"
    plane.client("sqs", DEV, THERE).create_queue(QueueName="dev-trial-stuck")
    assert stuck.change(32, OnFailure="DO_NOTHING") == "CREATE_FAILED"
    name, other = (f"deployment:trial:dev:{DEV}:{each.region}:{each.name}" for each in (trial, stuck))
    (found,) = until("failure announced", lambda: rollback.received(name))
    assert (found["state"], found["severity"], found["detail"]["status"]) == (
        "found",
        "warning",
        "UPDATE_ROLLBACK_COMPLETE",
    )
    (found,) = until("failure announced", lambda: validation.received(other))
    assert (found["state"], found["severity"], found["detail"]["status"]) == (
        "found",
        "critical",
        "CREATE_FAILED",
    )
    assert trial.change(33) == "UPDATE_COMPLETE"
    stuck.cloudformation.delete_stack(StackName=stuck.name)
    said = until("success announced", lambda: _resolved(rollback.received(name)))
    assert [each["state"] for each in said] == ["found", "resolved"]
    said = until("deletion announced", lambda: _resolved(validation.received(other)))
    assert [each["state"] for each in said] == ["found", "resolved"]
    assert not rollback.received(other)
    assert not validation.received(name)


def test_a_stack_changed_past_lockstep_is_one_alert_until_it_is_deployed_again(
    plane: Plane, inbox: Inbox
) -> None:
    """REQ-C3."""
    name = "consistency/orders/dev"
    until("dev is consistent", lambda: _verdict(plane) == "consistent")
    before = len(inbox.received(name))
    cloudformation = plane.client("cloudformation", DEV, HERE)
    live = cloudformation.describe_stacks(StackName=ORDERS)["Stacks"][0]
    values = {each["ParameterKey"]: each["ParameterValue"] for each in live["Parameters"]}
    cloudformation.update_stack(
        StackName=ORDERS,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in {**values, "MaxReceiveCount": "9"}.items()
        ],
        Tags=live["Tags"],
    )
    until("inconsistency announced", lambda: inbox.received(name)[before:])
    check = plane.table.check("orders", "dev")
    assert check is not None
    assert "Parameters.MaxReceiveCount is '9', and release v1.0.0 has '3'" in check.findings[0]["message"]
    done = plane.project.run("deploy", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    said = until("consistency announced", lambda: _resolved(inbox.received(name)[before:]))
    assert [each["state"] for each in said] == ["found", "resolved"]


def _verdict(plane: Plane) -> str:
    check = plane.table.check("orders", "dev")
    return check.verdict if check else ""


@contextmanager
def _no_events(plane: Plane, region: str) -> Iterator[None]:
    """Let no event of a region's CloudFormation reach anybody."""
    events = plane.client("events", DEV, region)
    rules = [
        each["Name"]
        for each in events.list_rules(NamePrefix="dev-control-")["Rules"]
        if "EventPattern" in each
    ]
    for name in rules:
        events.disable_rule(Name=name)
    yield
    for name in rules:
        events.enable_rule(Name=name)


def test_a_deletion_that_no_event_told_is_noticed(plane: Plane) -> None:
    """REQ-C2: by the census of the agent's next pass, which the schedule asks for as this test does."""
    trial = Trial(plane, "dev-trial", THERE)
    with _no_events(plane, THERE):
        trial.cloudformation.delete_stack(StackName=trial.name)
        trial.cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=trial.name, WaiterConfig={"Delay": 1}
        )
    state = plane.table.state(trial.key)
    assert state is not None
    assert state.status == "UPDATE_COMPLETE"
    plane.ask("dev-control-observer", THERE, {"lockstep": "reconcile"})
    until("deletion noticed", lambda: trial.recorded("DELETE_COMPLETE", 31))
    state = plane.table.state(trial.key)
    assert state is not None
    assert state.reason == "gone without an event: the census of the region does not name it"


def test_silence_and_what_is_stuck_are_noticed_and_announced_without_the_stream(
    plane: Plane, inbox: Inbox
) -> None:
    """REQ-C2, REQ-C4, REQ-C9: the reconciler announces what the announcer did not, and nobody does it again."""
    table, then = plane.table, datetime.now(UTC) - timedelta(hours=2)
    table.record_census(Census(STAGING, FAR, then, 1))
    stuck = StackKey("trial", "dev", DEV, FAR, "dev-trial")
    table.record_drift(stuck, DriftSummary("d-stuck", "started", 0, (), (), 0, then, ""))
    name = f"silence:{STAGING}:{FAR}"
    functions = plane.client("lambda")
    found = functions.list_event_source_mappings(FunctionName="shared-control-announcer")
    mapping = found["EventSourceMappings"][0]["UUID"]
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    plane.reconcile()
    until("silence announced", lambda: inbox.received(name))
    functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    ended = table.drift(stuck, "d-stuck")
    assert ended is not None
    assert (ended.status, ended.failed[0].reason) == ("unknown", "drift detection did not end within an hour")
    table.record_census(Census(STAGING, FAR, datetime.now(UTC), 1))
    plane.reconcile()
    said = until("end of silence announced", lambda: _resolved(inbox.received(name)))
    assert [each["state"] for each in said] == ["found", "resolved"]


@pytest.mark.parametrize("region", REGIONS)
def test_an_agents_alarm_reaches_people_by_rules_alone(plane: Plane, region: str) -> None:
    """REQ-C9: out of another account and region, and with the page that says what to do; once red, once green."""
    name = "dev-control-alarm-observer-dead-letter"
    inbox = plane.inbox(f"trial-alarms-{region}", ("Alarm",))
    cloudwatch = plane.client("cloudwatch", DEV, region)
    for state in ("OK", "ALARM", "OK"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="trial")

    def told() -> list[str]:
        inbox.read()
        return [each for each in inbox.told if name in each]

    until("alarm told", lambda: len(told()) == 2)
    for state, text in zip(("ALARM", "OK"), told(), strict=True):
        assert f"{state}: {name} in {region} of {DEV} since " in text
        assert "/blob/main/docs/runbooks/agent.md)" in text


def test_the_configuration_store_is_replicated_and_tells_what_somebody_changed(plane: Plane) -> None:
    """REQ-C8: each object in both regions under the digest that the table has, and read by it."""
    s3, bucket = plane.client("s3"), plane.parameter("configuration/BucketName")
    replica = plane.parameter("configuration/ReplicaBucketName")
    (rule,) = s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]["Rules"]
    assert rule["Destination"]["ReplicationTime"]["Time"] == {"Minutes": 15}
    far = plane.client("s3", region="us-east-1")
    until("replication", lambda: _objects(s3, bucket) == _objects(far, replica))
    release = plane.table.release("orders", "v1.0.0", "dev")
    assert release is not None
    named = ("orders", "v1.0.0", "dev", release.digests["dev"])
    manifest = plane.store().manifest(*named)
    for store in (plane.store(), plane.store("us-east-1", replica)):
        assert store.manifest(*named) == manifest
        store.parameters(manifest)
        assert all(store.template(stack.template_digest) for stack in manifest.stacks)
    key = manifest_key("dev", "orders", "v1.0.0", "dev")
    changed = s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    try:
        with pytest.raises(ObjectChangedError, match="was changed after it was written"):
            plane.store().manifest(*named)
        done = plane.project.run("verify", "dev")
        assert done.returncode == 1
        assert f"{key} was changed after it was written" in done.stdout + done.stderr
    finally:
        # As nobody may at home: the bucket's policy denies it, which the root of the sandbox's account passes by.
        gone = {"Key": key, "VersionId": changed["VersionId"]}
        s3.delete_object(Bucket=bucket, **gone, BypassGovernanceRetention=True)
    assert plane.store().manifest(*named) == manifest


def _objects(s3: Any, bucket: str) -> dict[str, str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {each["Key"]: each["ETag"] for page in pages for each in page.get("Contents", [])}


def _observation(**changes: Any) -> dict[str, Any]:
    """Return the detail of an observation that home would take, but for what is changed in it."""
    now = datetime.now(UTC).isoformat()
    name = str(changes.get("name", "dev-trial"))
    return {
        "schema": "lockstep/observation/v1",
        "stack_id": f"arn:aws:cloudformation:{HERE}:{DEV}:stack/{name}/0a1b",
        "name": name,
        "status": "UPDATE_COMPLETE",
        "reason": "",
        "operation_at": now,
        "created_at": now,
        "observed_at": now,
        "tags": TAGS,
        "parameters": {},
        "template_digest": None,
        "digest": None,
        "trigger": None,
        **changes,
    }


def _entry(**changes: Any) -> dict[str, str]:
    detail = json.dumps(_observation(**changes))
    return {"Source": "lockstep.agent", "DetailType": "Stack Observed", "Detail": detail}


def _message(account: str = DEV, source: str = "lockstep.agent", **detail: Any) -> str:
    """Return a message of the tracker's queue, as a rule of the home bus would send it."""
    time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    kind = "Stack Observed" if source == "lockstep.agent" else "CloudFormation Stack Status Change"
    envelope = {"id": os.urandom(8).hex(), "account": account, "region": HERE, "time": time, "source": source}
    return json.dumps({**envelope, "detail-type": kind, "detail": detail})


def _status(reason: str) -> dict[str, Any]:
    stack = f"arn:aws:cloudformation:{HERE}:{DEV}:stack/dev-trial/0a1b"
    return {"stack-id": stack, "status-details": {"status": "UPDATE_COMPLETE", "status-reason": reason}}


ELSEWHERE = f"arn:aws:cloudformation:{HERE}:{NOBODY}:stack/dev-trial/0a1b"
REPORTED: dict[str, dict[str, Any]] = {
    "the schema is not lockstep/observation/v1: the agent is older or newer than home": {
        "schema": "lockstep/observation/v9"
    },
    "detail.name does not have the form it must have": {"name": "<script>alert(1)</script>"},
    "detail.reason is longer than 8192 characters": {"reason": "<b>\n" * 2_500},
    "the stack lies in another account or region than the event comes from": {"stack_id": ELSEWHERE},
    "the tag Environment names an environment that the account does not belong to": {
        "tags": {**TAGS, "Environment": "prod"}
    },
    "detail.tags is not an object": {"tags": ["Environment"]},
}
"""What an agent may say, by the reason for which home refuses it."""


def test_events_that_are_wrong_are_refused_with_a_reason_and_stop_nothing(plane: Plane) -> None:
    """REQ-C2: malformed, foreign, of another version, too large and hostile ones."""
    sqs, url = plane.client("sqs"), plane.parameter("tracker-queue/QueueUrl")
    queued = {
        "the body is not JSON": "{",
        "the body is not an object": "[]",
        "the account belongs to no environment": _message(NOBODY, **_observation(stack_id=ELSEWHERE)),
        "nobody here knows this source and detail type": _message(source="aws.health"),
        "detail.status-details.status-reason is longer than 8192 characters": _message(
            source="aws.cloudformation", **_status("x" * 10_240)
        ),
        "the body is larger than 262144 bytes": _message(padding="x" * 262_144),
    }
    said = [_message(**_observation(**changes)) for changes in REPORTED.values()]
    for body in (*queued.values(), *said):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    # Nobody but an agent speaks as one: what is not on its own bus goes nowhere.
    forged = StackKey("trial", "dev", DEV, HERE, "dev-forged")
    bus = plane.client("events", DEV, HERE)
    assert bus.put_events(Entries=[_entry(name=forged.stack)])["FailedEntryCount"] == 0
    for reason in (*queued, *REPORTED):
        (refused,) = until(f"refusal: {reason}", lambda r=reason: plane.refusals(r))
        assert "\n" not in refused.detail
    trial = Trial(plane, "dev-trial", HERE)
    assert trial.change(40) == "UPDATE_COMPLETE"
    until("the next change recorded", lambda: trial.recorded("UPDATE_COMPLETE", 40))
    assert plane.table.state(forged) is None
    queues = ("tracker-queue/QueueUrl", "tracker-queue/DeadLetterQueueUrl")
    # The last message is recorded before Lambda's poller takes it off the queue.
    until("nothing left in a queue", lambda: all(_left(plane, each) == 0 for each in queues))


def _left(plane: Plane, name: str) -> int:
    names = ["ApproximateNumberOfMessages"]
    answer = plane.client("sqs").get_queue_attributes(QueueUrl=plane.parameter(name), AttributeNames=names)
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def test_an_account_of_no_environment_reaches_no_bus_of_home(plane: Plane) -> None:
    """REQ-C2: it forwards as an agent does, and the policy of the bus lets nobody in whom home does not know."""
    where = (NOBODY, HOME["region"])
    iam, sqs, events = (plane.client(name, *where) for name in ("iam", "sqs", "events"))
    bus, service = plane.parameter("bus/BusArn"), {"Service": "events.amazonaws.com"}
    letters = f"arn:aws:sqs:{HOME['region']}:{NOBODY}:letters"
    role = iam.create_role(
        RoleName="forward", AssumeRolePolicyDocument=_policy("sts:AssumeRole", Principal=service)
    )["Role"]["Arn"]
    iam.put_role_policy(
        RoleName="forward", PolicyName="own", PolicyDocument=_policy("events:PutEvents", Resource=bus)
    )
    policy = _policy("sqs:SendMessage", Principal=service, Resource=letters)
    url = sqs.create_queue(QueueName="letters", Attributes={"Policy": policy})["QueueUrl"]
    events.put_rule(Name="forward", EventPattern=json.dumps({"source": ["lockstep.agent"]}))
    target = {"Id": "home", "Arn": bus, "RoleArn": role, "DeadLetterConfig": {"Arn": letters}}
    events.put_targets(Rule="forward", Targets=[target])
    assert events.put_events(Entries=[_entry(name="dev-foreign")])["FailedEntryCount"] == 0
    (letter,) = until(
        "dead letter",
        lambda: sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages"),
    )
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    refused = plane.refusals("the account belongs to no environment")
    assert not any("dev-foreign" in one.detail for one in refused)


def _policy(action: str, **further: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, **further}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ROLES = {HOME["account"]: "shared-control-*-role", DEV: "dev-control-[dfor]*-us-*-[12]"}
"""Roles of functions, and those with which events are forwarded, by account."""


def _summary(plane: Plane) -> list[dict[str, Any]]:
    try:
        return running.decision_counts(plane.record)
    except TechnicalError:
        return []


def test_every_role_needs_what_it_is_granted_and_no_more(
    plane: Plane, record_property: Callable[[str, object], None]
) -> None:
    """REQ-P8: nothing was denied above, and what nothing used has its reason in `granted.yaml`.

    The summary of the run shows what was used, and what was not with the reason.
    """
    grants = [
        grant
        for account, names in ROLES.items()
        for grant in granted(plane.client("iam", account), names)
        if not any(fnmatchcase(grant.role.rpartition("/")[2], name) for name in OF_RULE)
    ]
    review = reviewed()
    found = compare(grants, until("decisions", lambda: _summary(plane)), review)
    excused = {grant: entry.reason for grant in grants for entry in review if entry.covers(grant)}
    for grant in grants:
        if grant not in found.unused:
            role = grant.role.rpartition("/")[2]
            record_property("access", (role, grant.action, excused.get(grant, "")))
    named = {grant.role.rpartition("/")[2] for grant in grants}
    assert named >= {"shared-control-tracker-role", "dev-control-drift-us-west-2"}
    assert (found.denied, found.unused, found.stale) == ((), (), ()), str(found)
