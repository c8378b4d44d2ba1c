"""The state store on the sandbox's DynamoDB: what each write decides, alone and side by side (REQ-C1)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pipelines.state import keys
from pipelines.state.marshal import plain_item
from pipelines.state.records import Census, Check, Refusal
from pipelines.state.store import StateStore
from tests.e2e.conftest import Client
from tests.state_table import (
    HOUR,
    KEY,
    START,
    alert,
    create_state_table,
    event,
    finding,
    lock_of,
    release,
    state,
    summary,
)

MINUTE = timedelta(minutes=1)
DYNAMODB = "dynamodb"


@pytest.fixture
def dynamodb(client: Client, account: str) -> Any:
    return client(DYNAMODB, account=account)


@pytest.fixture
def store(dynamodb: Any) -> StateStore:
    return create_state_table(dynamodb)


@contextmanager
def operations(dynamodb: Any) -> Iterator[list[str]]:
    """Collect the names of the operations that the client sends meanwhile."""
    sent: list[str] = []

    def note(model: Any, **_: Any) -> None:
        sent.append(model.name)

    dynamodb.meta.events.register("before-call.dynamodb", note)
    try:
        yield sent
    finally:
        dynamodb.meta.events.unregister("before-call.dynamodb", note)


def raw(dynamodb: Any, key: keys.Key) -> dict[str, Any]:
    """Return an item as it stands, expiry and indexes included."""
    found = dynamodb.get_item(
        TableName="state", Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}}, ConsistentRead=True
    )
    return plain_item(found.get("Item", {}))


class TestStates:
    def test_an_event_is_recorded_once(self, dynamodb: Any, store: StateStore) -> None:
        """Delivery is at least once (REQ-C2)."""
        assert store.record_event(event())
        assert not store.record_event(event())
        assert store.record_event(event(2, START + MINUTE))
        assert list(store.events(KEY)) == [event(2, START + MINUTE), event()]
        expires = raw(dynamodb, keys.event(KEY, START, "e-1"))["expires_at"]
        assert expires == START.timestamp() + 400 * 24 * 3600

    def test_a_tracked_event_takes_two_operations(self, dynamodb: Any, store: StateStore) -> None:
        """At most three are allowed for each event; the third is of the first event of an operation alone."""
        with operations(dynamodb) as sent:
            store.record_event(event())
            store.record_state(state("UPDATE_IN_PROGRESS"))
            store.record_state(state())
            store.record_state(state("DELETE_COMPLETE", START + MINUTE))
        assert sent == [
            "PutItem",
            "UpdateItem",
            "UpdateItem",
            "UpdateItem",
            "TransactWriteItems",
            "UpdateItem",
        ]

    def test_the_latest_state_stands(self, store: StateStore) -> None:
        """Events come in any order (REQ-C2)."""
        later = state("UPDATE_IN_PROGRESS", START + MINUTE)
        assert store.state(KEY) is None
        assert store.record_state(later)
        assert not store.record_state(later)
        assert not store.record_state(state("UPDATE_COMPLETE", START))
        assert store.state(KEY) == later
        assert store.record_state(state("UPDATE_COMPLETE", START + MINUTE))

    def test_what_is_known_of_the_digest_completes_a_state(self, store: StateStore) -> None:
        """A template that could not be read at first is read by the reconciler."""
        assert store.record_state(state(digest=None, template_digest=None))
        assert store.record_state(state())
        assert not store.record_state(state(digest=None, template_digest=None))
        assert not store.record_state(state(digest="sha256:another"))
        assert store.state(KEY) == state()

    def test_a_release_tag_that_goes_leaves_the_index(self, dynamodb: Any, store: StateStore) -> None:
        """A stack without a version is listed under none."""
        store.record_state(state())
        store.record_state(state(operation_at=START + MINUTE, version=""))
        assert "gsi2pk" not in raw(dynamodb, keys.current(KEY))

    def test_states_are_listed(self, store: StateStore) -> None:
        """By environment, by workload, by both, and all; drift alone is no state."""
        staging = replace(KEY, environment="staging")
        ledger = replace(KEY, workload="ledger")
        foreign = replace(KEY, workload="-", environment="-", stack="somebody-elses")
        for key in (KEY, staging, ledger, foreign):
            store.record_state(state(key=key))
        store.record_drift(replace(KEY, stack="not-yet-observed"), summary())
        assert {each.key for each in store.states()} == {KEY, staging, ledger, foreign}
        assert {each.key for each in store.states("dev")} == {KEY, ledger}
        assert {each.key for each in store.states(workload="orders")} == {KEY, staging}
        assert [each.key for each in store.states("dev", "orders")] == [KEY]

    def test_the_states_of_a_region_are_listed_by_name(self, store: StateStore) -> None:
        """`after` is out, `upto` is in: parts of a census touch and do not overlap."""
        named = {name: replace(KEY, stack=name) for name in ("a", "b", "b-2", "c", "d")}
        for key in (*named.values(), replace(KEY, stack="b", region="us-west-2")):
            store.record_state(state(key=key))

        def names(after: str, upto: str) -> list[str]:
            return sorted(s.key.stack for s in store.states_in(KEY.account, KEY.region, after, upto))

        assert names("a", "c") == ["b", "b-2", "c"]
        assert names("", "b") == ["a", "b"]
        assert names("b-2", "") == ["c", "d"]
        assert names("", "") == ["a", "b", "b-2", "c", "d"]
        assert names("c", "a") == names("c", "c") == []

    def test_more_states_than_a_batch_are_listed(self, store: StateStore) -> None:
        """BatchGetItem takes 100 keys."""
        for number in range(103):
            store.record_state(state(key=replace(KEY, stack=f"s-{number}")))
        assert len({each.key for each in store.states("dev", "orders")}) == 103

    def test_a_state_that_is_too_large_is_cut(self, store: StateStore) -> None:
        """200 parameters of 4,096 bytes are allowed, an item of 400 kB is not."""
        large = state(parameters={f"P{number:03}": "x" * 4_000 for number in range(200)})
        assert store.record_state(large)
        found = store.state(KEY)
        assert found is not None
        assert found.cut == ("parameters",)
        assert found.parameters
        assert 50 < len(found.parameters) < 100
        assert replace(found, parameters=large.parameters, cut=()) == large

    def test_refusals_censuses_and_checks(self, store: StateStore) -> None:
        """Each is kept once, or as of the latest."""
        refusal = Refusal("e-1", START, "999999999999", "us-east-1", "foreign account", "{}")
        assert [store.record_refusal(refusal) for _ in range(2)] == [True, False]
        census = Census("111111111111", "us-east-1", START, 12)
        assert store.record_census(replace(census, observed_at=START + MINUTE))
        assert not store.record_census(census)
        assert [each.observed_at for each in store.censuses()] == [START + MINUTE]
        assert store.census("111111111111", "us-west-2") is None
        check = Check("orders", "dev", START, "v1.2.0", "inconsistent", ({"stack": "queue", "n": 1.5},))
        assert store.put_check(check)
        assert not store.put_check(replace(check, at=START - MINUTE, verdict="consistent"))
        later = replace(check, at=START + MINUTE, verdict="consistent")
        assert store.put_check(later)
        # When one last failed is what a promotion waits for (REQ-G3).
        assert store.check("orders", "dev") == replace(later, failed_at=START)


class TestDrift:
    def test_drift_changes_everything_together(self, dynamodb: Any, store: StateStore) -> None:
        """Summary, stack, marker and alert are one transaction (REQ-C4)."""
        store.record_state(state())
        recorded = store.record_drift(KEY, summary(), [finding()], alert())
        assert recorded.recorded
        assert recorded.alert == alert(generation=1)
        assert [each.drift for each in store.open_drift()] == [summary()]
        assert store.drift_marker("orders", "dev").drifted == (KEY,)
        assert store.drift(KEY, "d-001") == summary()
        assert list(store.findings(KEY, "d-001")) == [finding()]
        assert [each.fingerprint for each in store.alerts()] == ["drift-1"]

        fixed = summary(2, "in_sync", START + MINUTE)
        recorded = store.record_drift(KEY, fixed, [], alert(START + MINUTE, state="resolved"))
        assert recorded.alert is not None
        assert (recorded.alert.state, recorded.alert.generation) == ("resolved", 2)
        assert list(store.open_drift()) == list(store.alerts()) == []
        assert store.drift_marker("orders", "dev").drifted == ()
        assert store.state(KEY) == state(drift=fixed)
        assert raw(dynamodb, keys.drift(KEY, "d-001"))["expires_at"] == START.timestamp() + 180 * 24 * 3600

    def test_a_state_leaves_drift_alone(self, store: StateStore) -> None:
        """What a detection found stands until the next one."""
        store.record_drift(KEY, summary())
        store.record_state(state())
        assert store.state(KEY) == state(drift=summary())

    def test_detections_in_any_order(self, store: StateStore) -> None:
        """An older detection neither opens nor closes anything, nor does one that is delivered again."""
        store.record_state(state())
        later = summary(2, "in_sync", START + MINUTE)
        assert store.record_drift(KEY, later).recorded
        assert not store.record_drift(KEY, later).recorded
        assert not store.record_drift(KEY, summary(), [finding()], alert()).recorded
        assert store.drift_marker("orders", "dev").drifted == ()
        assert list(store.alerts()) == []

    def test_a_detection_that_started_or_could_not_tell(self, store: StateStore) -> None:
        """Unknown is never in sync (REQ-C4): open drift stays open."""
        store.record_state(state())
        store.record_drift(KEY, summary())
        assert store.record_drift(KEY, summary(2, "started", START + MINUTE)).recorded
        assert store.record_drift(KEY, summary(2, "unknown", START + MINUTE)).recorded
        assert not store.record_drift(KEY, summary(2, "started", START + MINUTE)).recorded
        assert store.drift_marker("orders", "dev").drifted == (KEY,)
        assert [each.drift.status for each in store.open_drift() if each.drift] == ["unknown"]

    def test_drift_goes_with_its_stack(self, store: StateStore) -> None:
        """A deleted stack is in nobody's way, and a late detection does not bring it back."""
        store.record_state(state())
        store.record_drift(KEY, summary())
        assert store.record_state(state("DELETE_COMPLETE", START + MINUTE))
        assert not store.record_state(state("DELETE_COMPLETE", START + MINUTE))
        assert not store.record_drift(KEY, summary(2, at=START + HOUR)).recorded
        assert store.drift_marker("orders", "dev").drifted == ()
        assert list(store.open_drift()) == []
        recreated = state("CREATE_COMPLETE", START + HOUR)
        assert store.record_state(recreated)
        assert store.state(KEY) == recreated

    def test_many_findings(self, store: StateStore) -> None:
        """BatchWriteItem takes 25 items; a stack has up to 500 resources."""
        many = [finding(logical_id=f"Queue{number:03}") for number in range(60)]
        store.record_drift(KEY, summary(), [*many, *many[:3]])
        assert list(store.findings(KEY, "d-001")) == many

    def test_stacks_of_one_environment_side_by_side(self, store: StateStore) -> None:
        """They share the marker: nobody's entry is lost."""
        stacks = [replace(KEY, stack=f"s-{number}") for number in range(12)]
        with ThreadPoolExecutor(max_workers=6) as pool:
            done = list(pool.map(lambda each: store.record_drift(each, summary()).recorded, stacks))
        assert all(done)
        assert set(store.drift_marker("orders", "dev").drifted) == set(stacks)


class TestAlerts:
    def test_each_change_is_one_generation(self, store: StateStore) -> None:
        """Found, changed and resolved once each; found again opens a new one (REQ-C4)."""
        told = [
            store.raise_alert(alert()),
            store.raise_alert(alert(START + MINUTE)),
            store.raise_alert(alert(START + 2 * MINUTE, "sha256:b")),
            store.resolve_alert("drift-1", START + 3 * MINUTE),
            store.resolve_alert("drift-1", START + 4 * MINUTE),
            store.raise_alert(alert(START + 5 * MINUTE)),
        ]
        assert [(each.state, each.generation) if each else None for each in told] == [
            ("found", 1),
            None,
            ("changed", 2),
            ("resolved", 3),
            None,
            ("found", 4),
        ]
        assert store.alert("drift-1") == told[-1]
        assert told[2] is not None
        assert told[2].opened_at == START

    def test_a_resolved_alert_expires_and_an_open_one_does_not(
        self, dynamodb: Any, store: StateStore
    ) -> None:
        """7 days after its resolution."""
        store.raise_alert(alert())
        assert "expires_at" not in raw(dynamodb, keys.alert("drift-1"))
        store.resolve_alert("drift-1", START + MINUTE)
        expires = raw(dynamodb, keys.alert("drift-1"))["expires_at"]
        assert expires == START.timestamp() + 60 + 7 * 24 * 3600
        store.raise_alert(alert(START + HOUR))
        assert "expires_at" not in raw(dynamodb, keys.alert("drift-1"))

    def test_older_news_is_no_news(self, store: StateStore) -> None:
        """What was seen before the resolution does not open the alert again."""
        store.raise_alert(alert())
        store.resolve_alert("drift-1", START + HOUR)
        assert store.raise_alert(alert(START + MINUTE)) is None
        assert store.raise_alert(alert(START + 2 * HOUR)) is not None
        assert store.resolve_alert("drift-1", START + HOUR) is None

    def test_a_generation_is_announced_once(self, store: StateStore) -> None:
        """The stream may deliver it twice, late, and out of order."""
        assert not store.mark_announced("drift-1", 1)
        store.raise_alert(alert())
        store.raise_alert(alert(START + MINUTE, "sha256:b"))
        assert [store.mark_announced("drift-1", number) for number in (3, 1, 1, 2, 1, 2)] == [
            False,
            True,
            False,
            True,
            False,
            False,
        ]
        store.resolve_alert("drift-1", START + HOUR)
        assert [store.mark_announced("drift-1", 3) for _ in range(2)] == [True, False]

    def test_a_stale_reading_overwrites_nothing(
        self, store: StateStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was announced in between stays announced."""
        store.raise_alert(alert())
        read, readings = store.alert, [store.alert("drift-1")]
        assert store.mark_announced("drift-1", 1)
        monkeypatch.setattr(store, "alert", lambda name: readings.pop() if readings else read(name))
        resolved = store.resolve_alert("drift-1", START + MINUTE)
        assert resolved is not None
        assert (resolved.generation, resolved.announced_generation) == (2, 1)
        assert read("drift-1") == resolved

    def test_many_raise_the_same(self, store: StateStore) -> None:
        """One of them finds it."""
        with ThreadPoolExecutor(max_workers=6) as pool:
            told = list(pool.map(lambda _: store.raise_alert(alert()), range(12)))
        assert sum(each is not None for each in told) == 1


class TestLocks:
    def test_one_holder_at_a_time(self, store: StateStore) -> None:
        """Until it expires or is given back; the token grows (REQ-G5)."""
        first = lock_of(store, "dev")
        assert first.token == 1
        assert store.acquire_lock("orders", "dev", "run-2", START + HOUR, HOUR) is None
        assert store.lock("orders", "dev", START + HOUR) == first
        second = lock_of(store, "dev", first.expires_at, "run-2")
        assert second.token == 2
        assert store.renew(first, START, HOUR) is None
        assert not store.release_lock(first)
        assert store.release_lock(second)
        assert store.lock("orders", "dev", START) is None
        assert lock_of(store, "dev", owner="run-3").token == 3

    def test_a_lost_answer(self, store: StateStore) -> None:
        """Whoever acquires again under the same name holds it, with a new token alone."""
        first, second = lock_of(store, "dev"), lock_of(store, "dev")
        assert (first.token, second.token) == (1, 2)
        assert store.renew(first, START, HOUR) is None
        renewed = store.renew(second, START + HOUR, 24 * HOUR)
        assert renewed is not None
        assert renewed.expires_at == START + 25 * HOUR

    def test_the_token_outlives_the_lock(self, dynamodb: Any, store: StateStore) -> None:
        """DynamoDB must never remove the item: the token would start again."""
        store.release_lock(lock_of(store, "dev"))
        left = raw(dynamodb, keys.lock("orders", "dev"))
        assert left["token"] == 1
        assert "expires_at" not in left

    def test_many_want_it(self, store: StateStore) -> None:
        """One gets it."""

        def acquire(number: int) -> Any:
            return store.acquire_lock("orders", "dev", f"run-{number}", START, HOUR)

        with ThreadPoolExecutor(max_workers=6) as pool:
            got = [each for each in pool.map(acquire, range(12)) if each]
        assert [each.token for each in got] == [1]


class TestReleases:
    def test_a_release_never_changes(self, store: StateStore) -> None:
        """Its tag stands for one thing."""
        assert [store.put_release(release()) for _ in range(2)] == [True, True]
        assert not store.put_release(release(dev="sha256:another"))
        assert store.release("orders", "v1.2.0", "dev") == release()
        assert store.release("orders", "v9", "dev") is None

    def test_each_environment_records_its_own(self, store: StateStore) -> None:
        """What one says of a name is nothing that another says (REQ-P8)."""
        assert store.put_release(release(prod="sha256:squatted"))
        assert store.release("orders", "v1.2.0", "prod") is None
        assert store.put_release(release(environment="prod"))
        assert store.release("orders", "v1.2.0", "prod") == release(environment="prod")

    def test_deployments_are_numbered(self, store: StateStore) -> None:
        """Without gaps, the newest first, also past ten."""
        begun = [
            store.begin_environment_release(release(f"v{n}"), START + n * MINUTE, "run") for n in range(12)
        ]
        assert [each.number for each in begun if each] == list(range(1, 13))
        assert list(store.environment_releases("orders", "dev")) == begun[::-1]
        assert store.latest_environment_release("orders", "dev") == begun[-1]

    def test_a_repeated_beginning_is_one(self, store: StateStore) -> None:
        """As after a lost answer: what stands under the next number is what was to be put."""
        begun = store.begin_environment_release(release(), START, "run")
        assert store.begin_environment_release(release(), START, "run") == begun
        assert len(list(store.environment_releases("orders", "dev"))) == 1

    def test_a_deployment_ends_once(self, store: StateStore) -> None:
        """Success begins the soak; a rollback ends it."""
        store.begin_environment_release(release(), START, "run")
        assert store.end_environment_release("orders", "dev", 1, "succeeded", START + HOUR)
        assert store.end_environment_release("orders", "dev", 1, "succeeded", START + 2 * HOUR)
        assert not store.end_environment_release("orders", "dev", 1, "failed", START + HOUR)
        assert not store.end_environment_release("orders", "dev", 2, "succeeded", START)
        latest = store.latest_environment_release("orders", "dev")
        assert latest is not None
        assert (latest.state, latest.ended_at, latest.soak_from) == ("succeeded", START + HOUR, START + HOUR)
        assert store.end_environment_release("orders", "dev", 1, "rolled_back", START + 3 * HOUR)
        rolled_back = store.latest_environment_release("orders", "dev")
        assert rolled_back is not None
        assert rolled_back.soak_from is None

    def test_a_lost_lock_begins_nothing(self, store: StateStore) -> None:
        """The token fences a late process off (REQ-G5)."""
        first = lock_of(store, "dev")
        second = lock_of(store, "dev", owner="run-1")
        assert store.begin_environment_release(release(), START, "run", first) is None
        assert store.latest_environment_release("orders", "dev") is None
        assert store.begin_environment_release(release(), START, "run", second) is not None
