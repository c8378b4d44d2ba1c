"""Decisions that are kept: once, by time, beside deployments and in no index (REQ-G6, REQ-P8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.state.marshal import Item, plain_item
from pipelines.state.records import KeptDecision
from pipelines.state.store import StateStore
from tests.state_table import HOUR, START, release
from tests.unit.tracking.local import TABLE, Direct

REFUSED = KeptDecision("orders", "prod", "v1.2.0", START, "failure", "sha256:e")
LATER = replace(REFUSED, at=START + HOUR, decision="pending", evidence_digest="sha256:d")


def test_a_decision_is_kept_once_and_stands_beside_deployments(store: StateStore) -> None:
    assert store.begin_environment_release(release("v1.2.0", "prod"), START, "run") is not None
    assert [store.keep_decision(one) for one in (LATER, REFUSED, REFUSED)] == [True, True, False]
    assert list(store.decisions("orders", "prod", pytest.fail)) == [REFUSED, LATER]
    assert list(store.decisions("orders", "staging", pytest.fail)) == []
    assert [one.number for one in store.environment_releases("orders", "prod")] == [1]


def test_its_item_is_one_that_a_recorder_may_write() -> None:
    """What names an index or an end is denied to recorders (templates/home-recorder.yaml)."""
    item = plain_item(REFUSED.to_item())
    assert item["pk"] == "ENV#orders#prod"
    assert not [name for name in item if name.startswith("gsi") or name == "expires_at"]


@pytest.mark.parametrize(
    "spoilt", [{"environment": {"S": "staging"}}, {"decision": {"S": "fine"}}, {"at": {"S": "yesterday"}}]
)
def test_what_is_none_is_told_and_stops_nothing(store: StateStore, spoilt: Item) -> None:
    """Whoever deploys there writes the partition; a record says nothing of another environment."""
    store.keep_decision(LATER)
    Direct().put_item(TableName=TABLE, Item={**REFUSED.to_item(), **spoilt})
    odd: list[str] = []
    assert list(store.decisions("orders", "prod", odd.append)) == [LATER]
    assert len(odd) == 1 and odd[0].startswith("DECISION#")
