"""What home recorded of a release in the environment that it comes from, and in the one that it would enter. I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pipelines.configuration import Manifest
from pipelines.drift_age import KEEPS, verdict
from pipelines.promotion.evidence import Begun, Source, Target
from pipelines.promotion.gates.gate import SKEW
from pipelines.state.records import EnvironmentRelease, StackState
from pipelines.state.sequence import DELETED
from pipelines.state.store import DriftMarker, StateStore


def source_of(
    table: StateStore, workload: str, environment: str, tag: str, names: Iterable[str], now: datetime
) -> Source:
    """Return what is recorded of a workload where a release comes from.

    `names` are CloudFormation's names of the stacks that the release has there: of one that nobody ever observed, or
    whose last detection no longer holds, nobody knows whether it drifted (REQ-C4).
    """
    marker = table.drift_marker(workload, environment)
    states = _states(table, workload, environment)
    drifted = _drifted(marker, states)
    check = table.check(workload, environment)
    return Source(
        release=table.release(workload, tag, environment),
        latest=table.latest_environment_release(workload, environment),
        drifted=drifted,
        unsure=_unsure(states, names, drifted, now),
        drift_changed_at=marker.changed_at,
        touched_at=_touched_at(table, workload, environment, states),
        check=check,
        failed_at=check.failed_at if check else None,
    )


def target_of(
    table: StateStore,
    manifest: Manifest,
    environments: Iterable[str],
    acknowledged: Iterable[str],
    now: datetime,
    begun: Begun | None = None,
) -> Target:
    """Return what is known of a workload where the release of `manifest` would go; `begun` is what is carried on."""
    workload, environment = manifest.workload, manifest.environment
    marker = table.drift_marker(workload, environment)
    rejected: Mapping[tuple[str, int], EnvironmentRelease] = {
        (one.environment, one.number): one
        for place in environments
        for one in table.environment_releases(workload, place, None if place == environment else _passed_over)
        if one.tag == manifest.tag and one.state == "rolled_back"
    }
    states = _states(table, workload, environment)
    drifted = _drifted(marker, states)
    return Target(
        digest=manifest.digest,
        latest=table.latest_environment_release(workload, environment),
        drifted=drifted,
        unsure=_unsure(states, (), drifted, now),
        acknowledged=tuple(acknowledged),
        lock=table.lock(workload, environment, now),
        rejected=tuple(rejected.values()),
        changed=_changed(states, manifest, begun, now) if begun else (),
    )


def _changed(
    states: Iterable[StackState], manifest: Manifest, begun: Begun, now: datetime
) -> tuple[str, ...]:
    """Return the stacks that a run of this release changed, by their tags, as long as a detection may be late."""
    release, since = (manifest.tag, manifest.commit), begun.at - SKEW
    those = (one for one in states if (one.version, one.commit) == release and one.operation_at >= since)
    return tuple(sorted(one.key.stack for one in those if now - one.operation_at <= KEEPS))


def _passed_over(what: str) -> None:
    """Leave out what is no record in an environment that this is not about: who deploys there writes it."""


def _states(table: StateStore, workload: str, environment: str) -> list[StackState]:
    """Return the stacks that stand, as the agents saw them."""
    return [state for state in table.states(environment, workload) if state.status != DELETED]


def _touched_at(
    table: StateStore, workload: str, environment: str, states: Iterable[StackState]
) -> datetime | None:
    """Return when a stack was last touched: by the marker, which knows deleted ones too, or by the stacks."""
    marked = table.touched_at(workload, environment)
    return max([state.operation_at for state in states] + ([marked] if marked else []), default=None)


def _drifted(marker: DriftMarker, states: Iterable[StackState]) -> tuple[str, ...]:
    """Return the stacks with open drift: by the marker, which who deploys there may write, or by their own states."""
    own = {state.key.stack for state in states if state.drift is not None and state.drift.status == "drifted"}
    return tuple(sorted(own | {key.stack for key in marker.drifted}))


def _unsure(
    states: Iterable[StackState], names: Iterable[str], drifted: Iterable[str], now: datetime
) -> tuple[str, ...]:
    """Return the stacks of which nobody knows whether they drifted: those that stand, and those that should."""
    known = {state.key.stack: verdict(state, now) for state in states}
    sure = {name for name, said in known.items() if said in ("in_sync", "drifted")}
    return tuple(sorted({*names, *known} - sure - set(drifted)))
