"""The release was let into the environment before, succeeded, and is what was last deployed there (REQ-G1)."""

from __future__ import annotations

from ..evidence import Evidence, Source
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate, of_sources


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    where = rule.source or ""
    return of_sources(evidence, rule, lambda workload, source: _stands(evidence.tag, where, workload, source))


def _stands(tag: str, where: str, workload: str, source: Source) -> Verdict:
    latest = source.latest
    if latest is None:
        reason = f"nothing was ever deployed into {where} of {workload}"
        return Verdict("failure", reason, f"deploy {tag} into {where} first")
    inputs = {f"{workload}.latest": f"{latest.tag} #{latest.number} {latest.state}"}
    if latest.tag != tag:
        reason = f"{where} runs {latest.tag} of {workload}, not {tag}"
        return Verdict("failure", reason, f"deploy {tag} into {where}, or name {latest.tag}", inputs)
    if latest.state == "deploying":
        return Verdict(
            "pending", f"{tag} of {workload} is being deployed into {where}", "wait for its end", inputs
        )
    if latest.state != "succeeded":
        reason = f"{tag} of {workload} {latest.state.replace('_', ' ')} in {where}"
        return Verdict("failure", reason, "mend what failed, and release that under a new tag", inputs)
    if not latest.decision:
        reason = f"{tag} of {workload} was deployed into {where} without gates: that is nothing to go on from"
        return Verdict("failure", reason, f"release it under a new tag, and let that enter {where}", inputs)
    return Verdict("success", f"{tag} succeeded in {where}", inputs=inputs)


GATE = Gate(
    "previous-environment",
    "the release was let into the environment before, succeeded there, and is what runs there",
    ("REQ-G1",),
    _judge,
    first=False,
)
