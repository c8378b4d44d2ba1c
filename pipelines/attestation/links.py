"""Records of the table held against the statements that they name, and these against each other. Pure (REQ-G6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.promotion.gates.approval import COUNTED, NOBODY
from pipelines.promotion.gates.approval import GATE as APPROVAL
from pipelines.promotion.policy import LEAST_APPROVALS
from pipelines.state.records import EnvironmentRelease, Promotion
from pipelines.state.times import timestamp

from .statement import BEGUN, DECISION, DEPLOYMENT, Statement

if TYPE_CHECKING:
    from .trail import Trail

GATED = frozenset(LEAST_APPROVALS)
"""Environments that nothing enters without a decision, or a reason why there was none."""

DONE = frozenset({"created", "updated", "unchanged"})
"""What became of the stacks of a deployment that succeeded."""

LOOK = "see who wrote it, and with what: `lockstep deploy` keeps nothing like it"

Found = Mapping[tuple[str, str], Statement | None]
"""Statements by environment and digest; None for one that is not as it was kept."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is not as it was kept. `digest` names the statement; empty where none is there to name."""

    digest: str
    message: str
    mend: str


def unlinked(trail: Trail, found: Found) -> Iterator[Flaw]:
    """Yield where records and statements say different things, or one of them is missing."""
    for one in trail.deployments:
        decision, end = (found.get((one.environment, digest)) for digest in (one.decision, one.evidence))
        where = f"{one.workload} in {one.environment}, deployment {one.number}"
        if decision is not None:
            yield from _decided(trail, one.decision, decision, one.environment, where)
            yield from _about(one, one.decision, decision, where)
        if end is not None:
            yield from _ended(trail, one, end, found, where)
        if one.environment in GATED and one.state == "succeeded" and not one.evidence:
            yield Flaw("", f"{where}: nothing is kept of how it ended", LOOK)
        elif one.environment in GATED and not one.decision and not one.evidence:
            yield Flaw("", f"{where}: it is {one.state}, and no decision and no reason is kept of it", LOOK)
        promoted = {(each.workload, each.target) for each in trail.promotions}
        if one.environment in GATED and one.decision and (one.workload, one.environment) not in promoted:
            yield Flaw(one.decision, f"{where}: a decision let it in, and no promotion is recorded", LOOK)
    for each in trail.promotions:
        statement = found.get((each.target, each.evidence_digest))
        where = f"promotion of {each.workload} from {each.source} to {each.target}"
        if statement is not None:
            yield from _decided(trail, each.evidence_digest, statement, each.target, where)
            yield from _approved(trail, each, statement, where)


def _approved(trail: Trail, one: Promotion, decision: Statement, where: str) -> Iterator[Flaw]:
    """Yield where those who approved are others in the records than in the decision."""
    inputs = {gate.get("gate"): gate.get("inputs") or {} for gate in decision.said.get("gates") or ()}
    counted = inputs.get(APPROVAL.id, {}).get(COUNTED) or NOBODY
    if one.approver != counted:
        message = (
            f"{where}: approved by {one.approver}, and the decision {one.evidence_digest} counted {counted}"
        )
        yield Flaw(one.evidence_digest, message, LOOK)
    recorded = {(each.by, timestamp(each.at), each.plan) for each in trail.approvals}
    evidence = decision.said.get("evidence")
    for each in (evidence.get("approvals") if isinstance(evidence, dict) else None) or ():
        if isinstance(each, dict) and each.get("in_aws"):
            by, at, plan = (str(each.get(name)) for name in ("by", "at", "plan"))
            if (by, at, plan) not in recorded:
                message = (
                    f"{where}: the decision {one.evidence_digest} knows an approval by {by} at {at} of {plan}"
                )
                yield Flaw(one.evidence_digest, f"{message}, and no record does", LOOK)


def _decided(trail: Trail, digest: str, decision: Statement, environment: str, where: str) -> Iterator[Flaw]:
    """Yield what keeps a statement from being the decision that let the release into an environment."""
    evidence = decision.said.get("evidence")
    known = evidence if isinstance(evidence, dict) else {}
    if decision.kind != DECISION:
        yield Flaw(digest, f"{where}: {digest} is no decision", LOOK)
    elif (known.get("tag"), known.get("environment")) != (trail.release, environment):
        about = f"{known.get('tag')} in {known.get('environment')}"
        yield Flaw(digest, f"{where}: the decision {digest} is about {about}", LOOK)
    elif decision.said.get("decision") != "success":
        yield Flaw(digest, f"{where}: the decision {digest} is {decision.said.get('decision')}", LOOK)


def _about(one: EnvironmentRelease, digest: str, statement: Statement, where: str) -> Iterator[Flaw]:
    """Yield where a statement is about another manifest than the one that the table recorded."""
    subjects = {subject.name: subject.digest for subject in statement.subjects}
    name = f"{one.workload}@{one.environment}"
    if subjects.get(name) != one.manifest_digest:
        yield Flaw(
            digest,
            f"{where}: {digest} is about {subjects.get(name, 'no manifest')} of {name}, and the table recorded "
            f"{one.manifest_digest}",
            LOOK,
        )


def _ended(
    trail: Trail,
    one: EnvironmentRelease,
    end: Statement,
    found: Found,
    where: str,
) -> Iterator[Flaw]:
    """Yield what keeps a statement from being how a deployment ended, and what it says of the decision before it."""
    digest, said = one.evidence, end.said
    if end.kind != DEPLOYMENT:
        yield Flaw(digest, f"{where}: {digest} says nothing of a deployment", LOOK)
        return
    if (said.get("release"), said.get("environment")) != (trail.release, one.environment):
        about = f"{said.get('release')} in {said.get('environment')}"
        yield Flaw(digest, f"{where}: the statement {digest} is about {about}", LOOK)
    yield from _about(one, digest, end, where)
    if said.get("outcome") == BEGUN:
        yield from _begun(one, end, where)
        return
    # Times are the statement's to say: `lockstep sandbox advance` moves those of records.
    recorded = {"number": one.number, "by": one.by}
    rows = [row for row in said.get("deployments") or () if row.get("workload") == one.workload]
    for name, value in recorded.items():
        if (other := rows[0].get(name) if rows else None) != value:
            message = f"{where}: {name} is {value} in the record, and {other} in {digest}"
            yield Flaw(digest, message, LOOK)
    if one.state in ("succeeded", "failed") and said.get("outcome") != one.state:
        yield Flaw(digest, f"{where}: it {one.state}, and {digest} says {said.get('outcome')}", LOOK)
    undone = [one for one in said.get("stacks") or () if one.get("outcome") not in DONE]
    if one.state == "succeeded" and undone:
        stacks = ", ".join(str(each.get("stack")) for each in undone)
        yield Flaw(digest, f"{where}: it succeeded, and {digest} says otherwise of {stacks}", LOOK)
    named = str(said.get("decision") or "")
    decision = found.get((one.environment, named))
    if decision is not None:
        yield from _decided(trail, named, decision, one.environment, where)
    if not named and not said.get("note") and one.environment in GATED:
        yield Flaw(digest, f"{where}: no decision let it begin, and {digest} gives no reason", LOOK)


def _begun(one: EnvironmentRelease, begun: Statement, where: str) -> Iterator[Flaw]:
    """Yield what a deployment lacks of which only is kept why it began: its run died, or is on its way."""
    if one.state == "succeeded":
        yield Flaw(one.evidence, f"{where}: it succeeded, and {one.evidence} says only why it began", LOOK)
    if not begun.said.get("note"):
        yield Flaw(
            one.evidence, f"{where}: no decision let it begin, and {one.evidence} gives no reason", LOOK
        )
