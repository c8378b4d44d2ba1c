"""What is deployed is the branch of the environment (REQ-G8)."""

from __future__ import annotations

from ..evidence import Evidence, Missing
from ..policy import Rule
from ..verdicts import Verdict
from .gate import Gate, missing


def _judge(evidence: Evidence, rule: Rule) -> Verdict:
    if isinstance(evidence.branch, Missing):
        return missing("the branch", evidence.branch)
    inputs = {"branch": evidence.branch, "allowed": rule.branch}
    if evidence.branch != rule.branch:
        reason = f"{rule.environment} is deployed from {rule.branch}, and this is {evidence.branch}"
        return Verdict("failure", reason, f"open a pull request into {rule.branch}", inputs)
    return Verdict("success", f"this is {rule.branch}", inputs=inputs)


GATE = Gate("branch", "what is deployed is the environment's own branch", ("REQ-G8",), _judge, optional=True)
