"""What a deployment does with a stack, decided from what is rendered and what is live (REQ-P6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipelines.deployment import RECREATE, decide
from pipelines.live import LiveStack
from pipelines.status import row
from validator.effective import Symbol
from validator.model import Stack

STACK = Stack(
    name="dev/orders/queue",
    environment="dev",
    workload="orders",
    account="111111111111",
    region="us-east-1",
    role_arn="",
    external_name="lockstep-dev-orders-queue",
    file="sceptre/stacks/orders/queue.yaml",
    template="templates/queue.yaml",
    body="---\nResources: {}\n",
    parameters={"Subnets": ["a", "b"], "Topic": "/orders/dev/topic/Arn"},
    tags={"Environment": "dev", "Version": Symbol.named("release:version")},
    dependencies=(),
)
LIVE = LiveStack(
    name=STACK.external_name,
    stack_id="arn:aws:cloudformation:us-east-1:111111111111:stack/lockstep-dev-orders-queue/1",
    status="CREATE_COMPLETE",
    reason="",
    parameters={"Subnets": "a,b", "Topic": "/orders/dev/topic/Arn"},
    resolved={"Topic": "arn:old"},
    tags={"Environment": "dev", "Version": "v1.0.0"},
    outputs={},
    changed_at=datetime(2026, 1, 1, tzinfo=UTC),
    body=STACK.sent,
)
PUBLISHED = {"/orders/dev/topic/Arn": "arn:old"}


def test_an_unchanged_stack_is_left_alone() -> None:
    """Equal digests, whatever release the live stack came from, and whatever a list parameter is written as."""
    assert decide(STACK, LIVE, PUBLISHED).kind == "skip"
    assert decide(STACK, replace(LIVE, tags={**LIVE.tags, "Version": "v9"}), PUBLISHED).kind == "skip"


def test_the_way_back_from_a_rolled_back_update_is_open() -> None:
    """What CloudFormation rolled back to is what is wanted: it would answer that there is nothing to update."""
    assert decide(STACK, replace(LIVE, status="UPDATE_ROLLBACK_COMPLETE"), PUBLISHED).kind == "skip"


def test_a_stack_that_is_not_there_is_created() -> None:
    """Nothing live, or a tombstone."""
    assert decide(STACK, None, {}).kind == "create"
    assert decide(STACK, replace(LIVE, status="DELETE_COMPLETE"), PUBLISHED).kind == "create"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"body": "---\nResources: {A: 1}\n"}, "template differs"),
        ({"parameters": {"Subnets": "a", "Topic": "/orders/dev/topic/Arn"}}, "Subnets"),
        ({"parameters": {"Topic": "/orders/dev/topic/Arn"}}, "Subnets"),
        ({"tags": {"Environment": "prod"}}, "tags differ"),
        ({"status": "UPDATE_ROLLBACK_COMPLETE", "body": "---\nOld: {}\n"}, "template differs"),
    ],
)
def test_any_difference_is_an_update_that_says_why(change: dict[str, object], words: str) -> None:
    """Template, parameter, tag, or an update that did not succeed."""
    action = decide(STACK, replace(LIVE, **change), PUBLISHED)  # type: ignore[arg-type]
    assert action.kind == "update"
    assert words in action.reason


def test_a_moved_input_is_an_update() -> None:
    """The stack's own text is the same, but what it reads from Parameter Store has another value (REQ-P7)."""
    action = decide(STACK, LIVE, {"/orders/dev/topic/Arn": "arn:new"})
    assert action.kind == "update"
    assert "Topic" in action.reason


def test_every_status_of_cloudformation_has_an_answer() -> None:
    """Never complete: again from the start. In progress: wait. Complete: compare. The rest: a person."""
    for status in RECREATE:
        assert decide(STACK, replace(LIVE, status=status), PUBLISHED).kind == "recreate"
    for status in ("CREATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "DELETE_IN_PROGRESS"):
        assert decide(STACK, replace(LIVE, status=status), PUBLISHED).kind == "wait"
    for status in (
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_FAILED",
        "IMPORT_ROLLBACK_FAILED",
        "DELETE_FAILED",
        "ROLLBACK_FAILED",
    ):
        action = decide(STACK, replace(LIVE, status=status, reason="a bucket is not empty"), PUBLISHED)
        assert action.kind == "blocked"
        assert "a bucket is not empty" in action.reason
        assert any(
            word in action.reason for word in ("continue-update-rollback", "retain-resources", "events")
        )


def test_a_row_says_how_a_stack_stands() -> None:
    """The states of the matrix (REQ-X3), with the age from the clock that is passed in."""
    now = datetime(2026, 1, 1, 1, tzinfo=UTC)
    found = row(STACK, LIVE, now)
    assert (found.state, found.version, found.age_seconds, found.stack) == (
        "current",
        "v1.0.0",
        3600,
        "queue",
    )
    assert row(STACK, None, now).state == "missing"
    assert row(STACK, replace(LIVE, body="---\n"), now).state == "differs"
    assert row(STACK, replace(LIVE, status="UPDATE_IN_PROGRESS"), now).state == "in progress"
    assert row(STACK, replace(LIVE, status="ROLLBACK_COMPLETE"), now).state == "failed"
    assert row(STACK, replace(LIVE, status="UPDATE_ROLLBACK_COMPLETE"), now).state == "current"
    assert row(STACK, replace(LIVE, status="UPDATE_ROLLBACK_COMPLETE", body="---\n"), now).state == "failed"
