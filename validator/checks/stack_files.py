"""Every environment holds the same stack files, where they are read (REQ-P1)."""

from __future__ import annotations

from ..findings import Severity
from .check import Check
from .reported import reported

CHECK = Check(
    id="stack-files",
    severity=Severity.ERROR,
    summary="Every environment has the same stack files, each where it is read",
    remediation="Make the file a link to the one under sceptre/stacks, in every environment.",
    source="REQ-P1",
    why="A stack file that one environment changed on its own is a difference that no review of values would show.",
    before="sceptre/config/prod/orders/queue.yaml   # a copy, with a parameter changed",
    after="sceptre/config/prod/orders/queue.yaml -> ../../../stacks/orders/queue.yaml",
    run=reported("stack-files"),
)
