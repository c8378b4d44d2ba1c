"""Promotions on the sandbox's DynamoDB: each thing that a promotion rests on is checked as it is written (REQ-G1)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from pipelines.state.records import Check, Lock, Promotion, Release
from pipelines.state.store import PromotionVerdict, StateStore
from tests.e2e.conftest import Client
from tests.state_table import HOUR, KEY, START, create_state_table, lock_of, release, state, summary

STAGING, PROD = replace(KEY, environment="staging"), replace(KEY, environment="prod")
SECOND = timedelta(seconds=1)
NOW = START + 3 * HOUR
"""Two hours after the success in staging."""


@dataclass
class Ready:
    """A release that succeeded in staging at 10:30, drift that was fixed at 9:30, and prod's lock: all is well."""

    store: StateStore
    release: Release
    lock: Lock

    def promote(self, now: datetime = NOW, **changed: Any) -> PromotionVerdict:
        given = {"manifest_digest": self.release.digests["staging"], "lock": self.lock, **changed}
        acknowledged, soak = given.pop("acknowledged", ()), given.pop("soak", timedelta())
        promotion = Promotion("orders", self.release.tag, "staging", "prod", now, "alex", "sha256:e")
        promotion = replace(promotion, **{k: given.pop(k) for k in ("approver", "tag") if k in given})
        return self.store.promote(promotion, now=now, acknowledged=acknowledged, soak=soak, **given)

    def deploy(
        self, environment: str, tag: str, at: datetime, state: Any = "succeeded", decision: str = "sha256:d"
    ) -> None:
        begun = self.store.begin_environment_release(release(tag, environment), at, "run", decision=decision)
        assert begun is not None
        if state != "deploying":
            self.store.end_environment_release("orders", environment, begun.number, state, at)


@pytest.fixture
def ready(client: Client, account: str) -> Ready:
    store = create_state_table(client("dynamodb", account=account))
    found = Ready(store, release(), lock_of(store, "prod"))
    store.record_state(state(key=STAGING))
    store.record_drift(STAGING, summary(at=START - SECOND))
    store.record_drift(STAGING, summary(2, "in_sync", START))
    found.deploy("staging", "v1.2.0", START + HOUR)
    return found


def test_what_holds_is_promoted_once(ready: Ready) -> None:
    """A repeated call counts as promoted, another decision about the same does not."""
    assert ready.promote() == PromotionVerdict(True)
    assert ready.promote(NOW + HOUR) == PromotionVerdict(True)
    stands = ready.store.promotion("orders", "v1.2.0", "staging", "prod")
    assert stands is not None
    assert stands.at == NOW
    other = ready.promote(approver="sam")
    assert not other.promoted
    assert [each.condition for each in other.hindrances] == ["not-yet-promoted"]
    assert "alex promoted v1.2.0" in other.hindrances[0].reason


def test_the_hour_is_whole(ready: Ready) -> None:
    """60 minutes from the recorded success, to the microsecond (REQ-G3)."""
    early = ready.promote(START + 2 * HOUR - timedelta(microseconds=1))
    assert [each.condition for each in early.hindrances] == ["soak"]
    assert ready.promote(START + 2 * HOUR).promoted


def test_a_policy_may_ask_for_more_than_the_hour_and_for_no_less(ready: Ready) -> None:
    """It holds when the promotion is written, too (REQ-G3)."""
    more = timedelta(minutes=90)
    early = ready.promote(START + HOUR + more - timedelta(microseconds=1), soak=more)
    assert [each.condition for each in early.hindrances] == ["soak"]
    assert not ready.promote(START + 2 * HOUR - SECOND, soak=timedelta()).promoted
    assert ready.promote(START + HOUR + more, soak=more).promoted


def test_no_soak_before_staging(ready: Ready) -> None:
    """The hour is staging's alone."""
    ready.deploy("dev", "v1.2.0", NOW)
    lock = lock_of(ready.store, "staging")
    promotion = Promotion("orders", "v1.2.0", "dev", "staging", NOW, "alex", "sha256:e")
    digest = ready.release.digests["dev"]
    assert ready.store.promote(promotion, manifest_digest=digest, lock=lock, now=NOW).promoted


def _drift(ready: Ready) -> None:
    ready.store.record_drift(STAGING, summary(3, at=START + HOUR))


def _drift_that_ended(ready: Ready) -> None:
    _drift(ready)
    ready.store.record_drift(STAGING, summary(4, "in_sync", NOW - HOUR + SECOND))


def _drift_in_prod(ready: Ready) -> None:
    ready.store.record_drift(PROD, summary())


def _redeploy(ready: Ready) -> None:
    ready.deploy("staging", "v1.2.0", NOW - HOUR + SECOND)


def _touch(ready: Ready) -> None:
    """Between the gates, which read the states of stacks, and the start: by whom, no record of deployments says."""
    ready.store.record_state(state("UPDATE_IN_PROGRESS", NOW - HOUR + SECOND, key=STAGING))


def _deleted(ready: Ready) -> None:
    ready.store.record_state(state("DELETE_COMPLETE", NOW - HOUR + SECOND, key=STAGING))


def _failed_check(ready: Ready) -> None:
    """One that failed within the hour, though the next one did not."""
    check = Check("orders", "staging", NOW - HOUR + SECOND, "v1.2.0", "inconsistent", ())
    ready.store.put_check(check)
    ready.store.put_check(replace(check, at=NOW, verdict="consistent"))


@pytest.mark.parametrize(
    ("before", "condition", "reason"),
    [
        (_drift, "source-without-drift", "open drift in staging: orders#staging#111111111111#us-east-1#"),
        (_drift_that_ended, "soak", "drift in staging ended at 2026-03-02T11:30:01"),
        (_drift_in_prod, "target-without-drift", "open drift in prod that is not acknowledged"),
        (_redeploy, "soak", "the soak in staging began at 2026-03-02T11:30:01"),
        (_failed_check, "soak", "a check of staging failed at 2026-03-02T11:30:01"),
        (_touch, "soak", "a stack of staging was changed, which began at 2026-03-02T11:30:01"),
        (_deleted, "soak", "a stack of staging was changed, which began at 2026-03-02T11:30:01"),
        (lambda r: r.deploy("staging", "v1.3.0", NOW), "source-succeeded", "v1.3.0, succeeded"),
        (
            lambda r: r.deploy("staging", "v1.2.0", START + HOUR, decision=""),
            "source-succeeded",
            "v1.2.0 was deployed into staging without gates",
        ),
        (lambda r: r.deploy("staging", "v1.2.0", NOW, "failed"), "source-succeeded", "v1.2.0, failed"),
        (lambda r: r.deploy("staging", "v1.2.0", NOW, "deploying"), "source-succeeded", "v1.2.0, deploying"),
        (
            lambda r: r.store.end_environment_release("orders", "staging", 1, "rolled_back", NOW),
            "source-succeeded",
            "v1.2.0, rolled_back",
        ),
        (lambda r: r.store.release_lock(r.lock), "lock-held", "held by nobody"),
        (lambda r: lock_of(r.store, "prod", r.lock.expires_at, "run-2"), "lock-held", "held by run-2"),
    ],
)
def test_what_does_not_hold_is_named(
    ready: Ready, before: Callable[[Ready], object], condition: str, reason: str
) -> None:
    """And nothing is promoted."""
    before(ready)
    verdict = ready.promote()
    assert not verdict.promoted
    assert [each.condition for each in verdict.hindrances] == [condition]
    assert reason in verdict.hindrances[0].reason
    assert ready.store.promotion("orders", "v1.2.0", "staging", "prod") is None


def test_the_digest_is_the_one_that_was_tried(ready: Ready) -> None:
    """What goes on is what succeeded (REQ-G1)."""
    verdict = ready.promote(manifest_digest="sha256:another")
    assert [each.condition for each in verdict.hindrances] == ["same-digest"]


def test_another_tag_with_the_same_digest_is_another_release(ready: Ready) -> None:
    """What is approved has a name, and only that goes on."""
    same = release("v1.3.0", "staging", staging=ready.release.digests["staging"])
    begun = ready.store.begin_environment_release(same, START + HOUR, "run", decision="sha256:d")
    assert begun is not None
    ready.store.end_environment_release("orders", "staging", begun.number, "succeeded", START + HOUR)
    assert [each.condition for each in ready.promote().hindrances] == ["source-succeeded"]
    assert ready.promote(tag="v1.3.0").promoted


def test_every_hindrance_is_named_at_once(ready: Ready) -> None:
    """Nobody mends one thing to learn of the next."""
    _drift(ready)
    _drift_in_prod(ready)
    ready.store.release_lock(ready.lock)
    verdict = ready.promote(START + HOUR + SECOND, manifest_digest="sha256:another")
    assert {each.condition for each in verdict.hindrances} == {
        "same-digest",
        "soak",
        "source-without-drift",
        "target-without-drift",
        "lock-held",
    }


def test_acknowledged_drift_is_acknowledged_as_it_is(ready: Ready) -> None:
    """One more drifted stack than was acknowledged is in the way (REQ-G4)."""
    another = replace(PROD, stack="another")
    _drift_in_prod(ready)
    ready.store.record_drift(another, summary())
    assert not ready.promote(acknowledged=[PROD]).promoted
    assert ready.promote(acknowledged=[another, PROD]).promoted


def test_an_expired_lock_promotes_nothing(ready: Ready) -> None:
    """Also where nobody else took it yet (REQ-G5)."""
    verdict = ready.promote(ready.lock.expires_at)
    assert [each.condition for each in verdict.hindrances] == ["lock-held"]


def test_the_lock_of_something_else_is_a_mistake(ready: Ready) -> None:
    """Of the source, say."""
    with pytest.raises(ValueError, match="not of the target"):
        ready.promote(lock=lock_of(ready.store, "staging"))


def test_nothing_was_ever_deployed(ready: Ready) -> None:
    """An empty table promotes nothing."""
    promotion = Promotion("orders", "v1.2.0", "qa", "prod", NOW, "alex", "sha256:e")
    verdict = ready.store.promote(promotion, manifest_digest="sha256:1", lock=ready.lock, now=NOW)
    assert [each.condition for each in verdict.hindrances] == ["source-succeeded"]


def test_a_deployment_between_reading_and_writing(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction sees what the reading before it could not."""
    stale = ready.store.latest_environment_release("orders", "staging")
    ready.deploy("staging", "v1.3.0", NOW)
    monkeypatch.setattr(ready.store, "latest_environment_release", lambda *_: stale)
    verdict = ready.promote()
    assert [each.condition for each in verdict.hindrances] == ["latest"]


def test_many_promote_the_same(ready: Ready) -> None:
    """With different approvers: one of them did."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        verdicts = list(pool.map(lambda n: ready.promote(approver=f"approver-{n}"), range(8)))
    assert sum(each.promoted for each in verdicts) == 1
