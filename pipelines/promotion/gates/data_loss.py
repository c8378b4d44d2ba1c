"""No resource that holds data is replaced or deleted, unless somebody named it (REQ-G7, REQ-R3)."""

from __future__ import annotations

from ..evidence import Evidence
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate, planned


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    plan = planned(evidence, "the plan of what would change")
    if isinstance(plan, Verdict):
        return plan
    losses = [loss for loss in plan.losses if loss.resource_type in rule.stateful]
    left = [loss for loss in losses if loss.name not in plan.accepted]
    inputs = {
        "plan": plan.digest,
        "losses": ", ".join(sorted(f"{one.name} {one.action}" for one in losses)) or "none",
        "accepted": ", ".join(sorted(plan.accepted)) or "none",
    }
    if left:
        named = ", ".join(sorted(f"{one.name} ({one.resource_type}) would be {one.action}" for one in left))
        return Verdict(
            "failure", f"data would be lost: {named}", "change the release, or accept each by name", inputs
        )
    if losses:
        named = ", ".join(sorted(loss.name for loss in losses))
        return Verdict("success", f"somebody accepted the loss of {named}", inputs=inputs)
    return Verdict("success", "nothing that holds data is replaced or deleted", inputs=inputs)


GATE = Gate(
    "data-loss", "no resource that holds data is replaced or deleted unnamed", ("REQ-G7", "REQ-R3"), _judge
)
