"""Environments differ only as declared: in the release, and in what runs in the environment before (REQ-G4)."""

from __future__ import annotations

from dataclasses import replace

from pipelines.check_age import held
from pipelines.state.records import Check
from pipelines.state.times import timestamp

from ..evidence import Evidence, Missing, Source
from ..policy import Rule
from ..verdicts import Verdict, together
from .gate import NO_WORKLOAD, Gate, ahead, missing, of_sources


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    verdicts = [_rendered(evidence.parity)]
    if rule.source is not None:
        where = rule.source
        verdicts.append(
            of_sources(evidence, rule, lambda workload, source: _live(evidence, where, workload, source))
        )
    return together(verdicts, NO_WORKLOAD)


def _rendered(found: int | Missing) -> Verdict:
    if isinstance(found, Missing):
        return missing("the comparison of the environments", found)
    inputs = {"undeclared": str(found)}
    if found:
        reason = f"{found} undeclared differences between environments"
        return Verdict("failure", reason, "see `lockstep parity`; declare or remove each", inputs)
    return Verdict("success", "environments differ only as declared", inputs=inputs)


def _live(evidence: Evidence, where: str, workload: str, source: Source) -> Verdict:
    if source.check is None:
        reason = f"nobody checked {workload} in {where} yet"
        return Verdict("error", reason, f"run `lockstep verify {where}`")
    if early := ahead(f"the check of {workload} in {where}", source.check.at, evidence):
        return early
    # What was rolled back last has nothing in its place yet: a check of something else says nothing.
    latest = [replace(source.latest, state="succeeded")] if source.latest else []
    check = held(source.check, latest, evidence.at)
    inputs = {
        f"{workload}.check": f"{check.verdict} of {check.release or 'no release'} at {timestamp(check.at)}"
    }
    if check.verdict == "consistent" and _is_before(check, source):
        reason = f"{workload} in {where} was not checked since it was deployed"
        return Verdict("pending", reason, "wait for the check that follows a deployment", inputs)
    if check.verdict == "consistent":
        return Verdict("success", f"what runs in {where} is as released", inputs=inputs)
    if check.verdict == "inconsistent":
        reason = f"{workload} in {where} is not as released: {len(check.findings)} differences"
        return Verdict("failure", reason, f"run `lockstep verify {where}`", inputs)
    if check.verdict == "deploying":
        return Verdict("pending", f"{workload} in {where} is being deployed", "wait for its end", inputs)
    reason = f"the last check of {workload} in {where} no longer holds"
    return Verdict("error", reason, f"run `lockstep verify {where}`", inputs)


def _is_before(check: Check, source: Source) -> bool:
    """Tell whether a check is older than what it would vouch for."""
    ended = source.latest.ended_at if source.latest else None
    return ended is not None and check.at < ended


GATE = Gate(
    "parity", "environments differ only as declared, in the release and in what runs", ("REQ-G4",), _judge
)
