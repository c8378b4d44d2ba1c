"""What home recorded of a release in the environment that it comes from, and in the one that it would enter. I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pipelines.configuration import Manifest
from pipelines.drift_age import verdict
from pipelines.promotion.evidence import Source, Target
from pipelines.state.records import EnvironmentRelease
from pipelines.state.sequence import DELETED
from pipelines.state.store import StateStore


def source_of(
    table: StateStore, workload: str, environment: str, tag: str, names: Iterable[str], now: datetime
) -> Source:
    """Return what is recorded of a workload where a release comes from.

    `names` are CloudFormation's names of the stacks that the release has there: of one that nobody ever observed, or
    whose last detection no longer holds, nobody knows whether it drifted (REQ-C4).
    """
    marker = table.drift_marker(workload, environment)
    drifted = tuple(sorted(key.stack for key in marker.drifted))
    check = table.check(workload, environment)
    return Source(
        release=table.release(workload, tag, environment),
        latest=table.latest_environment_release(workload, environment),
        drifted=drifted,
        unsure=_unsure(table, workload, environment, names, drifted, now),
        drift_changed_at=marker.changed_at,
        check=check,
        failed_at=check.failed_at if check else None,
    )


def target_of(
    table: StateStore,
    manifest: Manifest,
    environments: Iterable[str],
    acknowledged: Iterable[str],
    now: datetime,
) -> Target:
    """Return what is known of a workload where the release of `manifest` would go."""
    workload, environment = manifest.workload, manifest.environment
    marker = table.drift_marker(workload, environment)
    rejected: Mapping[tuple[str, int], EnvironmentRelease] = {
        (one.environment, one.number): one
        for place in environments
        for one in table.environment_releases(workload, place)
        if one.tag == manifest.tag and one.state == "rolled_back"
    }
    drifted = tuple(sorted(key.stack for key in marker.drifted))
    return Target(
        digest=manifest.digest,
        latest=table.latest_environment_release(workload, environment),
        drifted=drifted,
        unsure=_unsure(table, workload, environment, (), drifted, now),
        acknowledged=tuple(acknowledged),
        lock=table.lock(workload, environment, now),
        rejected=tuple(rejected.values()),
    )


def _unsure(
    table: StateStore,
    workload: str,
    environment: str,
    names: Iterable[str],
    drifted: Iterable[str],
    now: datetime,
) -> tuple[str, ...]:
    """Return the stacks of which nobody knows whether they drifted: those that stand, and those that should."""
    states = {
        state.key.stack: state for state in table.states(environment, workload) if state.status != DELETED
    }
    sure = {name for name, state in states.items() if verdict(state, now) in ("in_sync", "drifted")}
    return tuple(sorted({*names, *states} - sure - set(drifted)))
