"""cfn-lint over each template, for each region it goes to, with the environment's parameters (REQ-V6)."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Finding, Severity
from .check import Check
from .subject import Subject


def run(subject: Subject) -> Iterator[Finding]:
    """Yield what cfn-lint says; W1030 and W1031 are errors."""
    yield from subject.lint()


CHECK = Check(
    id="cfn-lint",
    severity=Severity.ERROR,
    summary="cfn-lint accepts every template with the values of each environment, in each region it goes to",
    remediation="Correct the template, or the value that the stack passes; each message names cfn-lint's rule.",
    source="https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md",
    why="What cfn-lint refuses, CloudFormation refuses too, an hour later and half way through.",
    before="DelaySeconds: 901",
    after="DelaySeconds: 900",
    run=run,
)
