"""The environment before is as it was deployed, and the target too unless somebody acknowledged its drift (REQ-G4)."""

from __future__ import annotations

from ..evidence import Evidence, Source, Target
from ..policy import Rule
from ..verdicts import Verdict, together
from .gate import NO_WORKLOAD, Gate, of_sources, of_targets


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    verdicts = [
        of_targets(evidence, lambda workload, target: _of_target(evidence.environment, workload, target))
    ]
    if rule.source is not None:
        where = rule.source
        verdicts.append(of_sources(evidence, lambda workload, source: _of_source(where, workload, source)))
    return together(verdicts, NO_WORKLOAD)


def _of_source(where: str, workload: str, source: Source) -> Verdict:
    if source.drifted:
        named = ", ".join(sorted(source.drifted))
        mend = f"see `lockstep drift {where}`, mend it, then run `lockstep drift {where} --detect`"
        return Verdict(
            "failure", f"open drift in {where}: {named}", mend, {f"{workload}.{where}.drifted": named}
        )
    if source.unsure:
        named = ", ".join(sorted(source.unsure))
        reason = f"nobody knows whether these drifted in {where}: {named}"
        return Verdict(
            "error", reason, f"run `lockstep drift {where} --detect`", {f"{workload}.{where}.unsure": named}
        )
    return Verdict("success", "nothing drifted")


def _of_target(where: str, workload: str, target: Target) -> Verdict:
    left = sorted(set(target.drifted) - set(target.acknowledged))
    if left:
        mend = f"see `lockstep drift {where}`; mend it, or acknowledge each stack by name"
        named = ", ".join(left)
        reason = f"open drift in {where} that nobody acknowledged: {named}"
        return Verdict("failure", reason, mend, {f"{workload}.{where}.drifted": named})
    if target.drifted:
        named = ", ".join(sorted(target.drifted))
        return Verdict(
            "success", f"acknowledged drift in {where}: {named}", inputs={f"{workload}.acknowledged": named}
        )
    return Verdict("success", "nothing drifted")


GATE = Gate(
    "drift",
    "nothing drifted in the environment before, and in the target only what was acknowledged",
    ("REQ-G4",),
    _judge,
)
