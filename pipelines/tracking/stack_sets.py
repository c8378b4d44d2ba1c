"""Operations on StackSets: where and why one failed, and when all is right again (REQ-C4, REQ-C5, REQ-C10). Pure.

CloudFormation's event of an operation gives no reason and no place: the events of its instances do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from pipelines.state.keys import FOREIGN
from pipelines.state.records import Alert, StackEvent, StackKey, StackState
from pipelines.state.times import timestamp

from .alerts import GOOD, NAMED, alert_on, fingerprint, is_bad
from .events import STACK_INSTANCE, STACK_SET_OPERATION, StackSetChanged

STACK_SET = "stackset:"
"""Begins the name under which the history of a StackSet is kept."""
ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED"})
"""Statuses in which an operation on a StackSet ends (CloudFormation API reference, StackSetOperation)."""
_CANCELLED = "CANCELLED"
_NOT_FAILED = frozenset({"PENDING", "RUNNING", "SUCCEEDED", ""})
"""Detailed statuses of an instance that is on its way, or there (API reference, StackInstanceComprehensiveStatus)."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A stack instance that an operation did not bring up to date: failed there, or cancelled before it came there."""

    account: str
    region: str
    status: str
    reason: str


def said_of(event: StackSetChanged) -> str:
    """Return the reason that the history of a StackSet keeps of an event: of an instance with its place and status."""
    if event.instance is None:
        return event.reason
    place = f"{event.instance.account} {event.instance.region} {event.detailed_status or event.status}"
    return f"{place}: {event.reason}"


def failed_instances(history: Iterable[StackEvent], ended: StackEvent) -> tuple[Instance, ...]:
    """Return the instances that an operation did not bring up to date. `history` is the StackSet's, newest first.

    An operation is all that happened since the one before it ended; of each instance the last word counts.
    """
    last: dict[tuple[str, str], Instance] = {}
    for event in history:
        if event.time > ended.time or event.event_id == ended.event_id:
            continue
        if event.detail_type == STACK_SET_OPERATION and event.status in ENDED:
            break
        place, _, reason = event.reason.partition(": ")
        match event.detail_type, place.split(" "):
            case (kind, [account, region, status]) if kind == STACK_INSTANCE:
                last.setdefault((account, region), Instance(account, region, status, reason))
    return tuple(last[place] for place in sorted(last) if last[place].status not in _NOT_FAILED)


def stack_set_alert(
    key: StackKey, environment: str, arn: str, ended: StackEvent, instances: Sequence[Instance]
) -> Alert:
    """Return the alert of an operation on a StackSet that failed. `key` is that of the StackSet's history.

    The name of a StackSet begins with environment and workload, as every physical name does.
    """
    name, prefix = key.stack.removeprefix(STACK_SET), f"{environment}-"
    workload = name.removeprefix(prefix).partition("-")[0] if name.startswith(prefix) else FOREIGN
    where = ", ".join(sorted({each.region for each in instances if each.status != _CANCELLED}))
    lines = [
        f"- {each.region} of {each.account} {each.status.lower()}: {each.reason or 'no reason given'}"
        for each in instances[:NAMED]
    ]
    lines += [f"- and {len(instances) - NAMED} more"] if len(instances) > NAMED else []
    none = (
        [] if instances else ["No event of an instance says why: the runbook says how to ask CloudFormation."]
    )
    return alert_on(
        kind="deployment",
        key=StackKey(workload or FOREIGN, environment, key.account, key.region, key.stack),
        severity="critical",
        at=ended.time,
        subject=f"StackSet {name} {ended.status.lower()}" + (f" in {where}" if where else ""),
        text="\n".join([f"An operation on StackSet {name} ended as {ended.status}.", *lines, *none]),
        # The instances are left out: their events may come after the operation's, and are no other failure.
        digest_of=[ended.status, timestamp(ended.time)],
        detail={
            "stack_set": name,
            "stack_set_arn": arn,
            "status": ended.status,
            "instances": [asdict(each) for each in instances[:NAMED]],
        },
        name=fingerprint("deployment", key),
    )


def stack_set_key(alert: Alert) -> StackKey | None:
    """Return the key of a StackSet's history from its alert; None for an alert of something else."""
    kind, *parts = alert.fingerprint.split(":", 5)
    is_one = kind == "deployment" and len(parts) == 5 and parts[4].startswith(STACK_SET)
    return StackKey(*parts) if is_one else None


def last_ended(history: Iterable[StackEvent]) -> StackEvent | None:
    """Return the last end of an operation on a StackSet. `history`: newest first."""
    ends = (each for each in history if each.detail_type == STACK_SET_OPERATION and each.status in ENDED)
    return next(ends, None)


def owners(states: Iterable[StackState], key: StackKey) -> tuple[StackState, ...]:
    """Return the stacks that may own a StackSet, by its key: those beside it whose workload its name begins with."""
    name = key.stack.removeprefix(STACK_SET)
    return tuple(
        state
        for state in states
        if (state.key.account, state.key.region) == (key.account, key.region)
        and name.startswith(f"{state.key.environment}-{state.key.workload}-")
    )


def is_taken_back(owners: Iterable[StackState]) -> bool:
    """Whether a stack is rolled back or failed: then the operation that succeeds may be the way back, no success.

    No event says which stack owns a StackSet, nor that an operation is a rollback's.
    """
    return any(is_bad(state.status) or "ROLLBACK" in state.status for state in owners)


def are_good(owners: Iterable[StackState]) -> bool:
    """Whether the last operation on each of the stacks succeeded: then what succeeded last was no way back."""
    return all(state.status in GOOD for state in owners)
