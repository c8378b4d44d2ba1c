"""The release was not rolled back before: a bad one stays out until another takes its place (REQ-G5).

Superseded means: another release, with a tag of its own, takes its place. That never makes the bad one good, and
neither does time, nor a later success of the same tag: who wants its content back releases that anew, and takes it
through every gate.
"""

from __future__ import annotations

from ..evidence import Evidence, Target
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate, of_targets


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    return of_targets(evidence, lambda workload, target: _accepted(evidence.tag, workload, target))


def _accepted(tag: str, workload: str, target: Target) -> Verdict:
    where = ", ".join(sorted({one.environment for one in target.rejected}))
    if not where:
        return Verdict(
            "success", f"{tag} was never rolled back", inputs={f"{workload}.rolled-back": "nowhere"}
        )
    reason = f"{tag} of {workload} was rolled back in {where}"
    mend = "mend what was wrong with it, and release that under a new tag"
    return Verdict("failure", reason, mend, {f"{workload}.rolled-back": where})


GATE = Gate("rejected-release", "the release was not rolled back in any environment", ("REQ-G5",), _judge)
