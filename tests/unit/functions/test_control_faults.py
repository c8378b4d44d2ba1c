"""What DynamoDB does only half, or refuses in a race: nothing lost or twice, and a metric says so (REQ-C2, REQ-C4).

Faults of whole calls are in `test_call_faults.py`; here are answers that say that a part was not done.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.tracking.local import TABLE, answered, handled
from tests.unit.tracking.test_events import FINDING, drift, observed

from .home import KEY, Home, home, metrics

__all__ = ["home"]

Answer = Callable[[dict[str, Any]], tuple[int, dict[str, Any]] | None]
"""What DynamoDB says to a request, or None where it does as it is told."""

MANY = 30
"""Findings: more than one batch of 25."""


def inject(home: Home, operation: str, answer: Answer) -> None:
    """Let requests of one operation be answered by `answer`, before DynamoDB sees them."""

    events, reach = home.table.client.meta.events, home.table._send

    def send(request: Any, **_kwargs: Any) -> Any:
        target = request.headers["X-Amz-Target"]
        name = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
        said = answer(json.loads(request.body)) if name == operation else None
        return answered(request, said[0], json.dumps(said[1]).encode()) if said else reach(request)

    events.unregister("before-send.dynamodb", reach)  # botocore asks every handler, whoever answers first
    events.register("before-send.dynamodb", send)


def times(count: int, answer: Answer) -> Answer:
    """Return an answer that is given so many times, and then no more."""
    left = [count]

    def limited(request: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        left[0] -= 1
        return answer(request) if left[0] >= 0 else None

    return limited


def cancelled(code: str) -> Answer:
    """Return the answer of a transaction that was cancelled because of its first write."""

    def answer(request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        reasons = [{"Code": code}, *({"Code": "None"} for _ in request["TransactItems"][1:])]
        error = {
            "__type": "com.amazonaws.dynamodb#TransactionCanceledException",
            "CancellationReasons": reasons,
        }
        return 400, {**error, "Message": "Transaction cancelled"}

    return answer


def half(request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Write the first half of a batch, and hand the rest back."""
    requests = request["RequestItems"][TABLE]
    done, left = requests[: len(requests) // 2], requests[len(requests) // 2 :]
    if done:
        status, _ = handled("BatchWriteItem", json.dumps({"RequestItems": {TABLE: done}}).encode())
        assert status == 200
    return 200, {"UnprocessedItems": {TABLE: left}}


def drifted(count: int = 1) -> dict[str, Any]:
    findings = [{**FINDING, "logical_id": f"Queue{number}"} for number in range(count)]
    return drift(status="drifted", findings=findings)


def drift_items(home: Home) -> list[str]:
    """Return what the table holds of drift: summaries, findings, the marker, alerts."""
    found = [f"{item['pk']['S']} {item['sk']['S']}" for item in home.table.items("")]
    return sorted(name for name in found if " DRIFT" in name or name.startswith("ALERT#"))


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_cancelled_transaction_leaves_nothing_and_comes_again(
    home: Home, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is tried eight times; then the queue delivers it again, and a metric has counted it."""
    home.track(observed())
    inject(home, "TransactWriteItems", times(8, cancelled(code)))
    report = drifted()
    assert home.track(report) == [json.dumps(report)]
    assert metrics(capsys.readouterr().out)["EventsFailed"] == 1
    state = home.store.state(KEY)
    assert state is not None
    assert state.drift is None
    assert list(home.store.alerts()) == []
    assert home.track(report) == []
    assert home.announce()
    assert home.announce()
    assert len(home.sns.published) == 1


def test_a_transaction_that_is_cancelled_once_needs_no_second_delivery(home: Home) -> None:
    home.track(observed())
    inject(home, "TransactWriteItems", times(3, cancelled("TransactionConflict")))
    assert home.track(drifted()) == []
    assert [alert.kind for alert in home.store.alerts()] == ["drift"]


def test_the_rest_of_a_half_done_batch_of_findings_follows(home: Home) -> None:
    home.track(observed())
    inject(home, "BatchWriteItem", times(3, half))
    report = drifted(MANY)
    assert home.track(report) == []
    found = home.store.findings(KEY, report["detail"]["detection_id"])
    assert len(list(found)) == MANY


def test_a_batch_that_is_never_done_announces_nothing_until_it_is(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """Findings go before the summary that counts them, so that nobody reads of drift without seeing which."""
    home.track(observed())
    inject(
        home, "BatchWriteItem", times(8, lambda request: (200, {"UnprocessedItems": request["RequestItems"]}))
    )
    report = drifted(MANY)
    assert home.track(report) != []
    assert metrics(capsys.readouterr().out)["EventsFailed"] == 1
    assert drift_items(home) == []
    assert home.track(report) == []
    assert len([name for name in drift_items(home) if "#Queue" in name]) == MANY
    assert home.announce()
    assert len(home.sns.published) == 1


def test_a_condition_that_fails_in_a_race_is_looked_at_again(home: Home) -> None:
    """The alert's put fails as if another were first; nothing stands there, so it is put by the next try."""
    fault = {"__type": "com.amazonaws.dynamodb#ConditionalCheckFailedException", "message": "no"}

    def alert_only(request: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        return (400, fault) if request["Item"]["pk"]["S"].startswith("ALERT#") else None

    left = [1]

    def once(request: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        said = alert_only(request) if left[0] else None
        left[0] -= said is not None
        return said

    inject(home, "PutItem", once)
    assert home.track(observed(status="UPDATE_ROLLBACK_COMPLETE")) == []
    assert left == [0]
    assert home.announce()
    assert len(home.sns.published) == 1


def test_what_no_item_can_be_is_counted_and_comes_back_until_it_is_dead(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that can never be recorded stops no other, and ends among the dead letters (REQ-C2)."""
    whole = StoreOf(home)
    monkeypatch.setattr(home.recorder, "_store", whole)
    good, bad = (
        observed(),
        observed(name=whole.refused, stack_id=observed()["detail"]["stack_id"].replace("queue", "bad")),
    )
    assert home.track(bad, good) == [json.dumps(bad)]
    assert metrics(capsys.readouterr().out)["EventsFailed"] == 1
    assert home.store.state(KEY) is not None


class StoreOf:
    """Home's store, which holds one stack to be none."""

    refused = "lockstep-dev-orders-bad"

    def __init__(self, home: Home) -> None:
        self._home = home

    def __getattr__(self, name: str) -> Any:
        return getattr(self._home.store, name)

    def record_state(self, state: Any) -> bool:
        if state.key.stack == self.refused:
            raise ValueError("no item")
        return self._home.store.record_state(state)


def test_a_message_that_sns_calls_invalid_holds_up_nothing(home: Home) -> None:
    """REQ-C5: a least message in its place, to every subscriber, and what follows is announced."""
    home.sns.disliked = "Queue"
    home.track(observed(), drifted())
    home.track(observed(minute=3, status="UPDATE_ROLLBACK_COMPLETE"))
    assert home.announce()
    first, second = home.sns.published
    assert first["subject"] == "[dev] FOUND drift: what it is cannot be sent: lockstep drift dev"
    assert first["attributes"] == {"cut": "true"}, "a message without any passes no filter of SNS"
    assert "(shortened; the whole: lockstep drift dev)" in first["message"]["default"]
    assert second["attributes"]["kind"] == "deployment"
    assert home.announce()
    assert list(home.store.unannounced()) == []


def test_a_topic_that_refuses_everything_loses_nothing(home: Home) -> None:
    home.sns.disliked = ""
    home.track(observed(), drifted())
    assert not home.announce()
    home.sns.disliked = "\0"
    assert home.announce()
    assert len(home.sns.published) == 1
