"""Enough people said yes to this release and this plan, and none of them made it (REQ-G2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from pipelines.state.times import timestamp

from ..evidence import Approval, Evidence, Missing, Source
from ..people import kind, objection, person
from ..policy import Rule
from ..verdicts import Verdict
from .gate import SKEW, Gate, missing

Flaw = Callable[[Approval], str]
"""Says why an approval does not count, in words that follow the approver's name; empty where it does."""


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    if not rule.approvals:
        return Verdict("success", f"nobody has to approve for {rule.environment}")
    if isinstance(evidence.approvals, Missing):
        return missing("who approved", evidence.approvals)
    if isinstance(evidence.plan, Missing):
        return missing("the plan, which an approval is of,", evidence.plan)
    if evidence.git is None or isinstance(evidence.git, Missing):
        gone = evidence.git or Missing("git has no such tag")
        return missing("the release's author, who may not approve it,", gone)
    authors = frozenset(map(person, evidence.git.authors)) - {""}
    if not authors:
        return missing("the release's author, who may not approve it,", Missing("git names none"))
    flaw = _flaws(evidence, evidence.plan.digest, authors)
    return _counted(evidence.approvals, rule, authors, flaw)


def _counted(approvals: Iterable[Approval], rule: Rule, authors: frozenset[str], flaw: Flaw) -> Verdict:
    given = sorted(approvals, key=lambda one: (one.at, one.by))
    flaws = {one: flaw(one) for one in given}
    sound = {person(one.by): one.by.strip() for one in given if not flaws[one]}
    inputs = {
        "authors": ", ".join(sorted(authors)),
        "approvals": "; ".join(f"{one.by} at {timestamp(one.at)} of {one.plan}" for one in given) or "none",
        "needed": str(rule.approvals),
    }
    if (people := _at_least(sound)) >= rule.approvals:
        return Verdict("success", f"approved by {', '.join(sorted(sound.values()))}", inputs=inputs)
    said = "; ".join(
        dict.fromkeys(f"{one.by.strip() or 'somebody'} {why}" for one, why in flaws.items() if why)
    )
    reason = f"{people} of {rule.approvals} approvals for {rule.environment}" + (f": {said}" if said else "")
    return Verdict("pending", reason, "let somebody approve who is not an author", inputs)


def _at_least(names: Iterable[str]) -> int:
    """Return how many people these are at least: one may have a name of each kind."""
    return max(Counter(map(kind, names)).values(), default=0)


def _flaws(evidence: Evidence, plan: str, authors: frozenset[str]) -> Flaw:
    since = _stands_since(evidence)

    def flaw(one: Approval) -> str:
        if against := objection(one.by, authors):
            return against
        if (one.tag, one.environment) != (evidence.tag, evidence.environment):
            return f"approved {one.tag} for {one.environment}"
        if one.plan != plan:
            return "approved another plan"
        if one.at - evidence.at > SKEW:
            return f"approved at {timestamp(one.at)}, which is still to come"
        if since is not None and one.at < since:
            return f"approved at {timestamp(one.at)}, before it stood where it comes from"
        return ""

    return flaw


def _stands_since(evidence: Evidence) -> datetime | None:
    """Return when the last workload was deployed where the release comes from: nobody could judge it before."""
    sources = [one for one in evidence.sources.values() if isinstance(one, Source)]
    return max((one.latest.ended_at for one in sources if one.latest and one.latest.ended_at), default=None)


GATE = Gate(
    "approval", "enough people approved this release and this plan who did not make it", ("REQ-G2",), _judge
)
