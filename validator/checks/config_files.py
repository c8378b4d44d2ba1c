"""Config files are YAML that can be read, resolved and understood offline (REQ-V1)."""

from __future__ import annotations

from ..findings import Severity
from .check import Check
from .reported import reported

CHECK = Check(
    id="config-files",
    severity=Severity.ERROR,
    summary="Every config file can be read, and every value in it resolved, offline",
    remediation="Correct the file at the line that the finding names.",
    source="REQ-V1",
    why="A file that cannot be read hides everything in it; a value from outside makes the same commit another stack.",
    before="parameters:\n  KeyArn: !environment_variable KEY_ARN",
    after="parameters:\n  KeyArn: !output keys.DataKeyArn",
    run=reported("config-files"),
)
