"""Drift of a stack: coverage is stated, secrets are masked, known false positives are excused (REQ-C4)."""
# ruff: noqa: N803 - the arguments are called as boto3 calls them

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipelines.tracking.document import Document
from pipelines.tracking.drift import collect, detectable, report, start
from pipelines.tracking.drift_report import read_drift
from pipelines.tracking.masking import MASKED, masked

from .cloud import START, Cloud

ID = "b0000000-0000-4000-8000-000000000000"
STATUS = {"StackDriftDetectionId": ID, "DetectionStatus": "DETECTION_COMPLETE", "Timestamp": START}


def stack() -> dict[str, Any]:
    cloud = Cloud()
    cloud.create("queue")
    return dict(cloud.stacks["queue"])


def resource(name: str, kind: str = "AWS::SQS::Queue", status: str = "CREATE_COMPLETE") -> dict[str, Any]:
    return {"LogicalResourceId": name, "ResourceType": kind, "ResourceStatus": status}


def drifted(name: str, state: str = "IN_SYNC", kind: str = "AWS::SQS::Queue", **more: Any) -> dict[str, Any]:
    return {
        "LogicalResourceId": name,
        "PhysicalResourceId": f"physical-{name}",
        "ResourceType": kind,
        "StackResourceDriftStatus": state,
        "Timestamp": START + timedelta(seconds=1),
        **more,
    }


def difference(path: str, expected: str, actual: str, kind: str = "NOT_EQUAL") -> dict[str, str]:
    return {"PropertyPath": path, "ExpectedValue": expected, "ActualValue": actual, "DifferenceType": kind}


def test_everything_checked_and_equal_is_in_sync() -> None:
    found = report(stack(), STATUS, [resource("A"), resource("B")], [drifted("A"), drifted("B")])
    assert (found.status, found.checked, found.unsupported, found.failed) == ("in_sync", 2, (), ())


def test_what_was_not_checked_is_named_and_does_not_hide() -> None:
    resources = [
        resource("A"),
        resource("P", "AWS::SQS::QueuePolicy"),
        resource("Old", status="DELETE_COMPLETE"),
    ]
    found = report(stack(), STATUS, resources, [drifted("A")])
    assert found.status == "in_sync"
    assert [(each.logical_id, each.resource_type) for each in found.unsupported] == [
        ("P", "AWS::SQS::QueuePolicy")
    ]


@pytest.mark.parametrize(
    ("status", "drifts"),
    [
        ({}, []),
        ({}, [drifted("A", "NOT_CHECKED")]),
        ({}, [drifted("A"), drifted("B", "UNKNOWN", DriftStatusReason="no permission")]),
        ({}, [drifted("A", Timestamp=START - timedelta(days=1))]),
        (
            {"DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": "denied"},
            [drifted("A"), drifted("B")],
        ),
        ({"DetectionStatus": "DETECTION_FAILED"}, []),
    ],
    ids=["nothing", "not checked", "unknown", "of an earlier detection", "failed", "failed before all"],
)
def test_without_cover_nothing_is_in_sync(status: dict[str, Any], drifts: list[dict[str, Any]]) -> None:
    found = report(stack(), {**STATUS, **status}, [resource("A"), resource("B")], drifts)
    assert found.status == "unknown"
    assert all(each.reason for each in found.failed)


def test_differences_are_told_property_by_property() -> None:
    drifts = [
        drifted("A", "MODIFIED", PropertyDifferences=[difference("/DelaySeconds", "0", "9")]),
        drifted("B", "DELETED"),
    ]
    found = report(stack(), STATUS, [resource("A"), resource("B")], drifts)
    assert found.status == "drifted"
    modified, deleted = found.findings
    assert (modified.properties[0].path, modified.properties[0].expected, modified.properties[0].actual) == (
        "/DelaySeconds",
        "0",
        "9",
    )
    assert deleted.kind == "DELETED"
    read = read_drift(Document(json.loads(json.dumps(found.to_document()))))
    assert read == found, "home reads what the agent writes"


def test_the_same_drift_has_the_same_digest_whoever_finds_it() -> None:
    drifts = [drifted("A", "MODIFIED", PropertyDifferences=[difference("/DelaySeconds", "0", "9")])]
    one = report(stack(), STATUS, [resource("A")], drifts)
    again = report(stack(), {**STATUS, "StackDriftDetectionId": "other"}, [resource("A")], drifts)
    drifts[0]["PropertyDifferences"][0]["ActualValue"] = "10"
    other = report(stack(), STATUS, [resource("A")], drifts)
    assert one.digest == again.digest != other.digest


@pytest.mark.parametrize(
    ("kind", "path", "beside"),
    [
        ("AWS::RDS::GlobalCluster", "/SourceDBClusterIdentifier", ""),
        ("AWS::RDS::DBCluster", "/GlobalClusterIdentifier", ""),
        (
            "AWS::DynamoDB::Table",
            "/ProvisionedThroughput/ReadCapacityUnits",
            "AWS::ApplicationAutoScaling::ScalableTarget",
        ),
        ("AWS::ECS::Service", "/DesiredCount", "AWS::ApplicationAutoScaling::ScalableTarget"),
    ],
)
def test_known_false_positives_are_excused_with_their_reason(kind: str, path: str, beside: str) -> None:
    resources = [resource("A", kind), *([resource("T", beside)] if beside else [])]
    drifts = [drifted("A", "MODIFIED", kind, PropertyDifferences=[difference(path, "1", "5")])]
    found = report(stack(), STATUS, resources, drifts)
    assert (found.status, found.findings) == ("in_sync", ())
    assert [(each.logical_id, each.path) for each in found.known] == [("A", path)]
    assert found.known[0].reason
    if beside:
        assert report(stack(), STATUS, resources[:1], drifts).status == "drifted"
    drifts[0]["PropertyDifferences"].append(difference("/Tags/0/Value", "a", "b"))
    assert [p.path for p in report(stack(), STATUS, resources, drifts).findings[0].properties] == [
        "/Tags/0/Value"
    ]
    gone = [drifted("A", "DELETED", kind, PropertyDifferences=[difference(path, "1", "5")])]
    assert report(stack(), STATUS, resources, gone).status == "drifted"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/MasterUserPassword", "hunter2"),
        ("/Environment/Variables/API_KEY", "hunter2"),
        ("/Environment", '{"Variables": {"DB_PASSWORD": "hunter2", "LOG_LEVEL": "INFO"}}'),
        ("/ContainerDefinitions", '[{"Environment": [{"Name": "AUTH_TOKEN", "Value": "hunter2"}]}]'),
        ("/Environment/Variables/URL", "postgres://app:hunter2@db/orders"),
        ("/UserData", "-----BEGIN RSA PRIVATE KEY----- hunter2"),
        ("/UserData", "export K=hunter2"),
        ("/Environment/Variables/STRIPE", "hunter2"),
        ("/Environment", '{"Variables": {"STRIPE": "hunter2"}}'),
        ("/Policy", '{"PGPASS": "hunter2"}'),
        ("/Policy", '{"a": "{\\"password\\": \\"hunter2\\"}"}'),
    ],
)
def test_secrets_are_masked(path: str, value: str) -> None:
    hidden = masked(path, value)
    assert hidden is not None
    assert "hunter2" not in hidden
    assert MASKED in hidden


def test_what_is_no_secret_stays() -> None:
    assert masked("/DelaySeconds", "9") == "9"
    policy = '{"Statement": [{"Action": "sqs:*", "Sid": "All"}]}'
    assert masked("/Policy", policy) == policy
    reference = "arn:aws:secretsmanager:us-east-1:111111111111:secret:db"
    assert masked("/SecretArn", reference) == reference
    assert masked("/A", None) is None


def test_a_masked_difference_reaches_no_event() -> None:
    drifts = [drifted("A", "MODIFIED", PropertyDifferences=[difference("/Password", "old-one", "new-one")])]
    found = report(stack(), STATUS, [resource("A")], drifts)
    assert "-one" not in json.dumps(found.to_document())


class Detection:
    """CloudFormation's part: one detection at a time, resources in pages."""

    def __init__(self, state: str = "DETECTION_COMPLETE") -> None:
        self.state = state
        self.asked: list[str | None] = []

    def detect_stack_drift(self, *, StackName: str) -> dict[str, str]:
        if self.state == "DETECTION_IN_PROGRESS":
            message = f"Drift detection is already in progress for stack [{StackName}]"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DetectStackDrift")
        if self.state == "throttled":
            raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate"}}, "DetectStackDrift")
        return {"StackDriftDetectionId": ID}

    def describe_stack_drift_detection_status(self, *, StackDriftDetectionId: str) -> dict[str, Any]:
        return {**STATUS, "DetectionStatus": self.state}

    def list_stack_resources(self, *, StackName: str, NextToken: str | None = None) -> dict[str, Any]:
        return {"StackResourceSummaries": [resource(f"R{n}") for n in range(250)]}

    def describe_stack_resource_drifts(
        self, *, StackName: str, NextToken: str | None = None
    ) -> dict[str, Any]:
        self.asked.append(NextToken)
        begin = int(NextToken or 0)
        page = [drifted(f"R{n}") for n in range(begin, min(begin + 100, 250))]
        return {"StackResourceDrifts": page, **({"NextToken": str(begin + 100)} if begin < 200 else {})}


def test_results_are_read_page_by_page() -> None:
    client = Detection()
    found = collect(client, stack(), ID, lambda: START)  # type: ignore[arg-type]
    assert found is not None
    assert (found.checked, client.asked) == (250, [None, "100", "200"])


def test_a_running_detection_is_an_answer_and_throttling_an_error() -> None:
    assert start(Detection("DETECTION_IN_PROGRESS"), stack(), lambda: START) is None  # type: ignore[arg-type]
    assert collect(Detection("DETECTION_IN_PROGRESS"), stack(), ID, lambda: START) is None  # type: ignore[arg-type]
    with pytest.raises(ClientError):
        start(Detection("throttled"), stack(), lambda: START)  # type: ignore[arg-type]
    begun = start(Detection(), stack(), lambda: START)  # type: ignore[arg-type]
    assert begun is not None
    assert (begun.status, begun.detection_id) == ("started", ID)


def test_those_come_first_that_were_not_checked_for_longest() -> None:
    cloud = Cloud()
    for name in ("fresh", "old", "never", "foreign", "busy"):
        cloud.create(name, ManagedBy="" if name == "foreign" else "lockstep")
    cloud.stacks["fresh"]["DriftInformation"] = {"LastCheckTimestamp": START}
    cloud.stacks["old"]["DriftInformation"] = {"LastCheckTimestamp": START - timedelta(days=1)}
    cloud.become("busy", "UPDATE_IN_PROGRESS")
    assert [raw["StackName"] for raw in detectable(cloud.stacks.values())] == ["never", "old", "fresh"]
