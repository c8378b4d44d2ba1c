"""Small plans for the tests."""

from __future__ import annotations

from typing import Any

from pipelines.plan.model import Change, Plan, PlannedStack, PropertyChange

STATEFUL = frozenset({"AWS::DynamoDB::Table", "AWS::S3::Bucket"})


def change(action: str = "modify", logical_id: str = "Table", **more: Any) -> Change:
    """Return a change of a table of `prod/orders/table`."""
    defaults = {"physical_id": "prod-orders-table", "resource_type": "AWS::DynamoDB::Table"}
    return Change("prod/orders/table", logical_id, action=action, **{**defaults, **more})  # type: ignore[arg-type]


def stack(*changes: Change, name: str = "prod/orders/table", **more: Any) -> PlannedStack:
    """Return a stack that would be updated, with these changes."""
    defaults = {
        "region": "us-east-1",
        "kind": "update",
        "reason": "its template differs",
        "digest_wanted": "sha256:1",
        "live_id": "arn:aws:cloudformation:us-east-1:333333333333:stack/lockstep-prod-orders-table/1",
        "live_digest": "sha256:0",
        "operation_at": "2026-01-01T00:00:00+00:00",
        "source": "asked",
    }
    return PlannedStack(name=name, changes=changes, **{**defaults, **more})


def plan(*stacks: PlannedStack, **more: Any) -> Plan:
    """Return a plan of prod."""
    return Plan("prod", "v1.1.0", stacks, **more)


REPLACED = change(
    replacement="always",
    policy="ReplaceAndDelete",
    properties=(PropertyChange("TableName", "always", "a", "b"),),
    scope=("Properties",),
)
