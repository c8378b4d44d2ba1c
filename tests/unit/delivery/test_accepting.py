"""Data may go on the way back only where each resource is named (REQ-R3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.delivery.ways import Way, Ways, accept
from pipelines.promotion.evidence import Loss
from validator.errors import FailureError

TABLE = Loss("prod/orders/table", "Table", "AWS::DynamoDB::Table", "deleted")
QUEUE = Loss("prod/orders/queue", "Queue", "AWS::SQS::Queue", "replaced")


def ways(*losses: Loss) -> Ways:
    """Return a way back that would lose these in prod, and nothing in staging."""
    nothing: Any = None
    found = [Way(name, f"env/{name}", ("orders",), {}, {}, ()) for name in ("prod", "staging")]
    prod = Way("prod", "env/prod", ("orders",), {}, {}, (), losses=losses)
    return Ways(Path(), "v1.0.0", nothing, nothing, (prod, found[1]))


def test_each_loss_has_to_be_named() -> None:
    """One of several is not enough; the error names those that are left, and how to accept them."""
    with pytest.raises(FailureError) as refused:
        accept(ways(TABLE, QUEUE), frozenset({TABLE.name}))
    assert f"{QUEUE.name} (AWS::SQS::Queue) would be replaced" in str(refused.value)
    assert TABLE.name not in str(refused.value)
    named = frozenset({TABLE.name, QUEUE.name})
    assert accept(ways(TABLE, QUEUE), named).accepted == named
    assert accept(ways(), frozenset()).accepted == frozenset()
