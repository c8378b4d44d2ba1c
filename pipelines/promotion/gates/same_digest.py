"""What would be deployed is what the environment before recorded for this one, byte for byte (REQ-G1)."""

from __future__ import annotations

from ..evidence import Evidence, Missing, Source
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate, missing, of_sources


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    return of_sources(evidence, rule, lambda workload, source: _same(evidence, rule, workload, source))


def _same(evidence: Evidence, rule: Rule, workload: str, source: Source) -> Verdict:
    target = evidence.targets.get(workload, Missing("nobody asked"))
    if isinstance(target, Missing):
        return missing(f"what would be deployed of {workload}", target)
    if source.release is None or source.latest is None:
        reason = f"{rule.source} has no record of {workload} {evidence.tag} to compare with"
        return Verdict("failure", reason, f"deploy the release into {rule.source} first")
    recorded = source.release.digests.get(evidence.environment)
    ran, meant = source.latest.manifest_digest, source.release.digests.get(rule.source or "")
    inputs = {
        f"{workload}.digest": target.digest,
        f"{workload}.recorded": str(recorded),
        f"{workload}.ran": ran,
    }
    if recorded is None:
        reason = f"{workload} {evidence.tag} was recorded without {evidence.environment}"
        return Verdict("failure", reason, "release again, with every environment in the project", inputs)
    if ran != meant:
        reason = f"{rule.source} runs {ran[:19]} of {workload}, and the release says {str(meant)[:19]}"
        return Verdict("failure", reason, f"deploy the release into {rule.source} again", inputs)
    if target.digest != recorded:
        reason = f"{workload} would be deployed as {target.digest[:19]}, and {rule.source} recorded {recorded[:19]}"
        return Verdict(
            "failure", reason, f"check out {evidence.tag} without changes, and render again", inputs
        )
    return Verdict("success", f"the digests are those that {rule.source} recorded", inputs=inputs)


GATE = Gate(
    "same-digest",
    "templates, parameters and code are what the environment before recorded, by digest",
    ("REQ-G1",),
    _judge,
    first=False,
)
