"""What is kept of a release, held against what the table recorded of it: each digest, and how they hang together. Pure.

    deployment, promotion -> decision -> subjects = manifests
    deployment -> statement of how it ended -> the decision that let it begin
    record of a decision, whatever it says -> decision

(REQ-G6)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.state.records import Approval, EnvironmentRelease, KeptDecision, Promotion

from .decisions import differing
from .errors import StatementError
from .links import Flaw, unlinked
from .statement import DEPLOYMENT, Statement, read

MISSING = "restore it from the versions of the configuration bucket, or from its replica"

Fetch = Callable[[str, str], bytes | None]
"""Returns the text that is kept for an environment under a digest; None where there is none."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What the table has of a release."""

    release: str
    deployments: tuple[EnvironmentRelease, ...]
    promotions: tuple[Promotion, ...]
    approvals: tuple[Approval, ...]
    decisions: tuple[KeptDecision, ...] = ()

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield environment and digest of every statement that a record names."""
        for one in self.deployments:
            yield from ((one.environment, digest) for digest in (one.decision, one.evidence) if digest)
        for each in self.promotions:
            yield each.target, each.evidence_digest
        for made in self.decisions:
            yield made.environment, made.evidence_digest


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
    flaws += [*unlinked(trail, found), *differing(trail, found)]
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
