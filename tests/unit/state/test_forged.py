"""What an index lists is read only where its own partition is of the index' kind (REQ-P8, REQ-C1).

Whoever deploys an environment may write any attribute of the items in its own partitions, so also an index' keys.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pipelines.state import keys
from pipelines.state.marshal import item, plain_item
from pipelines.state.records import Approval, Census, StackKey, StackState
from pipelines.state.store import StateStore
from tests.state_table import START, alert, state, summary
from tests.unit.tracking.local import HOME, TABLE, LocalDynamoDB

REGION = "eu-west-1"
PROD = StackKey("orders", "prod", HOME, REGION, "lockstep-prod-orders-queue")
OWN = "ENV#orders#dev"
"""A partition that the recorder of dev may write."""


@pytest.fixture
def table() -> LocalDynamoDB:
    table = LocalDynamoDB()
    table.create()
    return table


@pytest.fixture
def store(table: LocalDynamoDB) -> StateStore:
    """A store that knows a stack of prod and its region, and no alert."""
    store = StateStore(table.client, TABLE, lambda _seconds: None)
    store.record_state(state(key=PROD))
    store.record_census(Census(HOME, REGION, START, 5))
    return store


def forge(table: LocalDynamoDB, values: dict[str, Any], sk: str = "FORGED") -> None:
    table.client.put_item(TableName=TABLE, Item=item({**values, "pk": OWN, "sk": sk}))


def everything(store: StateStore) -> dict[str, list[Any]]:
    """Return what each reader of an index answers."""
    return {
        "states": list(store.states()),
        "prod": list(store.states("prod", "orders")),
        "region": list(store.states_in(HOME, REGION)),
        "censuses": list(store.censuses()),
        "alerts": list(store.alerts()),
        "unannounced": list(store.unannounced()),
        "started": list(store.started()),
        "open drift": list(store.open_drift()),
        "approvals": list(store.approvals("v1.2.0")),
    }


@pytest.mark.parametrize(
    "forged",
    [
        {"gsi1pk": "x", "gsi1sk": "y"},
        {"gsi1pk": "orders#prod", "gsi1sk": "y", "observed_seq": "x"},
        plain_item(state("ROLLBACK_COMPLETE", key=PROD).to_item()),
        {"gsi4pk": f"{HOME}#{REGION}", "gsi4sk": PROD.stack, "observed_seq": "x"},
        plain_item(Census(HOME, REGION, START + timedelta(days=30_000), 5).to_item()),
        plain_item(alert(environment="prod", severity="critical", generation=1).to_item()),
        {"gsi3pk": keys.ALERTS, "gsi3sk": "A"},
        plain_item(summary(status="started").to_item(PROD)),
        {"gsi3pk": keys.OPEN_DRIFT, "gsi3sk": PROD.pk, "observed_seq": "x"},
        plain_item(Approval("prod", "v1.2.0", "AROA:kim", "sha256:a", START, "arn").to_item()),
    ],
    ids=[
        "any",
        "environment",
        "state",
        "region",
        "census",
        "alert",
        "no-alert",
        "started",
        "open-drift",
        "approval",
    ],
)
def test_an_item_of_another_kind_is_read_through_no_index(
    table: LocalDynamoDB, store: StateStore, forged: dict[str, Any]
) -> None:
    """REQ-P8: it neither passes for a record of prod nor stops the reading of those that are there."""
    before = everything(store)
    forge(table, forged)
    assert everything(store) == before


@pytest.mark.parametrize("index", ["gsi1", "gsi4"])
def test_a_stack_is_read_only_where_its_own_key_says(
    table: LocalDynamoDB, store: StateStore, index: str
) -> None:
    """REQ-P8: a stack of dev that an index lists in prod is none of prod."""
    own: StackState = state()
    listed = {"gsi1pk": "orders#prod", "gsi4pk": f"{HOME}#{REGION}"}[f"{index}pk"]
    values = {**plain_item(own.to_item()), f"{index}pk": listed}
    table.client.put_item(TableName=TABLE, Item=item(values))
    assert [one.key for one in store.states("prod", "orders")] == [PROD]
    assert [one.key for one in store.states_in(HOME, REGION)] == [PROD]


def test_an_approval_is_of_the_release_that_its_key_names(table: LocalDynamoDB, store: StateStore) -> None:
    """Whatever release the index lists it under (REQ-G2)."""
    given = Approval(
        "prod", "v1.1.0", "AROA:sam", "sha256:a", START, "arn:aws:sts::333333333333:assumed-role/a/sam"
    )
    listed = {**plain_item(given.to_item()), "gsi2pk": "v1.2.0"}
    table.client.put_item(TableName=TABLE, Item=item(listed))
    assert list(store.approvals("v1.2.0", "prod")) == []
