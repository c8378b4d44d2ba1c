"""What GitHub asked is kept once and answered once (REQ-G9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.state.marshal import plain_item
from pipelines.state.records import RuleRequest
from pipelines.state.store import StateStore
from tests.unit.tracking.local import TABLE, LocalDynamoDB

from .asked import NOW, request


@pytest.fixture
def table() -> LocalDynamoDB:
    found = LocalDynamoDB(attempts=1)
    found.create()
    return found


@pytest.fixture
def store(table: LocalDynamoDB) -> StateStore:
    return StateStore(table.client, TABLE, lambda _seconds: None)


def test_a_question_is_taken_once_under_whatever_delivery(store: StateStore) -> None:
    """The id of a delivery is not signed: who sends a captured body again gives it another."""
    assert store.take_rule_request(request())
    assert not store.take_rule_request(request(delivery="another"))
    assert store.rule_request(5001) == request()
    assert list(store.open_rule_requests()) == [request()]


def test_an_answered_question_is_open_no_more_and_is_not_asked_again(store: StateStore) -> None:
    store.take_rule_request(request())
    assert store.end_rule_request(request(), "approved", "fine", NOW)
    assert not store.end_rule_request(request(), "rejected", "late", NOW)
    assert not store.note_rule_report(request(), "late")
    assert list(store.open_rule_requests()) == []
    assert not store.take_rule_request(request())
    kept = store.rule_request(5001)
    assert kept == request(state="approved", told="fine", answered_at=NOW)


def test_what_has_an_answer_is_listed_no_more(table: LocalDynamoDB, store: StateStore) -> None:
    """Each pass reads what is listed: forty days of answers would be read every minute."""
    store.take_rule_request(request())
    assert store.end_rule_request(request(), "closed", "gone", NOW)
    (item,) = table.items("RULE#")
    assert not {"gsi3pk", "gsi3sk"} & item.keys()
    assert "expires_at" in item


def test_a_report_is_counted_once(store: StateStore) -> None:
    """Of two that tell the same at once, one is told that it did."""
    store.take_rule_request(request())
    assert store.note_rule_report(request(), "wait")
    assert not store.note_rule_report(request(), "wait")
    assert list(store.open_rule_requests()) == [request(told="wait", reports=1)]


def test_it_is_kept_longer_than_github_waits() -> None:
    values = plain_item(request().to_item())
    assert values["expires_at"] - NOW.timestamp() == 40 * 24 * 3600
    assert (values["gsi3pk"], values["gsi3sk"]) == ("openRuleRequest", "RULE#5001")
    assert "gsi3pk" not in plain_item(request(state="closed").to_item())


def test_an_item_of_another_partition_is_none() -> None:
    item = replace(request(), deployment=6).to_item()
    item["deployment"] = {"N": "5"}
    with pytest.raises(ValueError, match="partition"):
        RuleRequest.from_item(item)
