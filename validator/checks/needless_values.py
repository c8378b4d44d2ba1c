"""No value is written twice (REQ-P1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..findings import Finding, Severity
from .check import Check
from .subject import Subject, of_problem


def run(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each override without effect, and each value that all environments repeat."""
    for problem in subject.project.warnings:
        yield of_problem(replace(problem, check=CHECK.id), Severity.WARNING)


CHECK = Check(
    id="needless-values",
    severity=Severity.WARNING,
    summary="No value of the hierarchy stands twice",
    remediation="Remove the override, or move the value to `workloads` in sceptre/config/config.yaml.",
    source="REQ-P1",
    why="A value in two places is changed in one of them.",
    before="# sceptre/config/prod/orders/config.yaml\nqueue:\n  visibility_timeout_seconds: 240   # as everywhere",
    after="# sceptre/config/config.yaml alone says it",
    run=run,
    house=True,
)
