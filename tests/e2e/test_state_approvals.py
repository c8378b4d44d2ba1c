"""Approvals on the sandbox's DynamoDB: one of each person, for one plan (REQ-G2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.state.records import Approval
from pipelines.state.store import StateStore
from tests.e2e.conftest import Client
from tests.state_table import HOUR, START, create_state_table

SAM = Approval(
    "prod", "v1.2.0", "AROA:sam", "sha256:a", START, "arn:aws:sts::333333333333:assumed-role/approver/sam"
)


@pytest.fixture
def store(client: Client, account: str) -> StateStore:
    return create_state_table(client("dynamodb", account=account))


def test_an_approval_is_kept_once_and_belongs_to_a_release_and_an_environment(store: StateStore) -> None:
    assert store.approve(SAM)
    assert not store.approve(replace(SAM, at=START + HOUR)), "the first time is when somebody approved"
    assert store.approve(replace(SAM, session="AROA:kim"))
    assert {(one.by, one.at) for one in store.approvals("v1.2.0", "prod")} == {("sam", START), ("kim", START)}
    assert list(store.approvals("v1.2.0", "staging")) == []
    assert list(store.approvals("v1.2.1", "prod")) == []


def test_an_approval_of_what_would_be_done_otherwise_by_now_gives_way(store: StateStore) -> None:
    """What somebody approved is a plan that they read."""
    store.approve(SAM)
    assert store.approve(replace(SAM, plan="sha256:b", at=START + HOUR))
    (stands,) = store.approvals("v1.2.0", "prod")
    assert (stands.plan, stands.at) == ("sha256:b", START + HOUR)


def test_whose_an_approval_is_says_its_key_alone(store: StateStore) -> None:
    """An approver may write anything below their own name, also what is no approval: it counts for nobody else."""
    item = SAM.to_item()
    item["pk"] = {"S": "APPROVAL#v1.2.0#prod#AROA:kim"}
    odd = {
        "pk": {"S": "APPROVAL#odd#AROA:kim"},
        "sk": {"S": "X"},
        "gsi2pk": {"S": "v1.2.0"},
        "gsi2sk": {"S": "x"},
    }
    for one in (item, odd):
        store._table._client.put_item(TableName=store._table._name, Item=one)
    assert [one.by for one in store.approvals("v1.2.0", "prod")] == ["kim"]
