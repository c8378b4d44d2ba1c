"""A template evaluates with the parameters of every environment, and its Rules hold (REQ-V2)."""

from __future__ import annotations

from ..findings import Severity
from .check import Check
from .reported import reported

CHECK = Check(
    id="template",
    severity=Severity.ERROR,
    summary="Every template can be read and evaluated for each environment, and its Rules hold",
    remediation="Correct the template at the line that the finding names, or the value that a rule refuses.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html",
    why="What does not evaluate cannot be compared, and fails in the deployment of the environment that it concerns.",
    before="QueueName: !Sub ${NamePrefx}queue",
    after="QueueName: !Sub ${NamePrefix}queue",
    run=reported("template"),
)
