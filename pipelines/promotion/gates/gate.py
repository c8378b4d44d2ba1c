"""What a gate is: one condition of a promotion, judged of evidence and the environment's rule. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.state.times import timestamp

from ..evidence import Evidence, Missing, Plan, Source, Target
from ..policy import Rule
from ..verdicts import Verdict, together

Judge = Callable[[Evidence, Rule], Verdict]

SKEW = timedelta(minutes=5)
"""How far apart the clocks of who records and of who decides may be. Nothing is shortened by it."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate. `summary` says in a sentence what has to hold; `requirements` are those that ask for it.

    `first` tells whether it stands before the first environment too, into which a release comes from nowhere;
    `optional` whether a policy may do without it.
    """

    id: str
    summary: str
    requirements: tuple[str, ...]
    judge: Judge
    first: bool = True
    optional: bool = False

    def stands_before(self, rule: Rule) -> bool:
        """Tell whether there is anything for this gate to judge before the rule's environment."""
        return self.first or rule.source is not None


def missing(what: str, found: Missing) -> Verdict:
    """Return the verdict for evidence that could not be had: an error, since nobody can tell (REQ-G6).

    What can be had once something ended is pending.
    """
    if found.passes:
        return Verdict("pending", f"{what} has to wait: {found.reason}", "ask again once that ended")
    return Verdict(
        "error", f"{what} could not be had: {found.reason}", "bring that back, then ask the gate again"
    )


def planned(evidence: Evidence, what: str) -> Plan | Verdict:
    """Return the plan, or the verdict where it could not be had, or is of another release or environment."""
    plan = evidence.plan
    if isinstance(plan, Missing):
        return missing(what, plan)
    meant = f"{evidence.tag} in {evidence.environment}"
    if (plan.tag, plan.environment) != (evidence.tag, evidence.environment):
        return _foreign("plan", meant, f"{plan.tag} in {plan.environment}")
    return plan


def plans_of(evidence: Evidence) -> frozenset[str]:
    """Return the digests of the plan that may be approved and executed.

    What is left of a plan, once a run died on its way, is another plan than somebody approved: that one counts too.
    """
    now = {evidence.plan.digest} if isinstance(evidence.plan, Plan) else set[str]()
    return frozenset(now | ({evidence.begun.plan} if evidence.begun else set()))


def ahead(what: str, when: datetime, evidence: Evidence) -> Verdict | None:
    """Return an error for what was recorded at a time that is still to come; None where clocks agree."""
    if when - evidence.at <= SKEW:
        return None
    reason = f"{what} is of {timestamp(when)}, and it is {timestamp(evidence.at)}: one of the clocks is wrong"
    return Verdict("error", reason, "set the clocks right; what was recorded too late has to be done again")


def of_sources(evidence: Evidence, rule: Rule, judge: Callable[[str, Source], Verdict]) -> Verdict:
    """Judge each workload by what its source says; one of which nothing is known, or another's, is an error."""

    def one(workload: str) -> Verdict:
        found = evidence.sources.get(workload, Missing("nobody asked"))
        if not isinstance(found, Missing):
            return _foreign_source(evidence, rule, workload, found) or judge(workload, found)
        return missing(f"the record of {workload} in {rule.source}", found)

    return together(map(one, evidence.workloads), NO_WORKLOAD)


def of_targets(evidence: Evidence, judge: Callable[[str, Target], Verdict]) -> Verdict:
    """Judge each workload by what its target says; one of which nothing is known, or another's, is an error."""

    def one(workload: str) -> Verdict:
        found = evidence.targets.get(workload, Missing("nobody asked"))
        if not isinstance(found, Missing):
            return _foreign_target(evidence, workload, found) or judge(workload, found)
        return missing(f"the record of {workload} in {evidence.environment}", found)

    return together(map(one, evidence.workloads), NO_WORKLOAD)


def _foreign_source(evidence: Evidence, rule: Rule, workload: str, source: Source) -> Verdict | None:
    release, latest, check = source.release, source.latest, source.check
    if release is not None and release.tag != evidence.tag:
        return _foreign("release", evidence.tag, release.tag)
    records = {"release": release, "deployment": latest, "check": check}
    meant = (workload, rule.source)
    for what, record in records.items():
        if record is not None and (record.workload, record.environment) != meant:
            return _foreign(what, " in ".join(map(str, meant)), f"{record.workload} in {record.environment}")
    return None


def _foreign_target(evidence: Evidence, workload: str, target: Target) -> Verdict | None:
    meant = (workload, evidence.environment)
    for what, record in {"deployment": target.latest, "lock": target.lock}.items():
        if record is not None and (record.workload, record.environment) != meant:
            return _foreign(what, " in ".join(meant), f"{record.workload} in {record.environment}")
    return None


def _foreign(what: str, meant: str, found: str) -> Verdict:
    reason = f"the {what} in the evidence is of {found}, and {meant} is meant"
    return Verdict("error", reason, "report it: the evidence was gathered wrongly")


NO_WORKLOAD = Verdict("error", "there is no workload to judge", "name an environment that has stacks")
