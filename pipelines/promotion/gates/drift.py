"""The environment before is as it was deployed, and the target too unless somebody acknowledged its drift (REQ-G4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
        verdicts.append(
            of_sources(evidence, rule, lambda workload, source: _of_source(where, workload, source))
        )
    return together(verdicts, NO_WORKLOAD)


def _of_source(where: str, workload: str, source: Source) -> Verdict:
    inputs = _inputs(where, workload, drifted=source.drifted, unsure=source.unsure)
    if source.unsure:
        return _unsure(where, source.unsure, inputs)
    if source.drifted:
        mend = f"see `lockstep drift {where}`, mend it, then run `lockstep drift {where} --detect`"
        return Verdict("failure", f"open drift in {where}: {_named(source.drifted)}", mend, inputs)
    return Verdict("success", f"nothing drifted in {where}", inputs=inputs)


def _of_target(where: str, workload: str, target: Target) -> Verdict:
    inputs = _inputs(
        where,
        workload,
        drifted=target.drifted,
        unsure=target.unsure,
        acknowledged=target.acknowledged,
        changed=target.changed,
    )
    if unsure := set(target.unsure) - {*target.acknowledged, *target.changed}:
        return _unsure(where, unsure, inputs)
    if left := set(target.drifted) - set(target.acknowledged):
        mend = f"see `lockstep drift {where}`; mend it, or acknowledge each stack by name"
        reason = f"open drift in {where} that nobody acknowledged: {_named(left)}"
        return Verdict("failure", reason, mend, inputs)
    if accepted := {*target.drifted, *target.unsure} & set(target.acknowledged):
        return Verdict("success", f"acknowledged drift in {where}: {_named(accepted)}", inputs=inputs)
    if target.unsure:
        reason = f"nothing drifted in {where}; nobody looked yet at what the run before this one changed: "
        return Verdict("success", reason + _named(target.unsure), inputs=inputs)
    return Verdict("success", f"nothing drifted in {where}", inputs=inputs)


def _unsure(where: str, stacks: Iterable[str], inputs: Mapping[str, str]) -> Verdict:
    reason = f"nobody knows whether these drifted in {where}: {_named(stacks)}"
    return Verdict("error", reason, f"run `lockstep drift {where} --detect`", inputs)


def _inputs(where: str, workload: str, **stacks: Iterable[str]) -> dict[str, str]:
    return {f"{workload}.{where}.{name}": _named(found) or "none" for name, found in stacks.items()}


def _named(stacks: Iterable[str]) -> str:
    return ", ".join(sorted(stacks))


GATE = Gate(
    "drift",
    "nothing drifted in the environment before, and in the target only what was acknowledged",
    ("REQ-G4",),
    _judge,
)
