"""What the history of a stack says of an operation that went wrong (REQ-C2, REQ-C5)."""

from __future__ import annotations

from dataclasses import replace

from pipelines.state.records import StackState
from pipelines.state.store import StateStore

from .alerts import is_bad

_TELLS_WHY = ("_FAILED", "ROLLBACK_IN_PROGRESS")


def with_reason(store: StateStore, state: StackState) -> StackState:
    """Return a state with the reason of its operation, from history where it has none. At most one read.

    DescribeStacks gives the status in which a rollback ends no reason of its own: the one in which it began has it.
    """
    if state.reason or not is_bad(state.status):
        return state
    # Events have whole seconds.
    began = state.operation_at.replace(microsecond=0)
    for event in store.events(state.key):
        if event.time < began:
            break
        if event.reason and event.status.endswith(_TELLS_WHY):
            return replace(state, reason=event.reason)
    return state
