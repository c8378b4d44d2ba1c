"""The decision about a promotion: every gate of the rule is asked, and the worst verdict counts. Pure (REQ-G6)."""

from __future__ import annotations

from .evidence import Evidence
from .gates import GATES
from .policy import Rule
from .verdicts import Decision, Judged, Verdict


def decide(evidence: Evidence, rule: Rule) -> Decision:
    """Return every gate's verdict on a release that would enter the rule's environment.

    Gates that no policy can do without are asked whatever the rule says. One that crashes, or that nobody knows, is an
    error, and no other gate is left out for it. Raises ValueError for evidence of another environment than the rule's.
    """
    if evidence.environment != rule.environment:
        raise ValueError(f"the evidence is of {evidence.environment}, the rule of {rule.environment}")
    return Decision(tuple(Judged(gate, _verdict(gate, evidence, rule)) for gate in _asked(rule)))


def _asked(rule: Rule) -> tuple[str, ...]:
    binding = (gate.id for gate in GATES.values() if not gate.optional and gate.stands_before(rule))
    return tuple(dict.fromkeys((*rule.gates, *binding)))


def _verdict(name: str, evidence: Evidence, rule: Rule) -> Verdict:
    gate = GATES.get(name)
    if gate is None:
        return Verdict("error", f"there is no gate {name}", "correct the policy's `gates`")
    try:
        return gate.judge(evidence, rule)
    except Exception as error:  # noqa: BLE001 - whatever it is, the gate could not tell, and that is its verdict
        reason = f"the gate itself failed: {type(error).__name__}: {error}"
        return Verdict("error", reason, "report it, with the evidence that it read")
