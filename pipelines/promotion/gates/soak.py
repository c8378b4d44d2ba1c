"""The release stood long enough in the environment before, without being touched (REQ-G3)."""

from __future__ import annotations

from datetime import datetime

from pipelines.state.times import timestamp

from ..evidence import Evidence, Source
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate, ahead, of_sources


def began(source: Source) -> tuple[datetime, str] | None:
    """Return when the soak of a workload began, and what began it; None without a recorded success.

    A redeployment is a later success; a failed check, drift, found or ended, and any change of a stack begin it again.
    It never begins before the success was recorded, nor, since who deploys records that, before what agents saw.
    """
    latest = source.latest
    if latest is None or latest.state != "succeeded" or latest.soak_from is None or latest.ended_at is None:
        return None
    began = [(latest.soak_from, "its recorded success"), (latest.ended_at, "its recorded success")]
    if source.drift_changed_at is not None:
        began.append((source.drift_changed_at, "drift that was found or ended"))
    if source.touched_at is not None:
        began.append((source.touched_at, "a stack that was changed"))
    if source.failed_at is not None:
        began.append((source.failed_at, "a check that failed"))
    if source.check is not None and source.check.verdict == "inconsistent":
        began.append((source.check.at, "a check that failed"))
    return max(began, key=lambda each: each[0])


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    return of_sources(evidence, rule, lambda workload, source: _soaked(evidence, rule, workload, source))


def _soaked(evidence: Evidence, rule: Rule, workload: str, source: Source) -> Verdict:
    since = began(source)
    if since is None or source.latest is None or source.latest.tag != evidence.tag:
        reason = f"{evidence.tag} of {workload} does not stand in {rule.source} with a recorded success"
        return Verdict("failure", reason, f"deploy {evidence.tag} into {rule.source} first")
    start, cause = since
    if early := ahead(f"what began the soak of {workload}, {cause},", start, evidence):
        return early
    ends = start + rule.soak
    inputs = {
        f"{workload}.soak-from": timestamp(start),
        "soak-minutes": f"{rule.soak.total_seconds() / 60:g}",
        "at": timestamp(evidence.at),
    }
    if evidence.at < ends:
        reason = (
            f"{workload} soaks in {rule.source} until {timestamp(ends)}, since {timestamp(start)} ({cause})"
        )
        return Verdict("pending", reason, "ask again then; nothing shortens it", inputs)
    return Verdict("success", f"the soak in {rule.source} is over", inputs=inputs)


GATE = Gate(
    "soak",
    "the release stood in the environment before for as long as the policy says, untouched",
    ("REQ-G3",),
    _judge,
    first=False,
)
