"""`lockstep check` found nothing in the release (REQ-G7)."""

from __future__ import annotations

from ..evidence import Evidence, Missing, Tag
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate, missing


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    checked = evidence.checked
    if isinstance(checked, Missing):
        return missing("the result of the checks", checked)
    inputs = {"checked": checked.commit, "errors": str(checked.errors), "warnings": str(checked.warnings)}
    if not isinstance(evidence.git, Tag):
        found = evidence.git or Missing("git has no such tag")
        return missing("the release's commit, which was to be checked,", found)
    if checked.commit != evidence.git.commit:
        reason = f"commit {checked.commit[:12]} was checked, and the release is {evidence.git.commit[:12]}"
        return Verdict("error", reason, f"check out {evidence.tag}, then ask the gate again", inputs)
    if checked.errors:
        errors = f"{checked.errors} error" + "s" * (checked.errors != 1)
        return Verdict("failure", f"the checks found {errors}", "see `lockstep check`", inputs)
    return Verdict("success", "the checks found no error", inputs=inputs)


GATE = Gate("checks", "the checks of the project find no error in the release", ("REQ-G7",), _judge)
