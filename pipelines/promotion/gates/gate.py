"""What a gate is: one condition of a promotion, judged of evidence and the environment's rule. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..evidence import Evidence, Missing, Source, Target
from ..policy import Rule
from ..verdicts import Verdict, together

Judge = Callable[[Evidence, Rule], Verdict]


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate. `summary` says in a sentence what has to hold; `requirements` are those that ask for it.

    `first` tells whether it stands before the first environment too, into which a release comes from nowhere;
    `optional` whether a policy may do without it.
    """

    id: str
    summary: str
    requirements: tuple[str, ...]
    judge: Judge
    first: bool = True
    optional: bool = False


def missing(what: str, found: Missing) -> Verdict:
    """Return the verdict for evidence that could not be had: an error, since nobody can tell (REQ-G6)."""
    return Verdict(
        "error", f"{what} could not be had: {found.reason}", "bring that back, then ask the gate again"
    )


def of_sources(evidence: Evidence, judge: Callable[[str, Source], Verdict]) -> Verdict:
    """Judge each workload by what its source says; one of which nothing is known is an error."""

    def one(workload: str) -> Verdict:
        found = evidence.sources.get(workload, Missing("nobody asked"))
        return (
            missing(f"the record of {workload}", found)
            if isinstance(found, Missing)
            else judge(workload, found)
        )

    return together(map(one, evidence.workloads), NO_WORKLOAD)


def of_targets(evidence: Evidence, judge: Callable[[str, Target], Verdict]) -> Verdict:
    """Judge each workload by what its target says; one of which nothing is known is an error."""

    def one(workload: str) -> Verdict:
        found = evidence.targets.get(workload, Missing("nobody asked"))
        where = f"the record of {workload} in {evidence.environment}"
        return missing(where, found) if isinstance(found, Missing) else judge(workload, found)

    return together(map(one, evidence.workloads), NO_WORKLOAD)


NO_WORKLOAD = Verdict("error", "there is no workload to judge", "name an environment that has stacks")
