"""Whether enough people approved a plan, by what the state table alone has of it. Pure (REQ-G2, REQ-G10).

Who made a release is in git, which is not at hand here. So this counts whose approval the table has of this very plan,
but for whoever recorded the release where it comes from; the gate `approval` of the deployment leaves out authors too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pipelines.promotion.evidence import Approval, Evidence, Missing, Source
from pipelines.promotion.gates.gate import NO_WORKLOAD, SKEW, missing
from pipelines.promotion.people import is_machine, kind, person
from pipelines.promotion.policy import Rule
from pipelines.promotion.verdicts import Verdict


def approved(plan: str, given: Iterable[Approval], evidence: Evidence, rule: Rule) -> Verdict:
    """Return success where enough people approved the plan of this digest, pending where they have yet to.

    Error where nobody knows since when the release stands where it comes from: nobody could judge it before.
    """
    if not rule.approvals:
        return Verdict("success", f"nobody has to approve for {rule.environment}")
    sources: list[Source] = []
    for workload in evidence.workloads:
        found = evidence.sources.get(workload, Missing("nobody asked"))
        if isinstance(found, Missing):
            return missing(f"the record of {workload} in {rule.source}", found)
        sources.append(found)
    if not sources:
        return NO_WORKLOAD
    names = {person(one.by) for one in given if _counts(one, plan, evidence, sources)}
    names -= {"", *(name for one in sources if one.latest for name in recorders(one.latest.by))}
    # Whoever has an e-mail address as one name and none as another is one person at the least.
    count = max(Counter(kind(name) for name in names if not is_machine(name)).values(), default=0)
    if count >= rule.approvals:
        return Verdict("success", f"approved by {', '.join(sorted(names))}")
    reason = f"{count} of {rule.approvals} approvals of the plan {plan} for {rule.environment}"
    return Verdict("pending", reason, "let somebody approve it who did not make the release")


def _counts(one: Approval, plan: str, evidence: Evidence, sources: Iterable[Source]) -> bool:
    if (one.tag, one.environment, one.plan) != (evidence.tag, evidence.environment, plan):
        return False
    if one.at - evidence.at > SKEW:
        return False
    ends = (source.latest.ended_at for source in sources if source.latest)
    return all(one.at >= end for end in ends if end)


def recorders(by: str) -> set[str]:
    """Return the persons that the record of a deployment names: of `ARN (github:LOGIN)` each part, and the session."""
    arn, _, login = by.partition(" (github:")
    return {person(arn), person(arn.rpartition("/")[2]), person(login.removesuffix(")"))}
