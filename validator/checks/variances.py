"""Every declared variance is needed, owned, bounded, alone and in force (REQ-V4)."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Finding, Severity
from .check import Check
from .subject import Subject, of_problem


def run(subject: Subject) -> Iterator[Finding]:
    """Yield what is wrong with the declarations: malformed, not needed, expired, too wide, doubled, broken."""
    yield from (of_problem(problem) for problem in subject.policy.problems)
    yield from (finding for finding in subject.judged if finding.check == CHECK.id)


CHECK = Check(
    id="variances",
    severity=Severity.ERROR,
    summary="Every declared variance is needed, has an owner and a reason, is bounded, and has not expired",
    remediation="Correct or remove the declaration; docs/variances.md has the form.",
    source="REQ-V4",
    why="A declaration that nobody needs any more lets the next difference through unseen.",
    before="- path: orders:settings.alarms.*\n  reason: later\n  owner: ''\n  bound: { order: grows }",
    after="- path: orders:settings.alarms.api_latency_p99_ms\n  reason: prod wakes somebody sooner than dev\n"
    "  owner: on-call\n  bound: { order: shrinks, ratio: 20 }",
    run=run,
)
