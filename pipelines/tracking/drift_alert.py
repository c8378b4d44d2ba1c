"""The alert of a stack that drifted: which resources, and the first values of each (REQ-C4, REQ-C5). Pure."""

from __future__ import annotations

from pipelines.state.records import Alert, StackKey

from .alerts import NAMED, PRODUCTION, alert_on, shown
from .drift_report import Drifted, DriftReport

PROPERTIES = 3
"""Properties of a drifted resource that the text names."""
VALUE = 80
"""Characters of a value that the text shows."""


def drift_alert(key: StackKey, report: DriftReport) -> Alert:
    """Return the alert of a stack that drifted."""
    names = [_said_of(each) for each in report.findings]
    lines = [f"- {name}" for name in names[:NAMED]]
    lines += [f"- and {len(names) - NAMED} more"] if len(names) > NAMED else []
    count = f"{len(names)} resource{'s' if len(names) > 1 else ''}"
    return alert_on(
        kind="drift",
        key=key,
        severity="critical" if key.environment == PRODUCTION else "warning",
        at=report.detected_at,
        subject=f"{shown(key)}: {count} drifted",
        text="\n".join([f"{key.stack}: {count} not as deployed:", *lines]),
        digest_of=report.digest,
        detail={
            "stack_id": report.stack_id,
            "detection_id": report.detection_id,
            "findings": report.to_document()["findings"][:NAMED],
            "coverage": {
                "checked": report.checked,
                "unsupported": len(report.unsupported),
                "failed": len(report.failed),
            },
        },
    )


def _said_of(finding: Drifted) -> str:
    """Return what drifted, with the first properties: a reader decides by them whether to get up."""
    said = f"{finding.logical_id} ({finding.type}) {finding.kind.lower()}"
    values = [
        f"{each.path} is {_shown(each.actual)}, deployed {_shown(each.expected)}"
        for each in finding.properties[:PROPERTIES]
    ]
    if len(finding.properties) > PROPERTIES:
        values.append(f"and {len(finding.properties) - PROPERTIES} more")
    return f"{said}: {'; '.join(values)}" if values else said


def _shown(value: str | None) -> str:
    return "not set" if value is None else value if len(value) <= VALUE else f"{value[:VALUE]}..."
