"""What is kept of a release, held against what the table recorded of it: each digest, and how they hang together. Pure.

    deployment, promotion -> decision -> subjects = manifests
    deployment -> statement of how it ended -> the decision that let it begin

(REQ-G6)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.promotion.policy import LEAST_APPROVALS
from pipelines.state.records import Approval, EnvironmentRelease, Promotion

from .errors import StatementError
from .statement import DECISION, DEPLOYMENT, Statement, read

GATED = frozenset(LEAST_APPROVALS)
"""Environments that nothing enters without a decision, or a reason why there was none."""

DONE = frozenset({"created", "updated", "unchanged"})
"""What became of the stacks of a deployment that succeeded."""

MISSING = "restore it from the versions of the configuration bucket, or from its replica"
LOOK = "see who wrote it, and with what: `lockstep deploy` keeps nothing like it"

Fetch = Callable[[str, str], bytes | None]
"""Returns the text that is kept for an environment under a digest; None where there is none."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What the table has of a release."""

    release: str
    deployments: tuple[EnvironmentRelease, ...]
    promotions: tuple[Promotion, ...]
    approvals: tuple[Approval, ...]

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield environment and digest of every statement that a record names."""
        for one in self.deployments:
            yield from ((one.environment, digest) for digest in (one.decision, one.evidence) if digest)
        for each in self.promotions:
            yield each.target, each.evidence_digest


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is not as it was kept. `digest` names the statement; empty where none is there to name."""

    digest: str
    message: str
    mend: str


@dataclass(frozen=True, slots=True)
class Kept:
    """One statement that was read: where it is kept, under its digest."""

    environment: str
    digest: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class Verified:
    """Every statement that is as it was kept, and everything that is wrong."""

    trail: Trail
    kept: tuple[Kept, ...]
    flaws: tuple[Flaw, ...]


def verify(trail: Trail, fetch: Fetch) -> Verified:
    """Read every statement that the records name, and those that these name, and hold them against the records."""
    flaws: list[Flaw] = []
    found: dict[tuple[str, str], Statement | None] = {}
    wanted = list(dict.fromkeys(trail.named()))
    while wanted:
        place = wanted.pop(0)
        if place in found:
            continue
        found[place] = statement = _read(*place, fetch, flaws)
        if (
            statement is not None
            and (decision := statement.said.get("decision"))
            and statement.kind == DEPLOYMENT
        ):
            wanted.append((place[0], str(decision)))
    flaws += _unlinked(trail, found)
    kept = tuple(Kept(*place, statement) for place, statement in found.items() if statement is not None)
    return Verified(trail, kept, tuple(flaws))


def named(verified: Verified) -> set[str]:
    """Return the digest of every statement that a record or a statement names, whether it was there or not."""
    found = {digest for _, digest in verified.trail.named()}
    return found | {
        str(one.statement.said.get("decision")) for one in verified.kept if one.statement.kind == DEPLOYMENT
    }


def _read(environment: str, digest: str, fetch: Fetch, flaws: list[Flaw]) -> Statement | None:
    text = fetch(environment, digest)
    if text is None:
        flaws.append(
            Flaw(digest, f"the evidence {digest} of {environment} is not there, or may not be read", MISSING)
        )
        return None
    try:
        return read(text, digest)
    except StatementError as error:
        message, _, mend = str(error).partition("\n  mend: ")
        flaws.append(Flaw(digest, f"{environment}: {message}", mend))
        return None


def _unlinked(trail: Trail, found: dict[tuple[str, str], Statement | None]) -> Iterator[Flaw]:
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
    for each in trail.promotions:
        statement = found.get((each.target, each.evidence_digest))
        where = f"promotion of {each.workload} from {each.source} to {each.target}"
        if statement is not None:
            yield from _decided(trail, each.evidence_digest, statement, each.target, where)


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
    found: dict[tuple[str, str], Statement | None],
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
