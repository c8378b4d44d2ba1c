"""The agent against a model of CloudFormation: nothing is lost, no message stops the others (REQ-C2, REQ-C4)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.agent import drift, edge, observer
from pipelines.tracking.census import census_parts, list_stacks, observations
from pipelines.tracking.drift import start
from pipelines.tracking.events import CensusTaken, DriftReported, StackObserved, read_event
from pipelines.tracking.observe import observation, observe
from pipelines.tracking.publish import ENTRIES, entry
from validator.digest import stack_digest

from .cloud import DEV, REGION, START, TAGS, Bus, Cloud, event
from .test_drift import ID, STATUS, drifted, resource

QUEUE = "lockstep-dev-orders-queue"


class Context(SimpleNamespace):
    function_name = "observer"
    memory_limit_in_mb = 512
    invoked_function_arn = f"arn:aws:lambda:{REGION}:{DEV}:function:dev-control-observer"
    aws_request_id = "11111111-1111-4111-8111-111111111111"
    seconds = 300

    def get_remaining_time_in_millis(self) -> int:
        return self.seconds * 1000


class Region(Cloud):
    """CloudFormation with drift detection, one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.running: set[str] = set()
        self.started: list[str] = []
        self.refused: dict[str, str] = {}
        self.throttled = 0

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        if self.throttled:
            self.throttled -= 1
            raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate"}}, "DescribeStacks")
        return super().describe_stacks(StackName=StackName)

    def detect_stack_drift(self, *, StackName: str) -> dict[str, str]:  # noqa: N803
        if code := self.refused.get(StackName.split("/")[1]):
            message = f"Stack {StackName} is not to be looked at"
            raise ClientError({"Error": {"Code": code, "Message": message}}, "DetectStackDrift")
        if StackName in self.running:
            message = f"Drift detection is already in progress for stack [{StackName}]"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DetectStackDrift")
        self.running.add(StackName)
        self.started.append(StackName.split("/")[1])
        return {"StackDriftDetectionId": ID}

    def describe_stack_drift_detection_status(self, **_request: str) -> dict[str, Any]:
        return STATUS

    def list_stack_resources(self, **_request: str) -> dict[str, Any]:
        return {"StackResourceSummaries": [resource("Queue")]}

    def describe_stack_resource_drifts(self, **_request: str) -> dict[str, Any]:
        return {"StackResourceDrifts": [drifted("Queue")]}


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> Region:
    region = Region()
    region.bus = Bus(region)  # type: ignore[attr-defined]
    for module in (observer, drift):
        monkeypatch.setattr(module, "cloudformation", lambda: region)
        monkeypatch.setattr(module, "now", region.clock)
    monkeypatch.setattr(edge, "eventbridge", lambda: region.bus)  # type: ignore[attr-defined]
    monkeypatch.setattr(edge.time, "sleep", lambda _seconds: None)
    return region


def sent(region: Any) -> list[Any]:
    found = [read_event(body) for body in region.bus.bodies]
    region.bus.bodies.clear()
    return found


def batch(handler: Any, *bodies: Any, seconds: int = 300) -> list[str]:
    records = [
        {"messageId": f"m{n}", "body": body if isinstance(body, str) else json.dumps(body)}
        for n, body in enumerate(bodies)
    ]
    answer = handler({"Records": records}, Context(seconds=seconds))
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def detection(stack_id: str, status: str = "DETECTION_COMPLETE") -> dict[str, Any]:
    detail = {
        "stack-id": stack_id,
        "stack-drift-detection-id": ID,
        "status-details": {"stack-drift-status": "IN_SYNC", "detection-status": status},
    }
    return event("CloudFormation Drift Detection Status Change", detail)


def test_each_event_is_answered_by_what_the_stack_is_now(region: Region) -> None:
    region.create(QUEUE)
    assert batch(observer.handler, *region.events) == []
    found = sent(region)
    assert all(isinstance(each, StackObserved) for each in found)
    assert {each.observation.status for each in found} == {"CREATE_COMPLETE"}
    assert [each.observation.trigger.status for each in found] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


def test_a_deleted_stack_is_observed_by_its_id(region: Region) -> None:
    region.create(QUEUE)
    region.delete(QUEUE)
    assert batch(observer.handler, region.events[-1]) == []
    (found,) = sent(region)
    assert found.observation.status == "DELETE_COMPLETE"
    assert found.observation.tags["Environment"] == "dev"


def test_the_digest_is_the_one_that_a_deployment_compares() -> None:
    cloud = Cloud()
    cloud.create(QUEUE)
    found = observe(cloud, QUEUE, cloud.clock)  # type: ignore[arg-type]
    assert found is not None
    body = cloud.templates[found.stack_id]
    assert found.digest == stack_digest(body, {"NamePrefix": "dev-orders-"}, TAGS)


def raw(**changes: Any) -> dict[str, Any]:
    cloud = Cloud()
    cloud.create(QUEUE)
    return {**cloud.describe_stacks(StackName=QUEUE)["Stacks"][0], **changes}


def test_of_a_stack_that_is_not_ours_no_parameter_leaves_its_account() -> None:
    """REQ-P7: nobody promised that a stranger's parameters hold no secret."""
    parameters = [{"ParameterKey": "Size", "ParameterValue": "small"}]
    assert observation(raw(Parameters=parameters), None, START).parameters == {"Size": "small"}
    assert observation(raw(Parameters=parameters, Tags=[]), None, START).parameters == {}


def test_a_parameter_that_looks_like_a_secret_is_hidden_as_one_with_no_echo() -> None:
    """REQ-P7; the digest is of the true values, so that a deployment still compares."""
    parameters = [{"ParameterKey": "DbPassword", "ParameterValue": "hunter2"}]
    found = observation(raw(Parameters=parameters), "{}", START)
    assert found.parameters == {"DbPassword": "****"}
    assert found.digest == stack_digest("{}", {"DbPassword": "hunter2"}, TAGS)


def test_a_pass_tells_our_stacks_before_those_of_others() -> None:
    """Whoever else makes stacks in the account keeps none of ours from being told."""
    cloud = Cloud()
    for name in ("another", "further", QUEUE):
        cloud.create(name)
    stacks = [cloud.describe_stacks(StackName=name)["Stacks"][0] for name in ("another", "further", QUEUE)]
    stacks = [{**stack, "Tags": stack["Tags"] if stack["StackName"] == QUEUE else []} for stack in stacks]
    found = observations(cloud, stacks, START, full=False)  # type: ignore[arg-type]
    assert next(iter(found)).name == QUEUE


def test_one_message_that_fails_stops_no_other(region: Region) -> None:
    region.create(QUEUE)
    region.create("other")
    region.throttled = 1
    failed = batch(observer.handler, region.events[0], "no JSON", region.events[-1])
    assert failed == ["m0"]
    assert len(sent(region)) == 1


def test_what_eventbridge_does_not_take_is_tried_again_and_then_comes_back(region: Any) -> None:
    region.create(QUEUE)
    region.bus.refuses = 1
    assert batch(observer.handler, *region.events) == []
    assert len(sent(region)) == 2
    region.bus.refuses = 1000
    assert batch(observer.handler, *region.events) == ["m0", "m1"]
    region.bus.refuses = 0
    region.bus.put_events = lambda **_request: (_ for _ in ()).throw(
        ClientError({"Error": {"Code": "ExpiredToken", "Message": ""}}, "PutEvents")
    )
    assert batch(observer.handler, *region.events) == ["m0", "m1"]
    with pytest.raises(edge.PublishError):
        observer.handler({"lockstep": "reconcile"}, Context())


@pytest.mark.parametrize("queued", [True, False], ids=["through the queue", "invoked"])
def test_a_pass_tells_every_stack_and_which_exist(region: Region, queued: bool) -> None:
    for n in range(25):
        region.create(f"stack-{n:02}")
    region.delete("stack-07")
    region.tick(2 * 24 * 3600)
    region.update("stack-03", "v2.0.0")
    request = {"lockstep": "reconcile"}
    if queued:
        assert batch(observer.handler, request, request) == []
    else:
        observer.handler(request, Context())
    census, *stacks = sent(region)
    assert isinstance(census, CensusTaken)
    assert len(census.census.names) == 24
    assert "stack-07" not in census.census.names
    assert len(stacks) == 24
    read = {each.observation.name for each in stacks if each.observation.template_digest}
    assert read == {"stack-03"}, "the templates of a day's changes alone"
    observer.handler({"lockstep": "reconcile", "full": True}, Context())
    assert all(each.observation.digest for each in sent(region)[1:])


def test_a_pass_that_runs_out_of_time_has_sent_its_census(region: Region) -> None:
    region.create(QUEUE)
    observer.handler({"lockstep": "reconcile"}, Context(seconds=10))
    assert [type(each) for each in sent(region)] == [CensusTaken]


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
def test_the_parts_of_a_census_cover_every_name_once(count: int) -> None:
    names = [f"s{'x' * 120}{n:06}" for n in range(count)]
    parts = census_parts(reversed(names), START)
    assert [name for part in parts for name in part.names] == names
    for part in parts:
        assert len(json.dumps(part.to_document())) <= 200_000
    for probe in ["a", "zz", *names[:3], *names[-3:], *[f"{name}-" for name in names[998:1002]]]:
        homes = [part for part in parts if part.after < probe and (not part.upto or probe <= part.upto)]
        assert len(homes) == 1


def test_what_is_too_large_goes_without_parameters() -> None:
    cloud = Cloud()
    cloud.create(QUEUE)
    found = observe(cloud, QUEUE, cloud.clock)  # type: ignore[arg-type]
    assert found is not None
    large = entry(replace(found, parameters={f"P{n}": "x" * 4096 for n in range(60)}))
    assert json.loads(large.detail)["parameters"] is None
    assert json.loads(entry(found).detail)["parameters"] == {"NamePrefix": "dev-orders-"}
    assert ENTRIES == 10


def test_an_update_starts_a_detection_and_its_end_is_collected(region: Region) -> None:
    region.create(QUEUE)
    assert batch(drift.handler, *region.events) == []
    (begun,) = sent(region)
    assert isinstance(begun, DriftReported)
    assert begun.report.status == "started"
    assert batch(drift.handler, detection(region.stacks[QUEUE]["StackId"])) == []
    (ended,) = sent(region)
    assert (ended.report.status, ended.report.checked, ended.report.detection_id) == ("in_sync", 1, ID)


def test_one_detection_at_a_time_and_none_of_what_is_not_ours(region: Region) -> None:
    region.create(QUEUE)
    region.create("foreign", ManagedBy="")
    assert batch(drift.handler, *region.events, *region.events) == []
    assert region.started == [QUEUE]
    assert batch(drift.handler, detection(region.stacks["foreign"]["StackId"])) == []
    assert len(sent(region)) == 1


@pytest.mark.parametrize("queued", [True, False], ids=["through the queue", "invoked"])
def test_the_schedule_detects_all_or_the_named(region: Region, queued: bool) -> None:
    for name in ("alpha", "beta", "gamma"):
        region.create(name)

    def ask(request: dict[str, Any], seconds: int = 300) -> None:
        if queued:
            batch(drift.handler, request, seconds=seconds)
        else:
            drift.handler(request, Context(seconds=seconds))

    ask({"lockstep": "detect", "stacks": ["beta", "gone"]})
    assert region.started == ["beta"]
    ask({"lockstep": "detect"}, seconds=5)
    assert region.started == ["beta"]
    ask({"lockstep": "detect"})
    assert sorted(region.started) == ["alpha", "beta", "gamma"]


def test_stacks_older_than_their_agent_are_checked_a_few_a_turn(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQ-C4: no event of them comes any more. One that cannot be started takes no other's place."""
    monkeypatch.setattr(drift, "FIRST", 2)
    for name in ("alpha", "beta", "delta", "gamma", "checked", "foreign"):
        region.create(name, ManagedBy="" if name == "foreign" else "lockstep")
    region.stacks["checked"]["DriftInformation"] = {"LastCheckTimestamp": START}
    region.running.add(region.stacks["alpha"]["StackId"])
    request = {"lockstep": "detect", "unchecked": True}
    assert drift.handler(request, Context()) == {"stacks": 4, "started": 2}
    assert region.started == ["beta", "delta"]
    for name in region.started:
        region.stacks[name]["DriftInformation"] = {"LastCheckTimestamp": START}
    batch(drift.handler, request)
    assert region.started == ["beta", "delta", "gamma"]


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling", "ValidationError"])
def test_a_detection_that_cannot_be_started_fails_the_request_after_the_others(
    region: Region, code: str
) -> None:
    """REQ-C4: nobody hears of it otherwise. The queue brings it back, then its dead letters raise the agent's alarm."""
    for name in ("alpha", "beta", "gamma"):
        region.create(name)
    region.refused["alpha"] = code
    request = {"lockstep": "detect"}
    with pytest.raises(drift.DetectionError, match="1 of 3 detections could not be started"):
        drift.handler(request, Context())
    assert region.started == ["beta", "gamma"]
    assert batch(drift.handler, request, {"lockstep": "detect", "stacks": ["beta"]}) == ["m0"]
    assert batch(drift.handler, region.events[1]) == ["m0"]


def test_a_stack_that_runs_or_went_away_meanwhile_fails_nothing(region: Region) -> None:
    """CloudFormation has one code for all of it: what the stack is by then tells them apart."""
    for name in ("alpha", "beta", "gamma"):
        region.create(name)
    region.running.add(region.stacks["alpha"]["StackId"])
    listed = list_stacks(region)  # type: ignore[arg-type]
    region.become("beta", "UPDATE_IN_PROGRESS")
    region.delete("gamma")
    region.refused |= {"beta": "ValidationError", "gamma": "ValidationError"}
    for raw in listed:
        assert start(region, raw, region.clock) is None  # type: ignore[arg-type]


def test_a_request_that_comes_again_starts_nothing_twice(region: Region) -> None:
    for name in ("alpha", "beta"):
        region.create(name)
    sent_at = START + timedelta(days=1)
    region.stacks["alpha"]["DriftInformation"] = {"LastCheckTimestamp": sent_at + timedelta(minutes=1)}
    region.stacks["beta"]["DriftInformation"] = {"LastCheckTimestamp": sent_at - timedelta(minutes=1)}
    attributes = {"SentTimestamp": str(int(sent_at.timestamp() * 1000))}
    record = {"messageId": "m0", "body": json.dumps({"lockstep": "detect"}), "attributes": attributes}
    assert drift.handler({"Records": [record]}, Context()) == {"batchItemFailures": []}
    assert region.started == ["beta"]


def test_what_no_time_was_left_for_comes_back_with_the_queue(region: Region) -> None:
    """REQ-C4: whoever asked waits for all of it, and nobody else asks again before the next day."""

    class Short(Context):
        """Has time to begin, and for one."""

        left = iter([300, 300, 5])

        def get_remaining_time_in_millis(self) -> int:
            return next(self.left) * 1000

    for name in ("alpha", "beta"):
        region.create(name)
    attributes = {"SentTimestamp": str(int((START + timedelta(days=1)).timestamp() * 1000))}
    record = {"messageId": "m0", "body": json.dumps({"lockstep": "detect"}), "attributes": attributes}
    again = {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert drift.handler({"Records": [record]}, Short()) == again
    assert region.started == ["alpha"]
    checked_at = START + timedelta(days=1, minutes=1)
    region.stacks["alpha"]["DriftInformation"] = {"LastCheckTimestamp": checked_at}
    assert drift.handler({"Records": [record]}, Context()) == {"batchItemFailures": []}
    assert region.started == ["alpha", "beta"]


def test_throttling_brings_a_message_back_and_an_event_without_a_queue_is_followed(region: Region) -> None:
    region.create(QUEUE)
    region.throttled = 1
    assert batch(drift.handler, region.events[-1]) == ["m0"]
    assert drift.handler(region.events[-1], Context()) == {}
    assert region.started == [QUEUE]
