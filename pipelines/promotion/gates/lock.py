"""Nobody else deploys to the environment just now (REQ-G5)."""

from __future__ import annotations

from pipelines.state.times import timestamp

from ..evidence import Evidence, Target
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate, of_targets


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    return of_targets(evidence, lambda workload, target: _free(evidence, workload, target))


def _free(evidence: Evidence, workload: str, target: Target) -> Verdict:
    lock = target.lock
    if lock is None:
        inputs = {f"{workload}.lock": "none"}
        return Verdict("success", f"nobody deploys to {evidence.environment}", inputs=inputs)
    inputs = {f"{workload}.lock": f"{lock.owner} until {timestamp(lock.expires_at)}, token {lock.token}"}
    if lock.expires_at <= evidence.at:
        return Verdict("success", f"nobody deploys to {evidence.environment}", inputs=inputs)
    if evidence.owner and lock.owner == evidence.owner:
        return Verdict("success", "the lock is this run's own", inputs=inputs)
    reason = f"{lock.owner} deploys {workload} to {evidence.environment} since {timestamp(lock.since)}"
    return Verdict(
        "pending", reason, f"wait for its end; a run that died ends {timestamp(lock.expires_at)}", inputs
    )


GATE = Gate("lock", "nobody else deploys to the environment", ("REQ-G5",), _judge)
