"""A state table for tests, with the keys and indexes that the store reads."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.state.records import (
    Alert,
    DriftFinding,
    DriftSummary,
    Lock,
    PropertyDrift,
    Release,
    StackEvent,
    StackKey,
    StackState,
)
from pipelines.state.sequence import observed_seq
from pipelines.state.store import StateStore

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = StackKey("orders", "dev", "111111111111", "us-east-1", "lockstep-dev-orders-queue")
STACK_ID = f"arn:aws:cloudformation:us-east-1:111111111111:stack/{KEY.stack}/0a1b"
TEMPLATES = Path(__file__).parents[1] / "templates"


@functools.cache
def table_properties() -> dict[str, Any]:
    """Return the properties of the state table as its template has them."""
    from tests.unit.template_facts import Template  # slow to import, and not every test needs a table

    path = TEMPLATES / "state-table.yaml"
    template = Template.of(path.name, path.read_text(encoding="utf-8"))
    properties: dict[str, Any] = json.loads(json.dumps(template.body["Resources"]["Table"]["Properties"]))
    return properties


def create_state_table(client: Any, name: str = "state") -> StateStore:
    """Create the table with the template's keys and indexes, and return its store, which never waits."""
    schema = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    client.create_table(TableName=name, **{each: table_properties()[each] for each in schema})
    return StateStore(client, name, sleep=lambda _seconds: None)


def state(
    status: str = "UPDATE_COMPLETE",
    operation_at: datetime = START,
    *,
    key: StackKey = KEY,
    stack_id: str = STACK_ID,
    **given: Any,
) -> StackState:
    """Return a state of a stack."""
    values: dict[str, Any] = {
        "reason": "",
        "version": "v1.2.0",
        "commit": "0" * 40,
        "released_at": "2026-03-01T12:00:00+00:00",
        "observed_at": operation_at + timedelta(seconds=5),
        "recorded_at": operation_at + timedelta(seconds=6),
        "observed_seq": observed_seq(operation_at, status, stack_id),
        "template_digest": "sha256:1",
        "digest": "sha256:2",
        "parameters": {"Name": "orders"},
        "tags": {"Environment": "dev"},
    }
    return StackState(
        key=key, stack_id=stack_id, status=status, operation_at=operation_at, **{**values, **given}
    )


def event(number: int = 1, time: datetime = START, key: StackKey = KEY) -> StackEvent:
    """Return an event of a stack."""
    return StackEvent(
        key, f"e-{number}", time, "UPDATE_COMPLETE", "", "CloudFormation Stack Status Change", "aws"
    )


def summary(
    number: int = 1, status: Any = "drifted", at: datetime = START, digest: str = "sha256:d"
) -> DriftSummary:
    """Return the summary of a drift detection."""
    return DriftSummary(f"d-{number:03}", status, 4, (), (), 1 if status == "drifted" else 0, at, digest)


def finding(number: int = 1, logical_id: str = "Queue", key: StackKey = KEY) -> DriftFinding:
    """Return a drifted resource."""
    changed = PropertyDrift("/VisibilityTimeout", "180", "30", "NOT_EQUAL")
    return DriftFinding(
        key, f"d-{number:03}", logical_id, "AWS::SQS::Queue", "q", "MODIFIED", (changed,), None, START
    )


def alert(at: datetime = START, digest: str = "sha256:a", **given: Any) -> Alert:
    """Return an alert as a caller raises it."""
    found = Alert(
        fingerprint="drift-1",
        kind="drift",
        environment="dev",
        workload="orders",
        severity="warning",
        state="found",
        generation=0,
        digest=digest,
        subject="Drift",
        text="",
        detail="{}",
        opened_at=at,
        changed_at=at,
    )
    return replace(found, **given)


def release(tag: str = "v1.2.0", environment: str = "dev", **digests: str) -> Release:
    """Return a release of `orders` as an environment records it."""
    every = {"dev": f"sha256:dev-{tag}", "staging": f"sha256:staging-{tag}", "prod": f"sha256:prod-{tag}"}
    return Release("orders", environment, tag, "0" * 40, START, {**every, **digests})


def lock_of(store: StateStore, environment: str, now: datetime = START, owner: str = "run-1") -> Lock:
    """Return the lock of an environment, taken for a day."""
    lock = store.acquire_lock("orders", environment, owner, now, timedelta(days=1))
    assert lock is not None
    return lock
