"""Every stack of every environment keeps the guard rules (REQ-V7)."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Finding, Severity
from .check import Check
from .subject import Subject, at


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each violation at the line of the template that the effective value came from."""
    items = {item.stack.name: item for item in subject.rendered}
    for result in subject.guard():
        missing = f" ({result.missing} is missing)" if result.missing else ""
        message = f"{result.rule}: {result.message}{missing}"
        found = at(CHECK.id, items[result.stack], result.path, message, result.fix)
        yield found


CHECK = Check(
    id="cfn-guard",
    severity=Severity.ERROR,
    summary="Effective resources keep every rule of guard_rules/: encryption, TLS, access, logging, recovery",
    remediation="Do what the rule's fix says; docs/guard-rules.md has all rules with their reasons.",
    source="https://docs.aws.amazon.com/cfn-guard/latest/ug/what-is-guard.html",
    why="CloudFormation deploys a public bucket without a word.",
    before="PublicAccessBlockConfiguration:\n  BlockPublicPolicy: false",
    after="PublicAccessBlockConfiguration:\n  BlockPublicAcls: true\n  BlockPublicPolicy: true\n"
    "  IgnorePublicAcls: true\n  RestrictPublicBuckets: true",
    run=run,
)
