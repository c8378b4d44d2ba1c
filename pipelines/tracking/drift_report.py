"""What an agent says of a stack's drift: the contract between agent and home (REQ-C4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from pipelines.state.records import DriftStatus, PropertyDrift, Uncovered
from pipelines.state.times import timestamp

from .document import Document, MalformedError
from .names import DETECTION_ID, LOGICAL_ID, RESOURCE_TYPE, STACK_NAME
from .observation import expect_name, expect_schema

DRIFT_STARTED, DRIFT_OBSERVED = "Stack Drift Started", "Stack Drift Observed"
DRIFT = "lockstep/drift/v1"
VALUE_LIMIT = 1024
"""Characters of a property's value that are kept."""
_STATUSES: tuple[DriftStatus, ...] = ("in_sync", "drifted", "unknown", "started")


@dataclass(frozen=True, slots=True)
class Drifted:
    """One resource that differs from what was deployed."""

    logical_id: str
    type: str
    physical_id: str
    kind: Literal["MODIFIED", "DELETED"]
    properties: tuple[PropertyDrift, ...]


@dataclass(frozen=True, slots=True)
class KnownDrift:
    """A difference that the reviewed list takes for no drift, and why."""

    logical_id: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class DriftReport:
    """One detection of one stack. `checked` counts compared resources; those not compared are named.

    Times are CloudFormation's where it gives them. A detection that only started has no findings.
    """

    stack_id: str
    name: str
    tags: Mapping[str, str]
    detection_id: str
    status: DriftStatus
    started_at: datetime
    detected_at: datetime
    checked: int = 0
    unsupported: tuple[Uncovered, ...] = ()
    failed: tuple[Uncovered, ...] = ()
    findings: tuple[Drifted, ...] = ()
    known: tuple[KnownDrift, ...] = ()

    @property
    def digest(self) -> str:
        """Digest over what drifted: equal digests are the same drift, whichever detection found it."""
        found = sorted((asdict(finding) for finding in self.findings), key=lambda each: each["logical_id"])
        text = json.dumps(found, sort_keys=True)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    @property
    def detail_type(self) -> str:
        """The type of the event that carries it."""
        return DRIFT_STARTED if self.status == "started" else DRIFT_OBSERVED

    def shortened(self) -> DriftReport:
        """Return the same without the properties of what drifted, which can be too large to send."""
        return replace(self, findings=tuple(replace(each, properties=()) for each in self.findings))

    def to_document(self) -> dict[str, Any]:
        """Return the event's detail."""
        return {
            "schema": DRIFT,
            "stack_id": self.stack_id,
            "name": self.name,
            "tags": dict(self.tags),
            "detection_id": self.detection_id,
            "status": self.status,
            "started_at": timestamp(self.started_at),
            "detected_at": timestamp(self.detected_at),
            "coverage": {
                "checked": self.checked,
                "unsupported": [
                    {"logical_id": each.logical_id, "type": each.resource_type} for each in self.unsupported
                ],
                "failed": [
                    {"logical_id": each.logical_id, "type": each.resource_type, "reason": each.reason}
                    for each in self.failed
                ],
            },
            "findings": [asdict(each) for each in self.findings],
            "known": [asdict(each) for each in self.known],
        }


def read_drift(detail: Document) -> DriftReport:
    """Return the drift report of an event's detail. Raises MalformedError, also where it says more than it covers."""
    expect_schema(detail, DRIFT)
    status: DriftStatus | None = next((s for s in _STATUSES if s == detail.text("status", limit=16)), None)
    if status is None:
        raise MalformedError("status is none of " + ", ".join(_STATUSES))
    coverage = detail.object("coverage")
    report = DriftReport(
        stack_id=detail.text("stack_id"),
        name=detail.text("name", limit=128, pattern=STACK_NAME),
        tags=detail.texts_by_name("tags", limit=256),
        detection_id=detail.text("detection_id", pattern=DETECTION_ID),
        status=status,
        started_at=detail.moment("started_at"),
        detected_at=detail.moment("detected_at"),
        checked=coverage.number("checked"),
        unsupported=tuple(map(_uncovered, coverage.objects("unsupported"))),
        failed=tuple(map(_uncovered, coverage.objects("failed"))),
        findings=tuple(map(_drifted, detail.objects("findings"))),
        known=tuple(map(_known, detail.objects("known"))),
    )
    expect_name(report.stack_id, report.name)
    if status == "in_sync" and (report.findings or report.failed or not report.checked):
        raise MalformedError("status is in_sync, and the coverage does not bear that out")
    if (status == "drifted") != bool(report.findings):
        raise MalformedError("status and findings contradict each other")
    return report


def _uncovered(found: Document) -> Uncovered:
    return Uncovered(
        found.text("logical_id", pattern=LOGICAL_ID),
        found.text("type", pattern=RESOURCE_TYPE),
        found.line("reason", limit=512),
    )


def _known(found: Document) -> KnownDrift:
    return KnownDrift(
        found.text("logical_id", pattern=LOGICAL_ID),
        found.line("path", limit=512),
        found.line("reason", limit=512),
    )


def _drifted(found: Document) -> Drifted:
    kind = found.text("kind", limit=16)
    if kind not in ("MODIFIED", "DELETED"):
        raise MalformedError("kind is neither MODIFIED nor DELETED")
    return Drifted(
        found.text("logical_id", pattern=LOGICAL_ID),
        found.text("type", pattern=RESOURCE_TYPE),
        found.line("physical_id", limit=2048),
        "MODIFIED" if kind == "MODIFIED" else "DELETED",
        tuple(map(_property, found.objects("properties"))),
    )


def _property(found: Document) -> PropertyDrift:
    def value(key: str) -> str | None:
        return found.line(key, limit=VALUE_LIMIT) if found.has(key) else None

    return PropertyDrift(
        found.line("path", limit=512), value("expected"), value("actual"), found.line("kind", limit=32)
    )
