"""Enough people said yes to this release and this plan, and none of them made it (REQ-G2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from pipelines.state.times import timestamp

from ..evidence import Approval, Evidence, Missing, Source, Tag
from ..people import FILE, UNLISTED, People, is_machine, kind, objection, person
from ..policy import Rule
from ..verdicts import Verdict, together
from .gate import SKEW, Gate, missing, planned, plans_of

AUTHORS = "the release's author, who may not approve it,"
COUNTED = "counted"
"""The input that names whose approval counted."""
NOBODY = "nobody has to"
"""What stands in the place of a name where the policy asks for no approval."""
SIGNERS = "who signed the commits"
Flaw = Callable[[Approval], str]
"""Says why an approval does not count, in words that follow the approver's name; empty where it does."""


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    approved = _approved(evidence, rule)
    return together([approved, _signed(evidence)], approved) if rule.signed_commits else approved


def _approved(evidence: Evidence, rule: Rule) -> Verdict:
    if not rule.approvals:
        return Verdict("success", f"nobody has to approve for {rule.environment}")
    if isinstance(evidence.approvals, Missing):
        return missing("who approved", evidence.approvals)
    if isinstance(evidence.people, Missing):
        return missing("the list of who is who", evidence.people)
    if rule.source is not None and (unknown := _unknown(evidence)):
        # An approval counts only since the release stood there.
        return missing(f"the record of {unknown[0]} in {rule.source}", unknown[1])
    authors = _authors(evidence)
    if isinstance(authors, Missing):
        return missing(AUTHORS, authors)
    if evidence.people is not None and (strangers := _strangers(authors, evidence.people)):
        return _nobody_knows(strangers)
    # Last of what an approval needs: it may be waited for, which no error may hide behind.
    if isinstance(plan := planned(evidence, "the plan, which an approval is of,"), Verdict):
        return plan
    flaw = _flaws(evidence, plans_of(evidence), authors, evidence.people)
    return _counted(evidence.approvals, rule, authors, flaw, evidence.people)


def _signed(evidence: Evidence) -> Verdict:
    git = evidence.git
    if not isinstance(git, Tag):
        return missing(SIGNERS, git or Missing("git has no such tag"))
    if isinstance(git.unsigned, Missing):
        mend = "docs/promotion.md says where the keys are read from, and what a first release does"
        return Verdict("error", f"{SIGNERS} could not be had: {git.unsigned.reason}", mend)
    if not git.unsigned:
        return Verdict("success", "every commit is signed")
    shown = ", ".join(commit[:12] for commit in git.unsigned[:5]) + ("..." if len(git.unsigned) > 5 else "")
    reason = f"{len(git.unsigned)} commits are signed by nobody whom the project knows: {shown}"
    mend = "sign them with a key that pipelines/allowed_signers has, and release that under a new tag"
    return Verdict("failure", reason, mend, {"unsigned": ", ".join(git.unsigned)})


def _authors(evidence: Evidence) -> frozenset[str] | Missing:
    """Return every name of the authors, by all that is known; without a list, names of one kind where that may be."""
    git = evidence.git
    if not isinstance(git, Tag):
        return git or Missing("git has no such tag")
    if isinstance(git.authors, Missing):
        return git.authors
    named = git.authors | git.logins if evidence.people is not None else git.logins or git.authors
    return frozenset(map(person, named)) - {""} or Missing("git names none")


def _strangers(authors: Iterable[str], people: People) -> list[str]:
    return sorted(one for one in authors if not is_machine(one) and people.of(one) is None)


def _nobody_knows(strangers: Collection[str]) -> Verdict:
    entries = ", ".join(
        f"emails: [{one}]" if kind(one) == "e-mail" else f"github: {one}" for one in strangers
    )
    reason = f"nobody can tell who made this: {FILE} has no {', '.join(strangers)}"
    mend = f"somebody who is in {FILE} adds who that is ({entries}) by a release of its own, which goes first"
    return Verdict("error", reason, mend, {"unknown": ", ".join(strangers)})


def _counted(
    approvals: Iterable[Approval], rule: Rule, authors: frozenset[str], flaw: Flaw, people: People | None
) -> Verdict:
    given = sorted(approvals, key=lambda one: (one.at, one.by))
    flaws = {one: flaw(one) for one in given}
    sound = {(person(one.by), one.in_aws): one for one in given if not flaws[one]}
    approved = ", ".join(sorted({one.by.strip() for one in sound.values()}))
    inputs = {
        "authors": ", ".join(sorted(authors)),
        "approvals": "; ".join(f"{one.by} at {timestamp(one.at)} of {one.plan}" for one in given) or "none",
        COUNTED: approved or "none",
        "needed": str(rule.approvals),
        "people": f"{FILE} of {people.since}" if people is not None else "no list: compared by name",
    }
    if (count := _at_least(sound.values(), people)) >= rule.approvals:
        return Verdict("success", f"approved by {approved}", inputs=inputs)
    said = "; ".join(
        dict.fromkeys(f"{one.by.strip() or 'somebody'} {why}" for one, why in flaws.items() if why)
    )
    reason = f"{count} of {rule.approvals} approvals for {rule.environment}" + (f": {said}" if said else "")
    if UNLISTED in flaws.values():
        mend = f"let somebody approve whom {FILE} has, or add who that is by a release of its own, which goes first"
        return Verdict("failure", reason, mend, inputs)
    return Verdict("pending", reason, "let somebody approve who is not an author", inputs)


def _at_least(sound: Collection[Approval], people: People | None) -> int:
    """Return how many people these are at least: without a list, one may have a name of each kind."""
    if people is not None:
        return len({people.of(one.by, in_aws=one.in_aws) for one in sound})
    return max(Counter(map(kind, {person(one.by) for one in sound})).values(), default=0)


def _flaws(
    evidence: Evidence, plans: Collection[str], authors: frozenset[str], people: People | None
) -> Flaw:
    since = _stands_since(evidence)

    def flaw(one: Approval) -> str:
        if against := objection(one.by, authors, people, in_aws=one.in_aws):
            return against
        if (one.tag, one.environment) != (evidence.tag, evidence.environment):
            return f"approved {one.tag} for {one.environment}"
        if one.plan not in plans:
            return "approved another plan"
        if one.at - evidence.at > SKEW:
            return f"approved at {timestamp(one.at)}, which is still to come"
        if since is not None and one.at < since:
            return f"approved at {timestamp(one.at)}, before it stood where it comes from"
        return ""

    return flaw


def _unknown(evidence: Evidence) -> tuple[str, Missing] | None:
    """Return a workload of which nobody knows since when it stands where the release comes from, and why."""
    found = ((name, evidence.sources.get(name, Missing("nobody asked"))) for name in evidence.workloads)
    return next(((name, one) for name, one in found if isinstance(one, Missing)), None)


def _stands_since(evidence: Evidence) -> datetime | None:
    """Return when the last workload was deployed where the release comes from: nobody could judge it before."""
    sources = [one for one in evidence.sources.values() if isinstance(one, Source)]
    return max((one.latest.ended_at for one in sources if one.latest and one.latest.ended_at), default=None)


GATE = Gate(
    "approval", "enough people approved this release and this plan who did not make it", ("REQ-G2",), _judge
)
