"""Recording events at home: idempotent under repetition, disorder and delay (REQ-C2, REQ-C4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipelines.state.keys import FOREIGN
from pipelines.state.records import Census, StackEvent, StackKey, StackState
from pipelines.state.store import StateStore

from .becoming import become
from .drift_alert import drift_alert
from .events import (
    CensusTaken,
    DriftReported,
    Envelope,
    Event,
    Refused,
    StackChanged,
    StackObserved,
    StackSetChanged,
    read_event,
)
from .refusals import EXCERPT, refusal_of
from .stack_set_ends import stack_set_ended
from .stack_sets import ENDED, STACK_SET, said_of
from .track import (
    Accounts,
    RefusedError,
    deleted,
    departed,
    drift_records,
    expect_account,
    stack_key,
    state_of,
    trigger_of,
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one event did: the metric that counts it, for which environment, what was refused, how old it was.

    `rolled_back` is the workload whose stack it told to be rolled back, once; empty for all else.
    """

    metric: str
    environment: str = FOREIGN
    reason: str = ""
    lag: timedelta | None = None
    gone: int = 0
    unknown: int = 0
    rolled_back: str = ""


class Recorder:
    """Writes what events tell into the state table; `clock` tells the present time."""

    def __init__(self, store: StateStore, accounts: Accounts, clock: Callable[[], datetime]) -> None:
        self._store, self._accounts, self._clock = store, accounts, clock

    def record(self, body: str, sent_at: datetime | None = None) -> Effect:
        """Record one message of the queue, sent there at `sent_at`, or refuse it with a reason.

        Each step may be repeated, so that a message that failed half-way is simply delivered again. Raises botocore's
        errors and ContentionError, for which that is the answer; never for what the message says.
        """
        event = read_event(body)
        if isinstance(event, Refused):
            return self._refuse(event, body, sent_at)
        try:
            expect_account(event.envelope, self._accounts)
            effect = self._apply(event)
        except RefusedError as error:
            return self._refuse(Refused(str(error), body[:EXCERPT], event.envelope), body, sent_at)
        return replace(effect, lag=self._clock() - event.envelope.time)

    def _apply(self, event: Event) -> Effect:
        if isinstance(event, StackObserved):
            return self._observed(event)
        if isinstance(event, StackChanged):
            return self._changed(event)
        if isinstance(event, CensusTaken):
            return self._census(event)
        if isinstance(event, DriftReported):
            return self._drift(event)
        return self._stack_set(event)

    def _refuse(self, refused: Refused, body: str, sent_at: datetime | None) -> Effect:
        self._store.record_refusal(refusal_of(refused, body, sent_at or self._clock()))
        return Effect("EventsRefused", reason=refused.reason)

    def _observed(self, event: StackObserved) -> Effect:
        observed = event.observation
        known = None
        if observed.status.startswith("DELETE_") and not observed.tags:
            known = self._find(event.envelope, observed.name, observed.stack_id)
        key = known.key if known else stack_key(event.envelope, observed.name, observed.tags, self._accounts)
        state = state_of(key, observed, self._clock())
        if known:
            state = replace(
                state,
                tags=known.tags,
                version=known.version,
                commit=known.commit,
                released_at=known.released_at,
            )
        if history := trigger_of(key, event):
            self._store.record_event(history)
        recorded = become(self._store, state)
        rolled_back = recorded and key.is_ours and state.status.endswith("ROLLBACK_COMPLETE")
        return Effect(
            "EventsRecorded" if recorded else "EventsRepeated",
            key.environment,
            rolled_back=key.workload if rolled_back else "",
        )

    def _changed(self, event: StackChanged) -> Effect:
        """Keep CloudFormation's own event as history. What the stack is now, the agent's observation tells."""
        known = self._find(event.envelope, event.stack.name, event.stack.text)
        if known is None:
            return Effect("EventsUnmatched")
        return self._history(known.key, event.envelope, event.status, event.reason)

    def _history(self, key: StackKey, envelope: Envelope, status: str, reason: str) -> Effect:
        recorded = self._store.record_event(_event(key, envelope, status, reason))
        return Effect("EventsRecorded" if recorded else "EventsRepeated", key.environment)

    def _find(self, envelope: Envelope, name: str, stack_id: str) -> StackState | None:
        """Return the latest state of that name in the event's region, that of the very stack if there is one."""
        found = [
            state
            for state in self._store.states_in(envelope.account, envelope.region, name[:-1], name)
            if state.key.stack == name
        ]
        return max(found, key=lambda state: (state.stack_id == stack_id, state.observed_seq), default=None)

    def _census(self, event: CensusTaken) -> Effect:
        census, place = event.census, event.envelope
        known = list(self._store.states_in(place.account, place.region, census.after, census.upto))
        gone = departed(known, census)
        for state, reason in gone:
            become(self._store, deleted(state, census.observed_at, reason))
        stacks = self._store.gather_census(
            (place.account, place.region), census.observed_at, (census.part, census.parts), len(census.names)
        )
        # The region has reported once all its parts came: one that is lost may name anything.
        if stacks is not None:
            self._store.record_census(Census(place.account, place.region, census.observed_at, stacks))
        unknown = set(census.names) - {state.key.stack for state in known}
        return Effect("CensusesRecorded", gone=len(gone), unknown=len(unknown))

    def _drift(self, event: DriftReported) -> Effect:
        report = event.report
        key = stack_key(event.envelope, report.name, report.tags, self._accounts)
        summary, findings = drift_records(key, report)
        alert = None
        if key.is_ours and report.status in ("drifted", "in_sync"):
            alert = drift_alert(key, report)
            alert = alert if report.status == "drifted" else replace(alert, state="resolved")
        done = self._store.record_drift(key, summary, findings, alert, stack_id=report.stack_id)
        return Effect("EventsRecorded" if done.recorded else "EventsRepeated", key.environment)

    def _stack_set(self, event: StackSetChanged) -> Effect:
        place, name = event.envelope, event.stack_set.name
        key = StackKey(FOREIGN, FOREIGN, place.account, place.region, f"{STACK_SET}{name}")
        effect = self._history(key, place, event.status, said_of(event))
        if event.instance is None and event.status in ENDED:
            ended = _event(key, place, event.status, event.reason)
            stack_set_ended(self._store, self._accounts, event, ended)
        return effect


def _event(key: StackKey, envelope: Envelope, status: str, reason: str) -> StackEvent:
    return StackEvent(
        key, envelope.event_id, envelope.time, status, reason, envelope.detail_type, envelope.source
    )
