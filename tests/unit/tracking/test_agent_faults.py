"""The agent without an answer of CloudFormation or EventBridge: all comes again, a metric tells (REQ-C2, REQ-C4)."""

from __future__ import annotations

import json
from typing import Any

import boto3
import botocore
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from functions.agent import drift, edge, observer
from pipelines.tracking.events import DriftReported, StackObserved

from .cloud import REGION
from .local import answered
from .test_agent import QUEUE, Region, batch, detection, region, sent

__all__ = ["region"]

FAULTS: dict[str, Exception | tuple[int, str]] = {
    "throttled": (400, "Throttling"),
    "expired": (403, "ExpiredToken"),
    "denied": (403, "AccessDenied"),
    "unavailable": (503, "ServiceUnavailable"),
    "not connected": EndpointConnectionError(endpoint_url="https://cloudformation"),
    "no answer": ReadTimeoutError(endpoint_url="https://cloudformation"),
    "no connection in time": ConnectTimeoutError(endpoint_url="https://cloudformation"),
}


def broken(service: str, fault: Exception | tuple[int, str]) -> Any:
    """Return a real client to which every request fails so."""
    client: Any = boto3.client(
        service,
        region_name=REGION,
        config=Config(retries={"total_max_attempts": 1}, signature_version=botocore.UNSIGNED),
    )

    def send(request: Any, **_kwargs: Any) -> AWSResponse:
        if isinstance(fault, Exception):
            raise fault
        status, code = fault
        error = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
        if service == "events":
            error = json.dumps({"__type": code, "message": "no"})
        return answered(request, status, error.encode())

    client.meta.events.register(f"before-send.{service}", send)
    return client


def counted(text: str, metric: str) -> float:
    """Return the sum of a metric in what the functions wrote."""
    lines = [json.loads(line) for line in text.splitlines() if '"_aws"' in line]
    return sum(sum(line[metric]) for line in lines if metric in line)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_not_observed_comes_again(
    region: Region, fault: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    region.create(QUEUE)
    with monkeypatch.context() as patched:
        patched.setattr(observer, "cloudformation", lambda: broken("cloudformation", FAULTS[fault]))
        assert batch(observer.handler, *region.events) == ["m0", "m1"]
    assert counted(capsys.readouterr().out, "EventsFailed") == 2
    assert sent(region) == []
    assert batch(observer.handler, *region.events) == []
    assert [type(each) for each in sent(region)] == [StackObserved, StackObserved]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_eventbridge_does_not_take_comes_again(
    region: Region, fault: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    region.create(QUEUE)
    with monkeypatch.context() as patched:
        patched.setattr(edge, "eventbridge", lambda: broken("events", FAULTS[fault]))
        assert batch(observer.handler, *region.events) == ["m0", "m1"]
    assert counted(capsys.readouterr().out, "PublishFailures") == 2
    assert batch(observer.handler, *region.events) == []
    assert len(sent(region)) == 2


@pytest.mark.parametrize("fault", FAULTS)
def test_a_detection_that_could_not_be_read_is_read_later(
    region: Region, fault: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The end of a detection is told once by CloudFormation: the queue keeps it until it was read."""
    region.create(QUEUE)
    ended = detection(region.stacks[QUEUE]["StackId"])
    with monkeypatch.context() as patched:
        patched.setattr(drift, "cloudformation", lambda: broken("cloudformation", FAULTS[fault]))
        assert batch(drift.handler, ended) == ["m0"]
    assert counted(capsys.readouterr().out, "EventsFailed") == 1
    assert batch(drift.handler, ended) == []
    (found,) = sent(region)
    assert isinstance(found, DriftReported)
    assert found.report.status == "in_sync"


def test_a_detection_that_still_runs_says_nothing_and_one_that_failed_is_not_in_sync(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reconciler ends what never ends; what CloudFormation gave up is unknown, with its reason."""
    region.create(QUEUE)
    answer = region.describe_stack_drift_detection_status()
    ended = detection(region.stacks[QUEUE]["StackId"], "DETECTION_FAILED")
    said = {"DetectionStatus": "DETECTION_IN_PROGRESS"}
    monkeypatch.setattr(region, "describe_stack_drift_detection_status", lambda **_: {**answer, **said})
    assert batch(drift.handler, ended) == []
    assert sent(region) == []
    said.update(
        DetectionStatus="DETECTION_FAILED", DetectionStatusReason="Failed to detect drift on resource Queue"
    )
    monkeypatch.setattr(region, "describe_stack_resource_drifts", lambda **_: {"StackResourceDrifts": []})
    assert batch(drift.handler, ended) == []
    (found,) = sent(region)
    assert found.report.status == "unknown"
    assert found.report.checked == 0
    (uncovered,) = (*found.report.failed, *found.report.unsupported)
    assert uncovered.logical_id == "Queue"
