"""The environment is not frozen (REQ-G5)."""

from __future__ import annotations

from pipelines.state.times import timestamp

from ..evidence import Evidence
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    frozen = [
        (ends, freeze)
        for freeze in rule.freezes
        if rule.environment in freeze.environments and (ends := freeze.window.until(evidence.at)) is not None
    ]
    inputs = {
        "at": timestamp(evidence.at),
        "freezes": ", ".join(freeze.name for _, freeze in frozen) or "none",
    }
    if not frozen:
        return Verdict("success", f"{rule.environment} is not frozen", inputs=inputs)
    ends, last = max(frozen, key=lambda each: each[0].timestamp())
    reason = f"{rule.environment} is frozen until {ends.isoformat()}: {last.name} ({last.reason})"
    return Verdict(
        "pending", reason, "ask again then, or change the policy by a reviewed pull request", inputs
    )


GATE = Gate("freeze-window", "the environment is not frozen", ("REQ-G5",), _judge, optional=True)
