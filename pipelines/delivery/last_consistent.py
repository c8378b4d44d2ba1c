"""The last release that every environment ran, verified, and without drift (REQ-R1). Pure.

A release counts where it came in through the gates, so that it was verified, where it was never rolled back, and where
no detection found drift while it was the last deployment. Of the releases that count everywhere the newest is the one
that was good everywhere last, for the first time: one that came back later is no newer for that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from pipelines.state.records import EnvironmentRelease


@dataclass(frozen=True, slots=True)
class Past:
    """What one workload of one environment went through: its deployments, and when drift was found, in any order."""

    deployments: Sequence[EnvironmentRelease]
    drifted_at: Collection[datetime]


def last_consistent(pasts: Iterable[Past]) -> str:
    """Return the tag of the last consistent release; empty where there is none.

    `pasts` are those of every workload of every environment.
    """
    everywhere = [good_since(past) for past in pasts]
    if not everywhere:
        return ""
    common = set(everywhere[0]).intersection(*everywhere[1:])
    return max(common, key=lambda tag: (max(each[tag] for each in everywhere), tag), default="")


def good_since(past: Past) -> Mapping[str, datetime]:
    """Return the releases that count in one place, each with the time of its first success there."""
    bad = {one.tag for one in past.deployments if one.state == "rolled_back"}
    bad |= {
        one.tag for one, until in stays(past.deployments) if _drifted(past.drifted_at, one.started_at, until)
    }
    found: dict[str, datetime] = {}
    for one in past.deployments:
        if one.state == "succeeded" and one.ended_at is not None and one.decision and one.tag not in bad:
            found[one.tag] = min(one.ended_at, found.get(one.tag, one.ended_at))
    return found


def stays(
    deployments: Iterable[EnvironmentRelease],
) -> Iterator[tuple[EnvironmentRelease, datetime | None]]:
    """Return each deployment with when the next one began, None for the last: so long it was the latest."""
    ordered = sorted(deployments, key=lambda one: one.number)
    ends = [one.started_at for one in ordered[1:]]
    return zip_longest(ordered, ends)


def _drifted(moments: Iterable[datetime], begin: datetime, end: datetime | None) -> bool:
    return any(begin <= moment and (end is None or moment < end) for moment in moments)
