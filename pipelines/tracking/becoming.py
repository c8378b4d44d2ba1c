"""What a stack is now, into the table, with the alert that follows from it (REQ-C2, REQ-C4)."""

from __future__ import annotations

from pipelines.state.records import StackState
from pipelines.state.sequence import DELETED
from pipelines.state.store import StateStore

from .alerts import GOOD, deployment_alert, fingerprint, is_bad
from .history import with_reason


def become(store: StateStore, state: StackState) -> bool:
    """Make this the current state, and alert of it if it is, also when a first attempt ended in between.

    Returns whether the state is new. Raises botocore's errors of the table.
    """
    recorded = store.record_state(state)
    if not state.key.is_ours or not (is_bad(state.status) or state.status in GOOD):
        return recorded
    if not recorded and not _is_left_out(store, state):
        return False
    if is_bad(state.status):
        store.raise_alert(deployment_alert(with_reason(store, state)))
    else:
        store.resolve_alert(fingerprint("deployment", state.key), state.operation_at)
    if state.status == DELETED:
        # What does not exist has no drift; the detection may have been after the last known operation.
        store.resolve_alert(fingerprint("drift", state.key), max(state.observed_at, state.operation_at))
    return recorded


def _is_left_out(store: StateStore, state: StackState) -> bool:
    """Whether a state that is known already still has its alert to come or to go, as after a crash in between.

    The alert is read first: nearly always it is as it should be, and that one read is all.
    """
    alert = store.alert(fingerprint("deployment", state.key))
    standing = alert.digest if alert and alert.is_open else ""
    wanted = deployment_alert(state).digest if is_bad(state.status) else ""
    if standing == wanted and state.status != DELETED:
        return False
    current = store.state(state.key)
    return current is not None and current.observed_seq == state.observed_seq
