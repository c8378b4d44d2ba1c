"""Drift detection in the agent's own region: starting it, and reading what it found (REQ-C4).

Sources: CloudFormation API reference, DetectStackDrift, DescribeStackDriftDetectionStatus, DescribeStackResourceDrifts;
CloudFormation User Guide, "Detect unmanaged configuration changes to stacks and resources with drift detection".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pipelines.state.records import DriftStatus, PropertyDrift, Uncovered

from .document import one_line
from .drift_report import VALUE_LIMIT, Drifted, DriftReport, KnownDrift
from .known_drift import known_reason
from .masking import masked
from .observe import Clock, describe, is_ours, tags_of

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

DETECTABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)
"""Statuses of a stack in which CloudFormation detects drift."""

_CHECKED = {"IN_SYNC", "MODIFIED", "DELETED"}
_RUNS = "Drift detection is already in progress"
"""How CloudFormation begins to say that one runs; it has no code of its own for that."""

_ROUNDING = timedelta(seconds=2)
"""CloudFormation's times of a detection and of its resources are rounded apart."""


def detectable(stacks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return our stacks that can be checked, those first that were not checked for longest.

    A pass that runs out of time then carries on where it stopped.
    """
    wanted = [raw for raw in stacks if raw["StackStatus"] in DETECTABLE and is_ours(tags_of(raw))]
    return sorted(wanted, key=last_checked)


def last_checked(raw: Mapping[str, Any]) -> datetime:
    """Return when a detection was last started on a stack; the earliest time there is where none ever was.

    Source: CloudFormation API reference, StackDriftInformation, LastCheckTimestamp.
    """
    found: datetime | None = raw.get("DriftInformation", {}).get("LastCheckTimestamp")
    return found or datetime.min.replace(tzinfo=UTC)


def never_checked(stacks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return our stacks that can be checked and on which no detection was ever started: older than their agent."""
    return [
        raw for raw in detectable(stacks) if not raw.get("DriftInformation", {}).get("LastCheckTimestamp")
    ]


def start(client: CloudFormationClient, raw: Mapping[str, Any], clock: Clock) -> DriftReport | None:
    """Start a detection on a stack. None where one is running already, or the stack cannot be checked any more.

    Raises botocore's ClientError for all else, also where CloudFormation calls the request invalid for another reason.
    """
    from botocore.exceptions import ClientError

    try:
        detection_id = client.detect_stack_drift(StackName=raw["StackId"])["StackDriftDetectionId"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        if _RUNS in error.response["Error"]["Message"] or not _is_detectable(client, raw["StackId"]):
            return None
        raise
    moment = clock()
    return DriftReport(
        raw["StackId"], raw["StackName"], tags_of(raw), detection_id, "started", moment, moment
    )


def _is_detectable(client: CloudFormationClient, stack_id: str) -> bool:
    now = describe(client, stack_id)
    return now is not None and now["StackStatus"] in DETECTABLE


def collect(
    client: CloudFormationClient, raw: Mapping[str, Any], detection_id: str, clock: Clock
) -> DriftReport | None:
    """Read what a detection found, page by page. None while it runs, and where CloudFormation forgot it."""
    from botocore.exceptions import ClientError

    try:
        status = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection_id)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    if status["DetectionStatus"] == "DETECTION_IN_PROGRESS":
        return None
    resources = _pages(client, raw["StackId"], "list_stack_resources", "StackResourceSummaries")
    drifts = _pages(client, raw["StackId"], "describe_stack_resource_drifts", "StackResourceDrifts")
    return report(raw, status, resources, drifts)


def report(
    raw: Mapping[str, Any],
    status: Mapping[str, Any],
    resources: Iterable[Mapping[str, Any]],
    drifts: Iterable[Mapping[str, Any]],
) -> DriftReport:
    """Put together what a detection found and what it covered. Pure.

    DescribeStackResourceDrifts names checked resources alone, also of earlier detections; what the stack has besides
    was not checked. A stack is in sync only if something was checked and nothing is unknown.
    """
    types = {
        each["LogicalResourceId"]: each["ResourceType"]
        for each in resources
        if each["ResourceStatus"] != "DELETE_COMPLETE"
    }
    began, failure = status["Timestamp"], one_line(status.get("DetectionStatusReason", ""), 512)
    by_id = {each["LogicalResourceId"]: each for each in drifts if each["LogicalResourceId"] in types}
    stale = {name for name, each in by_id.items() if each["Timestamp"] < began - _ROUNDING}
    states = {name: each["StackResourceDriftStatus"] for name, each in by_id.items()}
    failed = [
        Uncovered(
            name, types[name], one_line(by_id[name].get("DriftStatusReason", ""), 512) or failure or _SILENT
        )
        for name in sorted(by_id)
        if name in stale or states[name] == "UNKNOWN"
    ]
    checked = [name for name in sorted(by_id) if name not in stale and states[name] in _CHECKED]
    named = {each.logical_id for each in failed} | set(checked)
    unsupported = [Uncovered(name, types[name]) for name in sorted(types) if name not in named]
    findings, known = _findings([by_id[name] for name in checked], set(types.values()))
    complete = status["DetectionStatus"] == "DETECTION_COMPLETE"
    if not complete and not failed:
        failed = [Uncovered(each.logical_id, each.resource_type, failure or _SILENT) for each in unsupported]
        unsupported = []
    verdict: DriftStatus = (
        "drifted" if findings else "in_sync" if complete and checked and not failed else "unknown"
    )
    return DriftReport(
        stack_id=raw["StackId"],
        name=raw["StackName"],
        tags=tags_of(raw),
        detection_id=status["StackDriftDetectionId"],
        status=verdict,
        started_at=began,
        detected_at=began,
        checked=len(checked),
        unsupported=tuple(unsupported),
        failed=tuple(failed),
        findings=findings,
        known=known,
    )


_SILENT = "CloudFormation gave no reason"


def _findings(
    drifts: Iterable[Mapping[str, Any]], types: Collection[str]
) -> tuple[tuple[Drifted, ...], tuple[KnownDrift, ...]]:
    findings, known = list[Drifted](), list[KnownDrift]()
    for each in drifts:
        state: str = each["StackResourceDriftStatus"]
        if state == "IN_SYNC":
            continue
        name, kind = each["LogicalResourceId"], each["ResourceType"]
        properties = list[PropertyDrift]()
        for difference in each.get("PropertyDifferences", []):
            path = difference["PropertyPath"]
            if reason := known_reason(kind, path, types):
                known.append(KnownDrift(name, one_line(path, 512), reason))
            else:
                properties.append(_property(difference))
        if state == "DELETED" or properties or not each.get("PropertyDifferences"):
            change: Literal["MODIFIED", "DELETED"] = "DELETED" if state == "DELETED" else "MODIFIED"
            physical = one_line(each.get("PhysicalResourceId", ""), 2048)
            findings.append(Drifted(name, kind, physical, change, tuple(properties)))
    return tuple(findings), tuple(known)


def _property(difference: Mapping[str, Any]) -> PropertyDrift:
    path, kind = difference["PropertyPath"], difference["DifferenceType"]

    def value(key: str) -> str | None:
        hidden = masked(path, difference.get(key))
        return None if hidden is None else one_line(hidden, VALUE_LIMIT)

    return PropertyDrift(
        path=one_line(path, 512),
        expected=None if kind == "ADD" else value("ExpectedValue"),
        actual=None if kind == "REMOVE" else value("ActualValue"),
        kind=kind,
    )


def _pages(client: Any, stack: str, operation: str, member: str) -> list[Mapping[str, Any]]:
    found, request = list[Mapping[str, Any]](), {"StackName": stack}
    while True:
        answer = getattr(client, operation)(**request)
        found += answer[member]
        if not answer.get("NextToken"):
            return found
        request["NextToken"] = answer["NextToken"]
