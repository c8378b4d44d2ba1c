"""Calls that fail as a whole, before or after their effect: nothing lost, nothing twice (REQ-C2, REQ-C4, REQ-C5)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.unit.tracking.test_events import FINDING, drift

from .home import KEY, Home, home

__all__ = ["home"]


FAULTS = {
    "throttled": (400, "ThrottlingException"),
    "expired": (400, "ExpiredTokenException"),
    "unavailable": (500, "InternalServerError"),
    "timed out": ReadTimeoutError(endpoint_url="https://dynamodb"),
}


@pytest.mark.parametrize("when", ["fault", "after"], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_loses_nothing_and_announces_nothing_twice(
    home: Home, fault: str, when: str
) -> None:
    """Each call in turn fails once, also after it took effect; the queue and the stream deliver again."""
    home.cloud.create("lockstep-dev-orders-queue")
    home.cloud.update("lockstep-dev-orders-queue", "v2.0.0", fails=True)
    home.agent.reconcile(full=True)
    stack = home.cloud.stacks["lockstep-dev-orders-queue"]["StackId"]
    bodies = [*home.agent.bus.bodies, json.dumps(drift(status="drifted", findings=[FINDING], stack_id=stack))]
    failing = 0
    while True:
        home.table.create()
        home.sns.published.clear()
        home._announced = 0
        left = [failing]

        def once(_operation: str, left: list[int] = left) -> Any:
            left[0] -= 1
            return FAULTS[fault] if left[0] == -1 else None

        setattr(home.table, when, once)
        waiting = list(bodies)
        for _ in range(4):
            waiting = home.track(*waiting)
            home.announce()
        reached = left[0] >= 0
        setattr(home.table, when, lambda _operation: None)
        assert waiting == []
        state = home.store.state(KEY)
        assert state is not None
        assert state.status == "UPDATE_ROLLBACK_COMPLETE"
        assert state.drift is not None
        assert {alert.kind for alert in home.store.alerts()} == {"deployment", "drift"}
        # Between publish and mark alone a fault announces again, under the same id: receivers drop the second.
        ids = home.sns.ids()
        assert len(set(ids)) == 2
        assert len(ids) == 2 or len(ids) == 3
        if len(ids) == 3:
            assert when == "fault"
        if reached:
            break
        failing += 1
    assert failing > 10
