"""What the reconciler measures: how old reports are, drift, differences between environments (REQ-C9). Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pipelines.state.records import Check, StackState
from pipelines.state.sequence import DELETED

from .silence import Watched


@dataclass(frozen=True, slots=True)
class Gauge:
    """One measured value with its dimensions."""

    name: str
    value: float
    unit: str
    dimensions: tuple[tuple[str, str], ...]


def sync_gauges(places: Iterable[Watched], now: datetime) -> Iterator[Gauge]:
    """Measure how old the oldest report of each environment is, and count the regions that are silent."""
    ages, silent = defaultdict[str, list[float]](list), 0
    for place in places:
        silent += place.is_silent(now)
        for environment in place.environments:
            ages[environment].append((now - place.since).total_seconds())
    for environment, found in sorted(ages.items()):
        dimensions = (("Environment", environment),)
        yield Gauge("LastSuccessfulSyncAgeSeconds", max(0.0, *found), "Seconds", dimensions)
    yield Gauge("RegionsSilent", silent, "Count", ())


def unreadable_gauges(unreadable: Iterable[tuple[str, str]]) -> Iterator[Gauge]:
    """Count what cannot be read of each environment's own records, of those where something cannot."""
    for environment, count in sorted(Counter(name for name, _ in unreadable).items()):
        yield Gauge("RecordsUnreadable", count, "Count", (("Environment", environment),))


def drift_gauges(states: Iterable[StackState]) -> Iterator[Gauge]:
    """Count drifted stacks, drifted resources and resources without cover, by environment and workload."""
    counts = defaultdict[tuple[str, str], list[int]](lambda: [0, 0, 0])
    for state in states:
        if not state.key.is_ours or state.status == DELETED:
            continue
        found = counts[state.key.environment, state.key.workload]
        if drift := state.drift:
            found[0] += drift.status == "drifted"
            found[1] += drift.findings
            found[2] += len(drift.unsupported) + len(drift.failed)
    for (environment, workload), values in sorted(counts.items()):
        dimensions = (("Environment", environment), ("Workload", workload))
        for name, value in zip(("StacksDrifted", "DriftFindings", "DriftUncovered"), values, strict=True):
            yield Gauge(name, value, "Count", dimensions)


def difference_gauge(check: Check) -> Gauge:
    """Count the differences between environments of an environment's last consistency check.

    What differs from the release itself is there too, under the check `consistency`.
    """
    count = sum(found.get("check") != "consistency" for found in check.findings)
    dimensions = (("Environment", check.environment), ("Workload", check.workload))
    return Gauge("DifferencesBetweenEnvironments", count, "Count", dimensions)
