"""What holds data and would be lost (REQ-R3), and what the way back cannot undo (REQ-R5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipelines.plan.losses import irreversible, left_behind, losses
from pipelines.plan.model import Change
from pipelines.promotion.evidence import Loss

from .values import STATEFUL, change, stack


@pytest.mark.parametrize(
    ("found", "action"),
    [
        (change("remove", policy="Delete"), "deleted"),
        (change("remove", policy="Snapshot"), "deleted"),
        (change("remove"), "deleted"),
        (change("remove", policy="Retain"), None),
        (change(replacement="always", policy="ReplaceAndDelete"), "replaced"),
        (change(replacement="always", policy="ReplaceAndRetain"), "replaced"),
        (change(replacement="conditional"), "replaced"),
        (change(), None),
        (change("add"), None),
        (change("import"), None),
        (change("remove", policy="Delete", resource_type="AWS::IAM::Role"), None),
    ],
)
def test_what_is_a_loss(found: Any, action: str | None) -> None:
    """REQ-R3: deleted or replaced, also where that is not sure; a removal that retains is none."""
    expected = [Loss("prod/orders/table", "Table", "AWS::DynamoDB::Table", action)] if action else []
    assert list(losses([found], STATEFUL)) == expected


@pytest.mark.parametrize(
    ("found", "action"),
    [
        (change("modify", scope=("Properties",)), "changed out of sight"),
        (change("modify", scope=("Tags",)), None),
        (change("remove", policy="Delete"), "deleted"),
        (change("remove", policy="Retain"), None),
        (change("add"), None),
    ],
)
def test_what_a_nested_stack_changes_counts_as_a_loss(found: Change, action: str | None) -> None:
    """REQ-R3: its parent's change set says nothing of it, whatever types hold data."""
    nested = replace(found, resource_type="AWS::CloudFormation::Stack")
    assert [one.action for one in losses([nested], frozenset())] == ([action] if action else [])


def test_what_is_left_behind_is_told() -> None:
    """By a removal and by a replacement that retain."""
    kept = (change("remove", policy="Retain"), change(replacement="always", policy="ReplaceAndRetain"))
    assert left_behind([*kept, change("remove", policy="Delete"), change()], STATEFUL) == kept


@pytest.mark.parametrize(
    ("ahead", "back", "kind", "words"),
    [
        (
            change("remove", policy="Delete"),
            change("add"),
            "update",
            "is deleted, and the way back makes an empty one",
        ),
        (change("remove", policy="Retain"), change("add"), "update", "fails until it is imported"),
        (change("remove", policy="Snapshot"), change("add"), "update", "is in a snapshot"),
        (
            change(replacement="always", policy="ReplaceAndDelete"),
            change(replacement="always"),
            "update",
            "the deployment replaces it: what it holds is deleted",
        ),
        (change(replacement="conditional"), None, "update", "may replace"),
        (change("add"), change("remove", policy="Delete"), "update", "with what was written to it"),
        (change("add"), change("remove", policy="Retain"), "update", "its name is taken"),
        (change("add"), None, "create", "a deployment deletes no stack"),
        (change(), change(), "update", None),
        (change("remove", resource_type="AWS::IAM::Role"), None, "update", None),
    ],
)
def test_what_cannot_be_undone(ahead: Any, back: Any, kind: str, words: str | None) -> None:
    """REQ-R5: what is removed, replaced or new holds data that no way back brings, and each says why."""
    found = irreversible(stack(ahead, kind=kind), [back] if back else [], STATEFUL)
    assert len(found) == (words is not None)
    assert all(
        words is not None and words in one.why and one.name == "prod/orders/table/Table" for one in found
    )
