"""Tracker, announcer and reconciler on one table: nothing lost, nothing announced twice (REQ-C2, REQ-C4, REQ-C5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from functions.control import announcer, reconciler, tracker
from functions.control.edge import accounts
from pipelines.state.keys import StackKey
from pipelines.state.sequence import DELETED
from pipelines.state.store import StateStore
from pipelines.tracking.announce import Announcer
from pipelines.tracking.reconciler import Reconciler
from pipelines.tracking.recorder import Recorder
from tests.property.test_tracking import ACCOUNTS, Agent
from tests.unit.tracking.cloud import DEV, REGION, Cloud, event
from tests.unit.tracking.local import TABLE, LocalDynamoDB, LocalSNS
from tests.unit.tracking.test_events import FINDING, drift, observed, stack_status

CONTEXT = SimpleNamespace(
    function_name="tracker",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-west-2:333333333333:function:shared-control-tracker",
    aws_request_id="11111111-1111-4111-8111-111111111111",
)
SET = f"arn:aws:cloudformation:{REGION}:{DEV}:stackset/dev-control-agent:1"
KEY = StackKey("orders", "dev", DEV, REGION, "lockstep-dev-orders-queue")
TOPICS = {"drift": "arn:drift", "validation": "arn:validation", "rollback": "arn:rollback"}


def no_wait(_seconds: float) -> None:
    """A pause takes no time here."""


class Home:
    """Home's functions on a table and topics of their own."""

    def __init__(self) -> None:
        self.table, self.sns = LocalDynamoDB(attempts=1), LocalSNS()
        self.table.create()
        self.cloud = Cloud()
        self.agent = Agent(self.cloud)
        self.store = StateStore(self.table.client, TABLE, no_wait)
        self.desk = Announcer(self.store, self.sns.client, TOPICS)  # type: ignore[arg-type]
        self.recorder = Recorder(self.store, ACCOUNTS, self.cloud.clock)
        self.reconciler = Reconciler(
            self.store,
            ACCOUNTS,
            self.desk.announce,
            self.cloud.clock,
            no_wait,
        )
        self._announced = 0

    def track(self, *bodies: Any) -> list[str]:
        """Deliver messages in one batch and return the bodies that have to come again."""
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        sent = {"SentTimestamp": "1772443800000"}
        records = [{"messageId": str(n), "body": text, "attributes": sent} for n, text in enumerate(texts)]
        answer = tracker.handler({"Records": records}, CONTEXT)
        return [texts[int(failed["itemIdentifier"])] for failed in answer["batchItemFailures"]]

    def announce(self) -> bool:
        """Deliver what is new in the stream, from where the last batch failed; True where all went well."""
        records = self.table.stream()[self._announced :]
        failures = announcer.handler({"Records": records}, CONTEXT)["batchItemFailures"]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        self._announced += numbers.index(failures[0]["itemIdentifier"]) if failures else len(records)
        return not failures

    def look(self) -> None:
        """Let the agent look at every stack, and home record it."""
        self.agent.bus.bodies.clear()
        self.agent.reconcile(full=True)
        assert self.track(*self.agent.bus.bodies) == []


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    home = Home()
    monkeypatch.setattr(tracker, "recorder", lambda: home.recorder)
    monkeypatch.setattr(announcer, "desk", lambda: home.desk)
    monkeypatch.setattr(reconciler, "reconciler", lambda: home.reconciler)
    yield home


def metrics(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in (json.loads(line) for line in text.splitlines() if '"_aws"' in line):
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
            value = line[metric["Name"]]
            found[metric["Name"]] = found.get(metric["Name"], 0) + sum(
                value if isinstance(value, list) else [value]
            )
    return found


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


def test_the_reconciler_brings_alerts_to_what_the_stacks_are(home: Home) -> None:
    """Two events at once can leave an alert behind, or none: the state decides."""
    home.cloud.create("lockstep-dev-orders-queue", fails=True)
    home.look()
    (alert,) = home.store.alerts()
    home.store.resolve_alert(alert.fingerprint, home.cloud.now)
    home.cloud.delete("lockstep-dev-orders-queue")
    home.cloud.create("lockstep-dev-orders-queue", fails=True)
    home.look()
    home.table.client.delete_item(
        TableName=TABLE, Key={"pk": {"S": f"ALERT#{alert.fingerprint}"}, "sk": {"S": "OPEN"}}
    )
    assert home.reconciler.run().repaired == 1
    assert home.reconciler.run().repaired == 0
    (raised,) = home.store.alerts()
    home.cloud.delete("lockstep-dev-orders-queue")
    home.cloud.create("lockstep-dev-orders-queue")
    home.look()
    assert list(home.store.alerts()) == []
    state = home.store.state(KEY)
    assert state is not None
    late = replace(raised, changed_at=state.operation_at)
    assert home.store.raise_alert(late) is not None
    assert home.reconciler.run().repaired == 1
    assert list(home.store.alerts()) == []


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


def operation(status: str, minute: int) -> dict[str, Any]:
    detail = {"stack-set-arn": SET, "stack-set-operation-id": "1", "status-details": {"status": status}}
    raw = event("CloudFormation StackSet Operation Status Change", detail, event_id=f"id-{minute}")
    return {**raw, "time": f"2026-03-02T09:{minute}:00Z"}


def instance(region: str, detailed: str, reason: str, minute: int) -> dict[str, Any]:
    detail = {
        "stack-set-arn": SET,
        "stack-id": f"arn:aws:cloudformation:{region}:{DEV}:stack/StackSet-dev-control-agent-1/1",
        "action": "UPDATE",
        "status-details": {
            "status": "CURRENT" if detailed == "SUCCEEDED" else "OUTDATED",
            "status-reason": reason,
            "detailed-status": detailed,
        },
    }
    event_id = f"id-{region}-{detailed.lower()}-{minute}"
    raw = event("CloudFormation StackSet StackInstance Status Change", detail, event_id=event_id)
    return {**raw, "time": f"2026-03-02T09:{minute}:00Z"}


def test_a_failed_stack_set_is_announced_with_its_regions_and_reasons(home: Home) -> None:
    """REQ-C5, REQ-C10: of that operation, and of no other."""
    home.track(instance("eu-west-1", "FAILED", "long ago", 30), operation("FAILED", 31))
    home.track(
        instance("us-east-2", "RUNNING", "", 32),
        instance("us-east-2", "SUCCEEDED", "", 33),
        instance("us-west-2", "RUNNING", "", 33),
        instance("us-west-2", "FAILED", "Queue: access: denied", 34),
        instance("ap-south-1", "CANCELLED", "Cancelled since failure tolerance has exceeded", 34),
        operation("FAILED", 35),
    )
    (alert,) = home.store.alerts()
    assert (alert.environment, alert.workload) == ("dev", "control")
    assert alert.subject == "StackSet dev-control-agent failed in us-west-2"
    assert alert.text.splitlines()[1:] == [
        f"- ap-south-1 of {DEV} cancelled: Cancelled since failure tolerance has exceeded",
        f"- us-west-2 of {DEV} failed: Queue: access: denied",
    ]
    home.announce()
    said = home.sns.published[-1]
    assert "stack-set-failed.md" in str(said)


def test_the_way_back_of_the_stack_above_resolves_no_stack_set(home: Home) -> None:
    """REQ-C4: the operation of a rollback succeeds, and what was released is in no region."""
    name = "lockstep-dev-control-regional-agent"
    home.cloud.create(name, Workload="control")
    home.look()
    home.track(operation("FAILED", 31))
    home.cloud.stacks[name]["LastUpdatedTime"] = home.cloud.tick()
    home.cloud.become(name, "UPDATE_ROLLBACK_IN_PROGRESS")
    home.look()
    home.track(operation("SUCCEEDED", 32))
    assert [alert.kind for alert in home.store.alerts()] == ["deployment"]
    home.cloud.become(name, "UPDATE_ROLLBACK_COMPLETE")
    home.look()
    home.reconciler.run()
    assert len(list(home.store.alerts())) == 2
    home.cloud.update(name, "v2.0.0")
    home.look()
    assert len(list(home.store.alerts())) == 1, "its success was never told"
    assert home.reconciler.run().repaired == 1
    assert list(home.store.alerts()) == []


def test_a_failed_operation_on_a_stack_set_is_announced_and_resolved(home: Home) -> None:
    home.track(operation("RUNNING", 31), operation("FAILED", 32), operation("FAILED", 32))
    (alert,) = home.store.alerts()
    assert (alert.kind, alert.environment, alert.severity) == ("deployment", "dev", "critical")
    home.track(operation("SUCCEEDED", 33))
    assert list(home.store.alerts()) == []


def test_a_silent_region_is_noticed_and_resolved(home: Home) -> None:
    home.cloud.create("lockstep-dev-orders-queue")
    home.look()
    assert home.reconciler.run().silent == ()
    home.cloud.tick(36 * 60)
    outcome = home.reconciler.run()
    assert outcome.silent == (f"{DEV} {REGION}",)
    gauges = {gauge.name: gauge.value for gauge in outcome.gauges}
    assert gauges["RegionsSilent"] == 1
    assert gauges["LastSuccessfulSyncAgeSeconds"] > 35 * 60
    home.look()
    assert home.reconciler.run().silent == ()
    assert list(home.store.alerts()) == []
    home.announce()
    assert home.sns.ids() == [f"silence:{DEV}:{REGION}#1", f"silence:{DEV}:{REGION}#2"]


def test_a_stuck_detection_ends_as_unknown_with_its_reason(home: Home) -> None:
    home.track(observed())
    none = {"checked": 0, "unsupported": [], "failed": []}
    begun = drift(status="started", coverage=none)
    home.track({**begun, "detail-type": "Stack Drift Started"})
    assert home.reconciler.run().stuck == 0
    home.cloud.tick(61 * 60)
    assert home.reconciler.run().stuck == 1
    state = home.store.state(KEY)
    assert state is not None
    assert state.drift is not None
    assert (state.drift.status, state.drift.failed[0].reason) == (
        "unknown",
        "drift detection did not end within an hour",
    )
    assert home.reconciler.run().stuck == 0


def test_the_text_of_a_drift_alert_names_the_first_properties(home: Home) -> None:
    """REQ-C5: whoever is woken reads what changed, without looking anything up."""
    home.track(observed(), drift(status="drifted", findings=[FINDING]))
    text = next(iter(home.store.alerts())).text
    first = FINDING["properties"][0]
    assert f"{first['path']} is {first['actual']}, deployed {first['expected']}" in text


def test_a_stuck_detection_that_a_later_one_overtook_ends_too(home: Home) -> None:
    """Otherwise every pass would look at it again, until it is removed."""
    home.track(observed())
    none = {"checked": 0, "unsupported": [], "failed": []}
    begun = drift(status="started", coverage=none, detection_id="11111111-aaaa-4aaa-8aaa-000000000001")
    home.track({**begun, "detail-type": "Stack Drift Started"})
    home.cloud.tick(60)
    later = drift(status="in_sync", detected_at=home.cloud.clock().isoformat())
    home.track(later)
    home.cloud.tick(61 * 60)
    home.reconciler.run()
    assert list(home.store.started()) == []
    state = home.store.state(KEY)
    assert state is not None
    assert state.drift is not None
    assert state.drift.status == "in_sync"


def test_a_resolution_that_was_never_announced_is_announced_later(home: Home) -> None:
    """REQ-C4: found, changed and resolved are each told once, also where SNS was down at the end."""
    home.cloud.create("lockstep-dev-orders-queue", fails=True)
    home.look()
    home.announce()
    home.sns.down = True
    home.cloud.delete("lockstep-dev-orders-queue")
    home.cloud.create("lockstep-dev-orders-queue")
    home.look()
    home.announce()
    assert list(home.store.alerts()) == []
    home.sns.down = False
    assert home.reconciler.run().announced == 1
    assert [name.rpartition("#")[2] for name in home.sns.ids()] == ["1", "2"]


def test_what_sns_did_not_take_is_announced_later_and_once(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.cloud.create("lockstep-dev-orders-queue", fails=True)
    home.look()
    home.sns.down = True
    assert not home.announce()
    assert metrics(capsys.readouterr().out)["AnnounceFailures"] == 1
    assert reconciler.handler({}, CONTEXT)["announced"] == 0
    assert metrics(capsys.readouterr().out)["AnnounceFailures"] == 1
    home.sns.down = False
    assert reconciler.handler({}, CONTEXT)["announced"] == 1
    assert home.announce(), "the stream tries again, and finds that it is done"
    assert reconciler.handler({}, CONTEXT)["announced"] == 0
    assert len(home.sns.published) == 1


def test_gauges_count_drift_of_each_environment(home: Home) -> None:
    home.track(observed(), drift(status="drifted", findings=[FINDING, {**FINDING, "logical_id": "Other"}]))
    gauges = {gauge.name: gauge for gauge in home.reconciler.run().gauges}
    assert (gauges["StacksDrifted"].value, gauges["DriftFindings"].value) == (1, 2)
    assert gauges["StacksDrifted"].dimensions == (("Environment", "dev"), ("Workload", "orders"))


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


FAULTS = {
    "throttled": (400, "ThrottlingException"),
    "expired": (400, "ExpiredTokenException"),
    "unavailable": (500, "InternalServerError"),
    "timed out": ReadTimeoutError(endpoint_url="https://dynamodb"),
}


@pytest.mark.parametrize("when", ["fault", "after"], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_loses_nothing_and_announces_nothing_twice(
    home: Home, fault: str, when: str
) -> None:
    """Each call in turn fails once, also after it took effect; the queue and the stream deliver again."""
    home.cloud.create("lockstep-dev-orders-queue")
    home.cloud.update("lockstep-dev-orders-queue", "v2.0.0", fails=True)
    home.agent.reconcile(full=True)
    stack = home.cloud.stacks["lockstep-dev-orders-queue"]["StackId"]
    bodies = [*home.agent.bus.bodies, json.dumps(drift(status="drifted", findings=[FINDING], stack_id=stack))]
    failing = 0
    while True:
        home.table.create()
        home.sns.published.clear()
        home._announced = 0
        left = [failing]

        def once(_operation: str, left: list[int] = left) -> Any:
            left[0] -= 1
            return FAULTS[fault] if left[0] == -1 else None

        setattr(home.table, when, once)
        waiting = list(bodies)
        for _ in range(4):
            waiting = home.track(*waiting)
            home.announce()
        reached = left[0] >= 0
        setattr(home.table, when, lambda _operation: None)
        assert waiting == []
        state = home.store.state(KEY)
        assert state is not None
        assert state.status == "UPDATE_ROLLBACK_COMPLETE"
        assert state.drift is not None
        assert {alert.kind for alert in home.store.alerts()} == {"deployment", "drift"}
        # Between publish and mark alone a fault announces again, under the same id: receivers drop the second.
        ids = home.sns.ids()
        assert len(set(ids)) == 2
        assert len(ids) == 2 or len(ids) == 3
        if len(ids) == 3:
            assert when == "fault"
        if reached:
            break
        failing += 1
    assert failing > 10


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
