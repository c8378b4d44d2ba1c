"""Which findings count yet: a stack says nothing of a deployment that ended after it was looked at (REQ-C3). Pure.

What a deployment did reaches home through the agents, later. Until then the table shows what was, and no stack is
called missing or wrong for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipelines.consistency.actual import Actual, Place
from pipelines.tracking.passes import PASS
from validator.findings import Finding

MARGIN = timedelta(minutes=1)
"""So long after the end of a deployment an agent's census counts: clocks differ, and what it saw follows it.

The pass that a deployment itself asks for is within it as a rule: its observations say what is right. What nobody
observed is judged by the next pass.
"""
PATIENCE = 2 * PASS
"""What an agent counted and home has not recorded by then was refused, or is lost."""


@dataclass(frozen=True, slots=True)
class Reported:
    """When a region's agent last reported, how many stacks it counted, and how many of them home has recorded."""

    at: datetime
    counted: int
    recorded: int


Reports = Callable[[str, str], Reported | None]
"""Tells what an account and region last reported; None where it never did."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Findings that count, and why others do not yet. `pending` are the places of those."""

    counted: tuple[Finding, ...]
    reasons: tuple[str, ...]
    pending: frozenset[Place] = field(default_factory=frozenset)


def judged(
    found: Iterable[tuple[Place, Finding]], actuals: Iterable[Actual], ended_at: datetime, reports: Reports
) -> Judged:
    """Part findings, each with its stack's place, by whether that stack was looked at after the deployment ended."""
    looked = {actual.place for actual in actuals if actual.observed_at and actual.observed_at > ended_at}
    counted, reasons, pending = list[Finding](), dict[str, None](), set[Place]()
    for place, finding in found:
        account, region, _ = place
        reason = "" if place in looked else lacking(account, region, reports(account, region), ended_at)
        if reason:
            reasons[reason] = None
            pending.add(place)
        else:
            counted.append(finding)
    return Judged(tuple(counted), tuple(reasons), frozenset(pending))


def lacking(account: str, region: str, reported: Reported | None, ended_at: datetime) -> str:
    """Return why nobody can tell yet what runs in a region since a deployment ended; empty where it can be told.

    An agent says first which stacks exist and then what they are, so that a new one is counted before it is recorded.
    """
    agent = f"the agent of {account} {region}"
    if reported is None or reported.at <= ended_at + MARGIN:
        return f"{agent} has not reported since the deployment ended"
    if reported.recorded < reported.counted and reported.at <= ended_at + PATIENCE:
        return f"{agent} counted {reported.counted} stacks, and {reported.recorded} of them are recorded"
    return ""
