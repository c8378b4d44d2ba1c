"""A plan's digest, its counts, and what differs from another one (REQ-G7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipelines.plan.model import PropertyChange, counts, counts_by_type, differing

from .values import REPLACED, change, plan, stack

QUEUE = stack(name="prod/orders/queue")


@pytest.mark.parametrize(
    "other",
    [
        {"digest_wanted": "sha256:2"},
        {"live_id": "arn:aws:cloudformation:us-east-1:333333333333:stack/lockstep-prod-orders-table/2"},
        {"live_digest": "sha256:9"},
        {"operation_at": "2026-01-01T00:00:01+00:00"},
        {"changes": ()},
        {"changes": (replace(REPLACED, replacement="conditional"),)},
        {"changes": (replace(REPLACED, policy="ReplaceAndRetain"),)},
        {"changes": (replace(REPLACED, properties=(PropertyChange("TableName", "always", "a", "c"),)),)},
    ],
)
def test_whatever_would_be_done_otherwise_is_another_plan(other: dict[str, Any]) -> None:
    """REQ-G7: what the stack becomes, how it stands, and each change of it; and that stack is named."""
    before = plan(QUEUE, stack(REPLACED))
    after = plan(QUEUE, replace(stack(REPLACED), **other))
    assert before.digest != after.digest
    assert list(differing({one.name: one.digest for one in before.stacks}, after)) == ["prod/orders/table"]


def test_words_are_no_part_of_a_plan() -> None:
    """The same changes for another reason, or with another note, are the same plan; another direction is another."""
    said = replace(stack(REPLACED), reason="what it reads has changed", note="may follow")
    assert plan(stack(REPLACED)).digest == plan(said).digest
    asked = stack(REPLACED, change_set="arn:change-set/1")
    assert plan(asked).digest == plan(said).digest
    assert plan(asked, stack(name="prod/orders/queue")).change_sets == {asked.name: "arn:change-set/1"}
    assert plan(said).digest != plan(said, direction="reverse").digest
    assert plan(said).digest != replace(plan(said), environment="dev").digest


def test_stacks_that_come_and_go_are_named() -> None:
    """One that was not planned, and one that was and is not there any more."""
    before = {QUEUE.name: QUEUE.digest}
    assert differing(before, plan(stack(REPLACED))) == {
        "prod/orders/queue": "it is not there any more",
        "prod/orders/table": "it was not planned",
    }
    assert differing(before, plan(QUEUE)) == {}


def test_changes_are_counted_by_kind_and_type() -> None:
    """One of each kind; tags alone, which change at every release, are no modification."""
    role = {"resource_type": "AWS::IAM::Role"}
    found = (
        change("add", **role),
        change("import"),
        change(scope=("Properties", "Tags"), **role),
        change(scope=("Tags",)),
        REPLACED,
        change(replacement="conditional"),
        change("remove"),
    )
    assert counts(found) == {
        "added": 1,
        "imported": 1,
        "modified": 1,
        "retagged": 1,
        "replaced": 1,
        "may be replaced": 1,
        "removed": 1,
    }
    assert counts_by_type(found)["AWS::IAM::Role"] == {"added": 1, "modified": 1}
