"""Enough people said yes, and none of them is the author (REQ-G2)."""

from __future__ import annotations

from pipelines.state.times import timestamp

from ..evidence import Evidence, Missing, Tag
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate, missing


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    if not rule.approvals:
        return Verdict("success", f"nobody has to approve for {rule.environment}")
    if isinstance(evidence.approvals, Missing):
        return missing("who approved", evidence.approvals)
    if not isinstance(evidence.git, Tag):
        reason = evidence.git.reason if evidence.git else "git has no such tag"
        return missing("the release's author, who may not approve it,", Missing(reason))
    author = evidence.git.author
    others = {one.by.casefold(): one for one in evidence.approvals if one.by.casefold() != author.casefold()}
    inputs = {
        "author": author,
        "approvals": ", ".join(f"{one.by} at {timestamp(one.at)}" for one in evidence.approvals) or "none",
        "needed": str(rule.approvals),
    }
    if len(others) >= rule.approvals:
        named = ", ".join(sorted(one.by for one in others.values()))
        return Verdict("success", f"approved by {named}", inputs=inputs)
    reason = f"{len(others)} of {rule.approvals} approvals for {rule.environment}"
    if len(others) < len(evidence.approvals):
        reason += f"; {author} is the author, whose own does not count"
    return Verdict("pending", reason, "let somebody approve who is not the author", inputs)


GATE = Gate("approval", "enough people approved who are not the author", ("REQ-G2",), _judge)
