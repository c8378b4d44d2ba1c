"""Approvals on the sandbox's DynamoDB: one of each person, for one commit (REQ-G2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.state.records import Approval
from pipelines.state.store import StateStore
from tests.e2e.conftest import Client
from tests.state_table import HOUR, START, create_state_table

SAM = Approval(
    "prod", "v1.2.0", "sam", "a" * 40, START, "arn:aws:sts::333333333333:assumed-role/approver/sam"
)


@pytest.fixture
def store(client: Client, account: str) -> StateStore:
    return create_state_table(client("dynamodb", account=account))


def test_an_approval_is_kept_once_and_belongs_to_a_release_and_an_environment(store: StateStore) -> None:
    assert store.approve(SAM)
    assert not store.approve(replace(SAM, at=START + HOUR)), "the first time is when somebody approved"
    assert store.approve(replace(SAM, by="kim"))
    assert {(one.by, one.at) for one in store.approvals("v1.2.0", "prod")} == {("sam", START), ("kim", START)}
    assert list(store.approvals("v1.2.0", "staging")) == []
    assert list(store.approvals("v1.2.1", "prod")) == []


def test_an_approval_of_a_tag_that_was_moved_since_gives_way(store: StateStore) -> None:
    """What somebody approved is a commit, whatever its name names later."""
    store.approve(SAM)
    assert store.approve(replace(SAM, commit="b" * 40, at=START + HOUR))
    (stands,) = store.approvals("v1.2.0", "prod")
    assert (stands.commit, stands.at) == ("b" * 40, START + HOUR)
