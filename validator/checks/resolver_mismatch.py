"""A value is written the same way in every environment (REQ-V3)."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Finding, Severity
from .check import Check
from .subject import Subject


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each parameter or tag that one environment takes from a resolver and another from elsewhere."""
    yield from (finding for finding in subject.judged if finding.check == CHECK.id)


CHECK = Check(
    id="resolver-mismatch",
    severity=Severity.ERROR,
    summary="A value comes from the same resolver in every environment",
    remediation="Write the value the same way in every environment.",
    source="REQ-V3",
    why="A literal where the others ask another stack is right until that stack is replaced.",
    before="# dev\nVpcId: !stack_output dev/network.yaml::VpcId\n# prod\nVpcId: vpc-0a1b2c3d",
    after="# prod\nVpcId: !stack_output prod/network.yaml::VpcId",
    run=run,
)
