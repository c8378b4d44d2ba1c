"""The tracker: events into the state table, and the alerts that follow (REQ-C2, REQ-C4, REQ-C5)."""

from __future__ import annotations

from typing import Any

import pytest

from functions.control.edge import accounts
from pipelines.state.keys import StackKey
from pipelines.state.sequence import DELETED
from tests.unit.tracking.cloud import DEV, REGION
from tests.unit.tracking.local import TABLE
from tests.unit.tracking.test_events import FINDING, drift, observed, stack_status

from .home import KEY, RUNBOOKS, Home, home, metrics

__all__ = ["home"]


def test_a_failed_deployment_is_announced_once_found_and_once_resolved(home: Home) -> None:
    home.cloud.create("lockstep-dev-orders-queue")
    home.cloud.update("lockstep-dev-orders-queue", "v2.0.0", fails=True)
    home.look()
    home.look()
    assert home.announce()
    home.cloud.update("lockstep-dev-orders-queue", "v2.0.0")
    home.look()
    assert home.announce()
    assert home.announce()
    name = f"deployment:orders:dev:{DEV}:{REGION}:lockstep-dev-orders-queue"
    assert home.sns.ids() == [f"{name}#1", f"{name}#2"]
    assert [each["topic"] for each in home.sns.published] == ["arn:rollback"] * 2
    assert home.sns.published[0]["structure"] == "json"
    assert f"{RUNBOOKS}/deployment.md" in str(home.sns.published[0]["message"])
    assert home.sns.published[0]["attributes"]["environment"] == "dev"


def test_drift_is_announced_when_found_changed_and_resolved_and_not_in_between(home: Home) -> None:
    def detected(minute: int, *findings: dict[str, Any]) -> None:
        at = f"2026-03-02T09:{minute}:00.000000Z"
        raw = drift(
            detection_id=f"detection-{minute}",
            status="drifted" if findings else "in_sync",
            findings=list(findings),
            started_at=at,
            detected_at=at,
        )
        assert home.track({**raw, "time": at, "id": f"id-{minute}"}) == []

    home.track(observed())
    other = {**FINDING, "kind": "DELETED", "properties": []}
    detected(31)
    detected(32, FINDING)
    detected(33, FINDING)
    detected(34, other)
    detected(30, FINDING)  # late: an older detection says nothing new
    state = home.store.state(KEY)
    assert state is not None
    assert state.drift is not None
    assert (state.drift.detection_id, state.drift.status) == ("detection-34", "drifted")
    assert [each.kind for each in home.store.findings(KEY, "detection-34")] == ["DELETED"]
    detected(35)
    detected(36)
    assert home.announce()
    assert [id_.rpartition("#")[2] for id_ in home.sns.ids()] == ["1", "2", "3"]
    assert {each["topic"] for each in home.sns.published} == {"arn:drift"}
    assert list(home.store.alerts()) == []


def test_bad_events_are_refused_counted_and_stop_nothing(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = {**observed(), "account": "999999999999"}
    foreign["detail"]["stack_id"] = foreign["detail"]["stack_id"].replace(DEV, "999999999999")
    prod = observed(tags={"ManagedBy": "lockstep", "Environment": "prod", "Workload": "orders"})
    markup = observed(tags={"ManagedBy": "lockstep", "Environment": "dev", "Workload": "<b>"})
    bad = ["not JSON", foreign, {**prod, "id": "p"}, {**markup, "id": "m"}]
    assert home.track(*bad, observed()) == []
    assert home.store.state(KEY) is not None
    reasons = {item["reason"]["S"] for item in home.table.items("REFUSED#")}
    assert len(reasons) == 4
    assert "the account belongs to no environment" in reasons
    assert metrics(capsys.readouterr().out)["EventsRefused"] == 4
    assert home.track(*bad) == []
    assert len(home.table.items("REFUSED#")) == 4, "a refusal is kept once, however often it comes"


def test_a_stack_that_is_not_ours_is_known_and_alerts_nobody(home: Home) -> None:
    assert home.track(observed(tags={}, status="UPDATE_ROLLBACK_COMPLETE")) == []
    foreign = StackKey("-", "-", DEV, REGION, "lockstep-dev-orders-queue")
    assert home.store.state(foreign) is not None
    assert list(home.store.alerts()) == []


def test_a_failure_that_arrives_late_alerts_nobody(home: Home) -> None:
    """The stack is right again: no alert, although the failure was never recorded."""
    later = "2026-03-02T09:30:01.000000Z"
    home.track(observed(operation_at=later))
    home.track(observed(status="UPDATE_ROLLBACK_COMPLETE"))
    assert list(home.store.alerts()) == []


def test_an_alert_that_a_crash_left_out_is_raised_by_the_repetition(home: Home) -> None:
    failed = observed(status="UPDATE_ROLLBACK_COMPLETE")
    home.table.fault = lambda operation: (400, "ThrottlingException") if operation == "GetItem" else None
    assert home.track(failed) != [], "the state is written, the alert is not"
    home.table.fault = lambda _operation: None
    assert home.track(failed) == []
    assert [alert.kind for alert in home.store.alerts()] == ["deployment"]


def test_history_comes_from_either_way_and_once(home: Home) -> None:
    trigger = {
        "event_id": stack_status()["id"],
        "time": "2026-03-02T09:30:00Z",
        "status": "UPDATE_COMPLETE",
        "reason": "",
        "detail_type": "CloudFormation Stack Status Change",
    }
    home.track(stack_status())  # nothing known yet: the observation brings it
    home.track(observed(trigger=trigger))
    home.track(stack_status(), stack_status())
    assert [each.status for each in home.store.events(KEY)] == ["UPDATE_COMPLETE"]


def test_a_rollback_is_announced_with_the_reason_of_its_beginning_and_counted(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """REQ-C5: DescribeStacks gives the last status of a rollback no reason."""
    home.cloud.create("lockstep-dev-orders-queue")
    home.look()
    home.cloud.update("lockstep-dev-orders-queue", "v2.0.0", fails=True)
    capsys.readouterr()
    seen = [each for each in home.cloud.events if "ROLLBACK" in each["detail"]["status-details"]["status"]]
    home.track(*seen)
    home.look()
    home.look()
    assert metrics(capsys.readouterr().out)["Rollbacks"] == 1
    (alert,) = home.store.alerts()
    assert "Reason: Resource handler returned message: no" in alert.text
    home.table.client.delete_item(
        TableName=TABLE, Key={"pk": {"S": f"ALERT#{alert.fingerprint}"}, "sk": {"S": "OPEN"}}
    )
    assert home.reconciler.run().repaired == 1
    assert next(iter(home.store.alerts())).text == alert.text
    # The next operation gives no reason: that of the one before is not its own.
    home.cloud.tick(60)
    home.cloud.update("lockstep-dev-orders-queue", "v3.0.0")
    home.cloud.become("lockstep-dev-orders-queue", "UPDATE_ROLLBACK_COMPLETE")
    home.look()
    assert "none given" in next(iter(home.store.alerts())).text


def test_the_text_of_a_drift_alert_names_the_first_properties(home: Home) -> None:
    """REQ-C5: whoever is woken reads what changed, without looking anything up."""
    home.track(observed(), drift(status="drifted", findings=[FINDING]))
    text = next(iter(home.store.alerts())).text
    first = FINDING["properties"][0]
    assert f"{first['path']} is {first['actual']}, deployed {first['expected']}" in text


def test_a_deleted_stack_has_no_open_alert(home: Home) -> None:
    home.cloud.create("lockstep-dev-orders-queue")
    home.look()
    stack = home.cloud.stacks["lockstep-dev-orders-queue"]["StackId"]
    raw = drift(status="drifted", findings=[FINDING], stack_id=stack)
    home.track(raw)
    assert [alert.kind for alert in home.store.alerts()] == ["drift"]
    home.cloud.delete("lockstep-dev-orders-queue")
    home.cloud.tick(60)
    home.look()
    state = home.store.state(KEY)
    assert state is not None
    assert state.status == DELETED
    assert list(home.store.alerts()) == []


def test_accounts_are_read_from_their_parameters() -> None:
    found = accounts(
        {
            "bus/DevAccounts": "111111111111",
            "bus/StagingAccounts": "222222222222, 111111111111",
            "bus/ProdAccounts": "333333333333",
            "table/StreamArn": "arn:aws:dynamodb:us-west-2:333333333333:table/shared-control-state/stream/1",
        }
    )
    assert found.environments_of("111111111111") == ("dev", "staging")
    assert found.environments_of("333333333333") == ("prod", "shared")
    assert found.environments_of("999999999999") == ()
