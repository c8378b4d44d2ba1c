"""Stacks hand each other what both sides know (REQ-P7)."""

from __future__ import annotations

from ..findings import Severity
from .check import Check
from .reported import reported

CHECK = Check(
    id="interfaces",
    severity=Severity.ERROR,
    summary="A stack gives its template each parameter it has, and names only stacks and outputs that exist",
    remediation="Correct the name, or add the parameter or output where it is missing.",
    source="REQ-P7",
    why="CloudFormation finds a missing parameter or output only once stacks before it are deployed.",
    before="parameters:\n  DataKeyArn: !output keys.DataKey",
    after="parameters:\n  DataKeyArn: !output keys.DataKeyArn",
    run=reported("interfaces"),
)
