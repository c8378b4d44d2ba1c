"""What home writes for an event, decided from the event and from which account belongs to which environment. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.state.keys import FOREIGN
from pipelines.state.records import (
    DriftFinding,
    DriftSummary,
    PropertyDrift,
    StackEvent,
    StackKey,
    StackState,
)
from pipelines.state.sequence import DELETED, observed_seq

from .drift_report import DriftReport
from .events import Envelope, StackObserved
from .observation import SOURCE, CensusPart, Observation
from .observe import is_ours

_WORKLOAD = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Accounts:
    """Which accounts each environment may use."""

    by_environment: Mapping[str, frozenset[str]]

    def environments_of(self, account: str) -> tuple[str, ...]:
        """Return the environments of an account, several where they share it, none where it is foreign."""
        return tuple(name for name, accounts in self.by_environment.items() if account in accounts)


class RefusedError(Exception):
    """An event is what it says, and may not be recorded: says why."""


def expect_account(envelope: Envelope, accounts: Accounts) -> None:
    """Raise RefusedError for an event of an account that belongs to no environment."""
    if not accounts.environments_of(envelope.account):
        raise RefusedError("the account belongs to no environment")


def stack_key(envelope: Envelope, name: str, tags: Mapping[str, str], accounts: Accounts) -> StackKey:
    """Return which stack it is, by its tags; `-` for workload and environment where it is not ours.

    Raises RefusedError where the tags name an environment that the account does not belong to: whoever may tag a
    stack in dev must not pass for prod.
    """
    expect_account(envelope, accounts)
    if not is_ours(tags):
        return StackKey(FOREIGN, FOREIGN, envelope.account, envelope.region, name)
    environment, workload = tags.get("Environment", ""), tags.get("Workload", "")
    if environment not in accounts.environments_of(envelope.account):
        raise RefusedError("the tag Environment names an environment that the account does not belong to")
    if not _WORKLOAD.fullmatch(workload):
        raise RefusedError("the tag Workload does not have the form of a workload's name")
    return StackKey(workload, environment, envelope.account, envelope.region, name)


def state_of(key: StackKey, observed: Observation, recorded_at: datetime) -> StackState:
    """Return the state that an observation tells."""
    return StackState(
        key=key,
        stack_id=observed.stack_id,
        status=observed.status,
        reason=observed.reason,
        version=observed.tags.get("Version", ""),
        commit=observed.tags.get("SourceCommit", ""),
        released_at=observed.tags.get("DeployedAt", ""),
        operation_at=observed.operation_at,
        observed_at=observed.observed_at,
        recorded_at=recorded_at,
        observed_seq=observed_seq(observed.operation_at, observed.status, observed.stack_id),
        template_digest=observed.template_digest,
        digest=observed.digest,
        parameters=observed.parameters,
        tags=observed.tags,
    )


def trigger_of(key: StackKey, event: StackObserved) -> StackEvent | None:
    """Return the history that an observation brings: the event of CloudFormation's that the agent looked for."""
    trigger = event.observation.trigger
    if trigger is None:
        return None
    source = "aws.cloudformation" if trigger.detail_type.startswith("CloudFormation") else SOURCE
    return StackEvent(
        key, trigger.event_id, trigger.time, trigger.status, trigger.reason, trigger.detail_type, source
    )


def deleted(state: StackState, at: datetime, reason: str) -> StackState:
    """Return the state of a stack that is gone without an event that says so.

    It keeps the time of the last known operation: a true deletion, or a new stack of the name, comes after it.
    """
    return replace(
        state,
        status=DELETED,
        reason=reason,
        observed_at=at,
        recorded_at=at,
        observed_seq=observed_seq(state.operation_at, DELETED, state.stack_id),
    )


GONE = "gone without an event: the census of the region does not name it"
MOVED = "its tags name another workload or environment now"


def departed(known: Iterable[StackState], census: CensusPart) -> tuple[tuple[StackState, str], ...]:
    """Return the stacks of a census' part that are not there any more, each with the reason.

    What was observed after the census began says nothing of: it may be newer than the list.
    """
    live = [state for state in known if state.status != DELETED]
    latest: dict[str, str] = {}
    for state in live:
        latest[state.key.stack] = max(latest.get(state.key.stack, ""), state.observed_seq)
    gone = list[tuple[StackState, str]]()
    for state in live:
        if state.key.stack not in census.names:
            if state.observed_at < census.observed_at:
                gone.append((state, GONE))
        elif state.observed_seq < latest[state.key.stack]:
            gone.append((state, MOVED))
    return tuple(gone)


def drift_records(key: StackKey, report: DriftReport) -> tuple[DriftSummary, tuple[DriftFinding, ...]]:
    """Return the summary and the findings of a drift report, also those that the reviewed list excuses."""
    summary = DriftSummary(
        detection_id=report.detection_id,
        status=report.status,
        checked=report.checked,
        unsupported=report.unsupported,
        failed=report.failed,
        findings=len(report.findings),
        detected_at=report.detected_at,
        digest=report.digest,
    )

    def finding(
        logical_id: str, known: str | None, properties: tuple[PropertyDrift, ...], kind: str, at: str
    ) -> DriftFinding:
        return DriftFinding(
            key=key,
            detection_id=report.detection_id,
            logical_id=logical_id,
            resource_type=kind,
            physical_id=at,
            kind="MODIFIED",
            properties=properties,
            known_reason=known,
            detected_at=report.detected_at,
        )

    found = {
        each.logical_id: replace(
            finding(each.logical_id, None, each.properties, each.type, each.physical_id), kind=each.kind
        )
        for each in report.findings
    }
    for each in report.known:
        before = found.get(each.logical_id)
        if before is None or before.known_reason is not None:
            paths = before.properties if before else ()
            excused = PropertyDrift(each.path, None, None, "NOT_EQUAL")
            found[each.logical_id] = finding(each.logical_id, each.reason, (*paths, excused), "", "")
    return summary, tuple(found.values())
