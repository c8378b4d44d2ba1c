"""Operations on StackSets as the tracker records them (REQ-C4, REQ-C5, REQ-C10)."""

from __future__ import annotations

from typing import Any

from tests.unit.tracking.cloud import DEV, REGION, event

from .home import Home, home

__all__ = ["home"]

SET = f"arn:aws:cloudformation:{REGION}:{DEV}:stackset/dev-control-agent:1"


def operation(status: str, minute: int) -> dict[str, Any]:
    detail = {"stack-set-arn": SET, "stack-set-operation-id": "1", "status-details": {"status": status}}
    raw = event("CloudFormation StackSet Operation Status Change", detail, event_id=f"id-{minute}")
    return {**raw, "time": f"2026-03-02T09:{minute}:00Z"}


def instance(region: str, detailed: str, reason: str, minute: int) -> dict[str, Any]:
    detail = {
        "stack-set-arn": SET,
        "stack-id": f"arn:aws:cloudformation:{region}:{DEV}:stack/StackSet-dev-control-agent-1/1",
        "action": "UPDATE",
        "status-details": {
            "status": "CURRENT" if detailed == "SUCCEEDED" else "OUTDATED",
            "status-reason": reason,
            "detailed-status": detailed,
        },
    }
    event_id = f"id-{region}-{detailed.lower()}-{minute}"
    raw = event("CloudFormation StackSet StackInstance Status Change", detail, event_id=event_id)
    return {**raw, "time": f"2026-03-02T09:{minute}:00Z"}


def test_a_failed_stack_set_is_announced_with_its_regions_and_reasons(home: Home) -> None:
    """REQ-C5, REQ-C10: of that operation, and of no other."""
    home.track(instance("eu-west-1", "FAILED", "long ago", 30), operation("FAILED", 31))
    home.track(
        instance("us-east-2", "RUNNING", "", 32),
        instance("us-east-2", "SUCCEEDED", "", 33),
        instance("us-west-2", "RUNNING", "", 33),
        instance("us-west-2", "FAILED", "Queue: access: denied", 34),
        instance("ap-south-1", "CANCELLED", "Cancelled since failure tolerance has exceeded", 34),
        operation("FAILED", 35),
    )
    (alert,) = home.store.alerts()
    assert (alert.environment, alert.workload) == ("dev", "control")
    assert alert.subject == "StackSet dev-control-agent failed in us-west-2"
    assert alert.text.splitlines()[1:] == [
        f"- ap-south-1 of {DEV} cancelled: Cancelled since failure tolerance has exceeded",
        f"- us-west-2 of {DEV} failed: Queue: access: denied",
    ]
    home.announce()
    said = home.sns.published[-1]
    assert "stack-set-failed.md" in str(said)


def test_the_way_back_of_the_stack_above_resolves_no_stack_set(home: Home) -> None:
    """REQ-C4: the operation of a rollback succeeds, and what was released is in no region."""
    name = "lockstep-dev-control-regional-agent"
    home.cloud.create(name, Workload="control")
    home.look()
    home.track(operation("FAILED", 31))
    home.cloud.stacks[name]["LastUpdatedTime"] = home.cloud.tick()
    home.cloud.become(name, "UPDATE_ROLLBACK_IN_PROGRESS")
    home.look()
    home.track(operation("SUCCEEDED", 32))
    assert [alert.kind for alert in home.store.alerts()] == ["deployment"]
    home.cloud.become(name, "UPDATE_ROLLBACK_COMPLETE")
    home.look()
    home.reconciler.run()
    assert len(list(home.store.alerts())) == 2
    home.cloud.update(name, "v2.0.0")
    home.look()
    assert len(list(home.store.alerts())) == 1, "its success was never told"
    assert home.reconciler.run().repaired == 1
    assert list(home.store.alerts()) == []


def test_a_failed_operation_on_a_stack_set_is_announced_and_resolved(home: Home) -> None:
    home.track(operation("RUNNING", 31), operation("FAILED", 32), operation("FAILED", 32))
    (alert,) = home.store.alerts()
    assert (alert.kind, alert.environment, alert.severity) == ("deployment", "dev", "critical")
    home.track(operation("SUCCEEDED", 33))
    assert list(home.store.alerts()) == []
