"""Environments, and the regions of a workload, differ only where someone declared it (REQ-V3, REQ-V5)."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Finding, Severity
from .check import Check
from .subject import Subject


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each difference that nobody declared, or that nobody can."""
    missing = list(subject.reported(CHECK.id))
    yield from missing
    yield from (finding for finding in subject.judged if finding.check == CHECK.id)


CHECK = Check(
    id="parity",
    severity=Severity.ERROR,
    summary="Environments, and the regions of a workload, differ only where somebody declared it",
    remediation="Make the environments alike, or declare the difference in the variance file.",
    source="REQ-V3",
    why="A feature that worked in staging fails in prod because something differs that nobody knew of.",
    before="# sceptre/config/prod/orders/config.yaml\nqueue:\n  visibility_timeout_seconds: 300   # 240 in the others",
    after="# pipelines/variance.yaml\n- path: orders:settings.queue.visibility_timeout_seconds\n"
    "  reason: prod's processor waits for the settlement service\n  owner: platform\n"
    "  bound: { order: grows, range: { minimum: 240, maximum: 600 } }",
    run=run,
)
