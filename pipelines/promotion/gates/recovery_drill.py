"""Recovery was tried not too long ago (REQ-L9)."""

from __future__ import annotations

from datetime import timedelta

from pipelines.state.times import timestamp

from ..evidence import Evidence, Target
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate, ahead, of_targets


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    return of_targets(
        evidence, lambda workload, target: _recent(evidence, rule.drill_age.get(workload), workload, target)
    )


def _recent(evidence: Evidence, at_most: timedelta | None, workload: str, target: Target) -> Verdict:
    if at_most is None:
        return Verdict("success", "no drill is asked for")
    mend = f"run the recovery drill of {workload}, then ask again"
    if target.drilled_at is None:
        return Verdict("failure", f"recovery of {workload} was never tried", mend)
    if early := ahead(f"the recovery drill of {workload}", target.drilled_at, evidence):
        return early
    inputs = {f"{workload}.drilled-at": timestamp(target.drilled_at), f"{workload}.days": f"{at_most.days}"}
    if evidence.at - target.drilled_at > at_most:
        reason = f"recovery of {workload} was last tried {timestamp(target.drilled_at)}, over {at_most.days} days ago"
        return Verdict("failure", reason, mend, inputs)
    return Verdict(
        "success", f"recovery of {workload} was tried {timestamp(target.drilled_at)}", inputs=inputs
    )


GATE = Gate("recovery-drill", "recovery was tried not too long ago", ("REQ-L9",), _judge, optional=True)
