"""The policy of promotions asks for what it has to (REQ-G1 to REQ-G5)."""

from __future__ import annotations

from ..findings import Severity
from .check import Check
from .reported import reported

CHECK = Check(
    id="promotion-policy",
    severity=Severity.ERROR,
    summary="The policy of promotions can be read, has a rule for each environment, and none asks for too little",
    remediation="Correct pipelines/promotion.yaml; docs/promotion.md has the form of the policy.",
    source="REQ-G3",
    why="A policy that is wrong lets nothing in, and it is the release with the fault that is stopped, days later.",
    before="prod:\n  branch: env/prod\n  soak_minutes: 5\n  approvals: 1",
    after="prod:\n  branch: env/prod\n  soak_minutes: 60\n  approvals: 1",
    run=reported("promotion-policy"),
    house=True,
)
