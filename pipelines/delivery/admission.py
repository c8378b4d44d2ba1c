"""Letting a release into an environment: gather, decide, keep the decision, record the promotion (REQ-G1 to REQ-G6).

Every decision is kept, whatever it is, and the table names it, before anything follows from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.attestation import decided
from pipelines.delivery.evidence import policy_digest
from pipelines.delivery.tools import tools
from pipelines.gathering.gather import Places, Question, gather
from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Evidence, Missing, Plan, Source
from pipelines.promotion.gates.approval import COUNTED, NOBODY
from pipelines.promotion.gates.approval import GATE as APPROVAL
from pipelines.promotion.gates.gate import plans_of
from pipelines.promotion.verdicts import Decision
from pipelines.state.records import KeptDecision, Promotion, StackKey
from validator.errors import FailureError, LockstepError, PendingError, TechnicalError

if TYPE_CHECKING:
    from pipelines.holding import Clock, Hold
    from pipelines.promotion.policy import Rule
    from pipelines.state.store import StateStore


def admit(question: Question, places: Places, hold: Hold, clock: Clock, expected: str = "") -> str:
    """Decide under the locks of the environment, and let the release in; return the digest of the decision.

    `expected` is the digest of the plan that may be executed, empty for any that the gates let through; of what is
    carried on, the plan of the whole counts as well as that of the rest. Raises what `refused` returns where the
    decision is no success, FailureError where the plan is another one, or what was decided on holds no more.
    """
    if isinstance(places.home, Missing):
        raise TechnicalError(f"nobody can decide: {places.home.reason}")
    owner = next(iter(hold.locks.values())).owner
    evidence = gather(replace(question, owner=owner), places, clock())
    rule = places.policy.of(question.environment)
    decision = decide(evidence, rule)
    statement = decided(evidence, decision, tools(), policy_digest(places.workspace.root))
    kept = places.home.store(question.environment).put_evidence(statement.text)
    _link(places.home.table(), evidence, decision, kept, hold)
    if decision.state != "success":
        raise refused(question, decision)
    if expected and isinstance(evidence.plan, Plan) and expected not in plans_of(evidence):
        raise another_plan(question, expected, evidence.plan.digest)
    if rule.source is not None:
        _promote(
            places.home.table(),
            evidence,
            rule,
            question.acknowledged,
            (kept, approvers(decision), hold, clock),
        )
    return kept


def _link(table: StateStore, evidence: Evidence, decision: Decision, kept: str, hold: Hold) -> None:
    """Record where the decision is kept, of each workload: also of one that keeps the release out."""
    for workload in sorted(hold.locks):
        table.keep_decision(
            KeptDecision(
                workload=workload,
                environment=evidence.environment,
                tag=evidence.tag,
                at=evidence.at,
                decision=decision.state,
                evidence_digest=kept,
            )
        )


def _promote(
    table: StateStore,
    evidence: Evidence,
    rule: Rule,
    acknowledged: Iterable[str],
    run: tuple[str, str, Hold, Clock],
) -> None:
    """Record the promotion of each workload, each on the condition that what was decided on still holds.

    One that an earlier run recorded stands: that run died, or the release comes again.
    """
    source, (kept, approver, hold, clock) = rule.source or "", run
    for workload, lock in sorted(hold.locks.items()):
        verdict = table.promote(
            Promotion(
                workload=workload,
                tag=evidence.tag,
                source=source,
                target=evidence.environment,
                at=evidence.at,
                approver=approver,
                evidence_digest=kept,
            ),
            manifest_digest=_source_digest(evidence, workload, source),
            lock=lock,
            now=clock(),
            acknowledged=_acknowledged(table, workload, evidence.environment, acknowledged),
            soak=rule.soak,
        )
        if left := [each for each in verdict.hindrances if each.condition != "not-yet-promoted"]:
            raise FailureError(
                f"{evidence.tag} may not enter {evidence.environment} any more: "
                f"{'; '.join(each.reason for each in left)}\n"
                f"  mend: run `lockstep gate {evidence.environment} --release {evidence.tag}`"
            )


def refused(question: Question, decision: Decision) -> LockstepError:
    """Return the error for a decision that is no success: a "no", a "not yet", or "nobody can tell"."""
    lines = [f"{question.tag} may not enter {question.environment}: {decision.state}"]
    for one in decision.judged:
        if one.verdict.state != "success":
            lines.append(f"{one.gate}: {one.verdict.state}: {one.verdict.reason}")
            if one.verdict.mend:
                lines.append(f"  mend: {one.verdict.mend}")
    kinds: dict[str, type[LockstepError]] = {"failure": FailureError, "pending": PendingError}
    return kinds.get(decision.state, TechnicalError)("\n".join(lines))


def another_plan(question: Question, expected: str, found: str) -> FailureError:
    """Return the error for a plan that is not the only one which may be executed."""
    return FailureError(
        f"{question.environment}: this is not the plan that was expected\n"
        f"expected {expected}, found {found}\n"
        f"  mend: see `lockstep plan {question.environment}`, and have that one approved"
    )


def approvers(decision: Decision) -> str:
    """Return whose approval counted, by the gate that counts: others may have approved another plan, or their own."""
    counted = (one.verdict.inputs.get(COUNTED, "") for one in decision.judged if one.gate == APPROVAL.id)
    return next(filter(None, counted), NOBODY)


def _source_digest(evidence: Evidence, workload: str, source: str) -> str:
    found = evidence.sources[workload]
    return found.release.digests[source] if isinstance(found, Source) and found.release else ""


def _acknowledged(
    table: StateStore, workload: str, environment: str, names: Iterable[str]
) -> Collection[StackKey]:
    wanted = set(names)
    return [key for key in table.drift_marker(workload, environment).drifted if key.stack in wanted]
