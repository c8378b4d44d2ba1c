"""What GitHub is asked to protect fits the policy of promotions (REQ-G8)."""

from __future__ import annotations

from ..findings import Severity
from .check import Check
from .reported import reported

CHECK = Check(
    id="protection",
    severity=Severity.ERROR,
    summary="The file of GitHub's protection can be read, and asks for no less than the policy of promotions does",
    remediation="Correct .github/environments.yaml; docs/github.md has the form of the file.",
    source="REQ-G8",
    why="What the file does not ask for GitHub does not hold: anybody who may push could pass by there.",
    before="prod:\n  prevent_self_review: true\n  wait_minutes: 1",
    after="prod:\n  prevent_self_review: true\n  wait_minutes: 60",
    run=reported("protection"),
    house=True,
)
