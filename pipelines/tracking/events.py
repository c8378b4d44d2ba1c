"""Raw events to typed ones. Whatever cannot be one becomes `Refused` with a reason; nothing raises (REQ-C2).

Account and region come from the envelope alone: AWS sets them, and nobody in another account can forge them. An ARN in
the detail has to agree. Fields: Amazon EventBridge reference, "AWS CloudFormation events".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .document import Document, MalformedError, one_line, read_object
from .drift_report import DRIFT_OBSERVED, DRIFT_STARTED, DriftReport, read_drift
from .names import ACCOUNT, DETECTION_ID, EVENT_ID, REGION, STATUS, Arn, parse_arn
from .observation import (
    REASON_LIMIT,
    REGION_CENSUS,
    SOURCE,
    STACK_OBSERVED,
    CensusPart,
    Observation,
    read_census,
    read_observation,
)

CLOUDFORMATION = "aws.cloudformation"
STACK_STATUS = "CloudFormation Stack Status Change"
DRIFT_STATUS = "CloudFormation Drift Detection Status Change"
STACK_SET_OPERATION = "CloudFormation StackSet Operation Status Change"
STACK_INSTANCE = "CloudFormation StackSet StackInstance Status Change"
SKEW = timedelta(minutes=15)
"""How far an agent's clock may be from EventBridge's: with more its times say nothing."""
EXCERPT = 2_000


@dataclass(frozen=True, slots=True)
class Envelope:
    """What EventBridge itself says of an event. `time` has whole seconds."""

    event_id: str
    account: str
    region: str
    time: datetime
    source: str
    detail_type: str


@dataclass(frozen=True, slots=True)
class StackChanged:
    """A stack has another status, or its drift detection has; `detection_id` is empty for the first."""

    envelope: Envelope
    stack: Arn
    status: str
    reason: str
    detection_id: str = ""


@dataclass(frozen=True, slots=True)
class StackSetChanged:
    """An operation on a StackSet, or one of its stack instances, has another status.

    `instance` is the instance's stack, which lives in any account and region; None for the operation.
    """

    envelope: Envelope
    stack_set: Arn
    operation_id: str
    status: str
    reason: str
    instance: Arn | None = None
    action: str = ""
    detailed_status: str = ""


@dataclass(frozen=True, slots=True)
class StackObserved:
    """An agent read a stack."""

    envelope: Envelope
    observation: Observation


@dataclass(frozen=True, slots=True)
class CensusTaken:
    """An agent listed its region."""

    envelope: Envelope
    census: CensusPart


@dataclass(frozen=True, slots=True)
class DriftReported:
    """An agent started a drift detection, or read its result."""

    envelope: Envelope
    report: DriftReport


Event = StackChanged | StackSetChanged | StackObserved | CensusTaken | DriftReported


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that cannot be recorded as what it says it is. `envelope` is None where even that is unreadable."""

    reason: str
    excerpt: str
    envelope: Envelope | None = None


def read_event(body: str) -> Event | Refused:
    """Return the event of an SQS message's body, or why it is none."""
    envelope = None
    try:
        document = read_object(body)
        envelope = _envelope(document)
        reader = _READERS.get((envelope.source, envelope.detail_type))
        if reader is None:
            raise MalformedError("nobody here knows this source and detail type")
        return reader(envelope, document.object("detail"))
    except MalformedError as error:
        return Refused(one_line(str(error), 512), one_line(body[:EXCERPT], EXCERPT), envelope)


def _envelope(document: Document) -> Envelope:
    return Envelope(
        event_id=document.text("id", pattern=EVENT_ID),
        account=document.text("account", pattern=ACCOUNT),
        region=document.text("region", pattern=REGION),
        time=document.moment("time"),
        source=document.text("source", limit=256),
        detail_type=document.text("detail-type", limit=128),
    )


def _own(envelope: Envelope, text: str, kind: str = "stack") -> Arn:
    """Return the ARN if it lies where the event comes from."""
    arn = parse_arn(text, kind)
    if (arn.account, arn.region) != (envelope.account, envelope.region):
        raise MalformedError(f"the {kind} lies in another account or region than the event comes from")
    return arn


def _stack_status(envelope: Envelope, detail: Document) -> Event:
    status = detail.object("status-details")
    return StackChanged(
        envelope,
        _own(envelope, detail.text("stack-id")),
        status.text("status", pattern=STATUS),
        status.line("status-reason", limit=REASON_LIMIT),
    )


def _drift_status(envelope: Envelope, detail: Document) -> Event:
    return StackChanged(
        envelope,
        _own(envelope, detail.text("stack-id")),
        detail.object("status-details").text("detection-status", pattern=STATUS),
        "",
        detail.text("stack-drift-detection-id", pattern=DETECTION_ID),
    )


def _stack_set(envelope: Envelope, detail: Document) -> Event:
    status = detail.object("status-details")
    return StackSetChanged(
        envelope,
        _own(envelope, detail.text("stack-set-arn"), "stackset"),
        detail.line("stack-set-operation-id", limit=128),
        status.text("status", pattern=STATUS),
        status.line("status-reason", limit=REASON_LIMIT),
        # The administrator's account tells it: the stack itself lies in the target's, once it is there.
        parse_arn(text, "stack") if (text := detail.line("stack-id", limit=2048)) else None,
        detail.line("action", limit=32),
        status.line("detailed-status", limit=64),
    )


def _observed(envelope: Envelope, detail: Document) -> Event:
    observation = read_observation(detail)
    _own(envelope, observation.stack_id)
    if abs(observation.observed_at - envelope.time) > SKEW:
        raise MalformedError("the agent's clock is more than 15 minutes from EventBridge's")
    if observation.operation_at > envelope.time + SKEW:
        raise MalformedError("the operation lies in the future")
    return StackObserved(envelope, observation)


def _census(envelope: Envelope, detail: Document) -> Event:
    census = read_census(detail)
    if abs(census.observed_at - envelope.time) > SKEW:
        raise MalformedError("the agent's clock is more than 15 minutes from EventBridge's")
    return CensusTaken(envelope, census)


def _drift(envelope: Envelope, detail: Document) -> Event:
    report = read_drift(detail)
    _own(envelope, report.stack_id)
    if report.detected_at > envelope.time + SKEW:
        raise MalformedError("the detection lies in the future")
    if (report.status == "started") != (envelope.detail_type == DRIFT_STARTED):
        raise MalformedError("detail type and status contradict each other")
    return DriftReported(envelope, report)


_READERS: dict[tuple[str, str], Callable[[Envelope, Document], Event]] = {
    (CLOUDFORMATION, STACK_STATUS): _stack_status,
    (CLOUDFORMATION, DRIFT_STATUS): _drift_status,
    (CLOUDFORMATION, STACK_SET_OPERATION): _stack_set,
    (CLOUDFORMATION, STACK_INSTANCE): _stack_set,
    (SOURCE, STACK_OBSERVED): _observed,
    (SOURCE, REGION_CENSUS): _census,
    (SOURCE, DRIFT_STARTED): _drift,
    (SOURCE, DRIFT_OBSERVED): _drift,
}
