"""The release is one that git and the environment before know, as the same commit (REQ-G1)."""

from __future__ import annotations

from ..evidence import Evidence, Missing, Source, Tag
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate, missing, of_sources


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    tag = evidence.git
    if isinstance(tag, Missing):
        return missing("the release's tag", tag)
    if tag is None:
        return Verdict(
            "failure", f"git has no tag {evidence.tag}", "name a tag that was pushed: `git tag --list`"
        )
    if tag.name != evidence.tag:
        reason = f"the tag in the evidence is {tag.name}, and {evidence.tag} is meant"
        return Verdict("error", reason, "report it: the evidence was gathered wrongly")
    if rule.source is None:
        return Verdict("success", f"{tag.name} is commit {tag.commit[:12]}", inputs={"commit": tag.commit})
    return of_sources(
        evidence, rule, lambda workload, source: _recorded(tag, rule.source or "", workload, source)
    )


def _recorded(tag: Tag, where: str, workload: str, source: Source) -> Verdict:
    inputs = {"commit": tag.commit}
    if source.release is None:
        reason = f"{where} has no record of {workload} {tag.name}"
        return Verdict("failure", reason, f"deploy the release into {where} first", inputs)
    inputs[f"{workload}.recorded-commit"] = source.release.commit
    if source.release.commit != tag.commit:
        was = source.release.commit[:12]
        reason = (
            f"{tag.name} was moved: {where} recorded {workload} as commit {was}, it names {tag.commit[:12]}"
        )
        return Verdict("failure", reason, "make a new tag; a release's name is never used again", inputs)
    return Verdict(
        "success", f"{tag.name} is commit {tag.commit[:12]}, as {where} recorded it", inputs=inputs
    )


GATE = Gate(
    "release-known",
    "git and the environment before know the release, as the same commit",
    ("REQ-G1",),
    _judge,
)
