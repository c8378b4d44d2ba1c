"""What home does every 15 minutes: notice silence, end what is stuck, repair alerts, and measure (REQ-C2, C4, C9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipelines.state.keys import StackKey
from pipelines.state.records import (
    Alert,
    AlertKind,
    DriftSummary,
    EnvironmentRelease,
    StackState,
    Uncovered,
)
from pipelines.state.sequence import DELETED
from pipelines.state.store import StateStore

from .alerts import GOOD, deployment_alert, fingerprint, is_bad
from .gauges import Gauge, difference_gauge, drift_gauges, sync_gauges, unreadable_gauges
from .history import with_reason
from .silence import SHARED, Watched, agent_places, silence_alert, silence_fingerprint, watched
from .stack_sets import are_good, last_ended, owners, stack_set_key
from .track import Accounts

AGENTS = "control"
"""The workload whose deployments bring agents."""
STUCK_AFTER = timedelta(hours=1)
SETTLE_SECONDS = 30.0
"""An alert that the stream did not announce meanwhile is announced from here."""

_OF_STACKS: tuple[AlertKind, AlertKind] = ("deployment", "drift")
STUCK = "drift detection did not end within an hour"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one pass found and did. `unreadable` has environments, each with a record of its own that is none."""

    gauges: tuple[Gauge, ...]
    silent: tuple[str, ...] = ()
    stuck: int = 0
    repaired: int = 0
    announced: int = 0
    failed: tuple[str, ...] = field(default=())
    unreadable: tuple[tuple[str, str], ...] = ()


class Reconciler:
    """Repairs what events alone do not; `announce` publishes an alert that the stream did not."""

    def __init__(
        self,
        store: StateStore,
        accounts: Accounts,
        announce: Callable[[Alert], bool],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._store, self._accounts, self._clock, self._sleep = store, accounts, clock, sleep
        self._announce = announce

    def run(self) -> Outcome:
        """Do one pass. Every step may be repeated. Raises botocore's errors of the table."""
        now = self._clock()
        states, alerts = tuple(self._states()), tuple(self._store.alerts())
        unreadable = list[tuple[str, str]]()
        deployed = self._deployed(unreadable)
        places = tuple(watched(self._store.censuses(), self._accounts, deployed, alerts))
        silent = tuple(self._silence(places, alerts, now))
        stuck = sum(self._end_stuck(key, started, now) for key, started in tuple(self._store.started()))
        standing = {alert.fingerprint: alert.digest for alert in alerts}
        repaired = sum(self._repair(state, standing) for state in states)
        repaired += sum(self._repair_stack_set(alert, states) for alert in alerts)
        announced, failed = self._announce_again()
        gauges = (*sync_gauges(places, now), *drift_gauges(states), *self._differences(states))
        gauges += tuple(unreadable_gauges(unreadable))
        return Outcome(gauges, silent, stuck, repaired, announced, failed, tuple(unreadable))

    def _deployed(self, unreadable: list[tuple[str, str]]) -> dict[str, EnvironmentRelease]:
        """Return the last deployment of agents into each environment that succeeded.

        What is no record, or no place of the environment, is added to `unreadable`: one environment stops no other.
        """
        found: dict[str, EnvironmentRelease] = {}
        for environment in self._accounts.by_environment:
            if environment == SHARED:
                continue
            odd = list[str]()
            every = self._store.environment_releases(AGENTS, environment, odd.append)
            if last := next((x for x in every if x.state == "succeeded"), None):
                found[environment] = last
                known = set(agent_places(environment, last, self._accounts))
                odd += [place[:100] for place in last.places if tuple(place.split("/")) not in known]
            unreadable += [(environment, each) for each in odd]
        return found

    def _states(self) -> Iterator[StackState]:
        """Yield the states of our stacks without what no step needs: a table of thousands has to fit into memory."""
        for state in self._store.states():
            if state.key.is_ours:
                yield replace(state, parameters=None, tags={})

    def _silence(self, places: Iterable[Watched], alerts: Iterable[Alert], now: datetime) -> Iterator[str]:
        """Raise and resolve the alerts of regions, and yield those that are silent."""
        names = set[str]()
        for place in places:
            name = silence_fingerprint(place.account, place.region)
            names.add(name)
            if place.is_silent(now):
                self._store.raise_alert(silence_alert(place))
                yield f"{place.account} {place.region}"
            else:
                self._store.resolve_alert(name, place.since)
        for alert in alerts:
            if alert.kind == "silence" and alert.fingerprint not in names:
                # No agent is wanted there any more. Not resolved as of now: should one be wanted again and say
                # nothing, its last report is older than that.
                self._store.resolve_alert(alert.fingerprint, alert.changed_at)

    def _end_stuck(self, key: StackKey, started: DriftSummary, now: datetime) -> int:
        if now - started.detected_at < STUCK_AFTER:
            return 0
        failed = (Uncovered(key.stack, "AWS::CloudFormation::Stack", STUCK),)
        return self._store.record_drift(key, replace(started, status="unknown", failed=failed)).recorded

    def _repair(self, state: StackState, standing: Mapping[str, str]) -> int:
        """Bring a stack's open alerts to its state: two events at once, or a crash, can part them."""
        deployment, drift = (fingerprint(kind, state.key) for kind in _OF_STACKS)
        if is_bad(state.status):
            alert = deployment_alert(state)
            if standing.get(deployment) == alert.digest:
                return 0
            alert = deployment_alert(with_reason(self._store, state))
            return self._store.raise_alert(alert) is not None
        repaired = 0
        if state.status in GOOD and deployment in standing:
            repaired += self._store.resolve_alert(deployment, state.operation_at) is not None
        if state.status == DELETED and drift in standing:
            at = max(state.operation_at, state.observed_at)
            repaired += self._store.resolve_alert(drift, at) is not None
        return repaired

    def _repair_stack_set(self, alert: Alert, states: Iterable[StackState]) -> int:
        """End the alert of a StackSet whose success came while a stack was being rolled back, and stands by now."""
        key = stack_set_key(alert)
        if key is None or not are_good(owners(states, key)):
            return 0
        ended = last_ended(self._store.events(key))
        if ended is None or ended.status != "SUCCEEDED":
            return 0
        return self._store.resolve_alert(alert.fingerprint, ended.time) is not None

    def _announce_again(self) -> tuple[int, tuple[str, ...]]:
        """Announce what the stream did not, such as after SNS was down for long.

        The stream gets its time first, since both at once would announce twice.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        waiting = list(self._store.unannounced())
        if waiting:
            self._sleep(SETTLE_SECONDS)
        announced, failed = 0, list[str]()
        for alert in waiting:
            try:
                announced += self._announce(alert)
            except (BotoCoreError, ClientError):
                failed.append(alert.fingerprint)  # the next pass tries again
        return announced, tuple(failed)

    def _differences(self, states: Iterable[StackState]) -> Iterator[Gauge]:
        places = {(state.key.environment, state.key.workload) for state in states}
        for environment, workload in sorted(places):
            if check := self._store.check(workload, environment):
                yield difference_gauge(check)
