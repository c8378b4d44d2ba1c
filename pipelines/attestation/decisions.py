"""Decisions that the table names, also those that kept a release out, held against their statements. Pure (REQ-G6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .links import LOOK, Flaw, Found
from .statement import DECISION, Statement

if TYPE_CHECKING:
    from pipelines.state.records import KeptDecision

    from .trail import Trail


def differing(trail: Trail, found: Found) -> Iterator[Flaw]:
    """Yield where the record of a decision and its statement say different things."""
    for one in trail.decisions:
        statement = found.get((one.environment, one.evidence_digest))
        if statement is None:
            continue  # That it is missing, or was changed, is said where it is read.
        where = f"{one.workload} in {one.environment}, decision {one.evidence_digest}"
        if statement.kind != DECISION:
            yield Flaw(one.evidence_digest, f"{where}: it is no decision", LOOK)
            continue
        for name, recorded, said in _said(one, statement):
            if recorded != said:
                message = f"{where}: {name} is {recorded} in the record, and {said} in the statement"
                yield Flaw(one.evidence_digest, message, LOOK)


def _said(one: KeptDecision, statement: Statement) -> Iterator[tuple[str, str, object]]:
    evidence = statement.said.get("evidence")
    known = evidence if isinstance(evidence, dict) else {}
    yield "release", one.tag, known.get("tag")
    yield "environment", one.environment, known.get("environment")
    yield "decision", one.decision, statement.said.get("decision")
