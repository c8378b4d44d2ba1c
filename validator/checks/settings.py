"""Every value of an environment is what its typed model allows (REQ-P2)."""

from __future__ import annotations

from ..findings import Severity
from .check import Check
from .reported import reported

CHECK = Check(
    id="settings",
    severity=Severity.ERROR,
    summary="Every value of the hierarchy has the type, range and relations that its model states",
    remediation="Give a value that the message allows; validator/settings holds the models.",
    source="REQ-P2",
    why="A memory size with one digit too many deploys, and costs; two values that do not fit fail at night.",
    before="queue:\n  retention_days: 140",
    after="queue:\n  retention_days: 14",
    run=reported("settings"),
    house=True,
)
