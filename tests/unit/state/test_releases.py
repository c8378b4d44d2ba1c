"""How deployments begin and end, and what is noted on them (REQ-G3, REQ-G5, REQ-G6, REQ-R4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pipelines.state import keys
from pipelines.state.marshal import item
from pipelines.state.records import Ending, EnvironmentRelease, Lock, Promotion, ReleaseState
from pipelines.state.store import PromotionVerdict, StateStore
from pipelines.state.store.outcomes import FAILED, Reason
from pipelines.state.store.verdicts import hindrances
from pipelines.state.times import timestamp
from tests.state_table import HOUR, KEY, START, lock_of, release
from tests.unit.tracking.local import TABLE, Direct

ENDS = START + HOUR
PROMOTION = Promotion("orders", "v1.2.0", "staging", "prod", START, "alex", "sha256:e")


def begun(store: StateStore, environment: str = "dev", **given: Any) -> EnvironmentRelease:
    found = store.begin_environment_release(release(environment=environment), START, "run", **given)
    assert found is not None
    return found


def end(store: StateStore, state: ReleaseState, minutes: int = 0, **given: Any) -> bool:
    at = ENDS + timedelta(minutes=minutes)
    return store.end_environment_release("orders", "dev", 1, state, at, **given)


def latest(store: StateStore) -> EnvironmentRelease:
    found = store.latest_environment_release("orders", "dev")
    assert found is not None
    return found


def test_a_deployment_says_of_what_it_is(store: StateStore) -> None:
    """Its own environment's digest, what let it in, and whose agents watch it."""
    found = begun(store, "prod", places=["333333333333/us-west-2"], decision="sha256:d")
    assert found == store.latest_environment_release("orders", "prod")
    assert (found.manifest_digest, found.decision) == ("sha256:prod-v1.2.0", "sha256:d")
    assert found.places == ("333333333333/us-west-2",)


@pytest.mark.parametrize(
    ("state", "awaits"), [("failed", "v1.1.0"), ("rolled_back", "v1.1.0"), ("succeeded", "")]
)
def test_an_end_says_where_its_evidence_is_and_what_comes_back(
    store: StateStore, state: ReleaseState, awaits: str
) -> None:
    begun(store)
    assert end(store, state, ending=Ending("sha256:e", "v1.1.0"))
    found = latest(store)
    assert (found.evidence, found.back_to, found.awaits) == ("sha256:e", "v1.1.0", awaits)
    assert found.soak_from == (ENDS if state == "succeeded" else None)


def test_who_lost_the_lock_ends_nothing(store: StateStore) -> None:
    """Also what has ended so: whoever has the lock says that."""
    begun(store)
    lost, held = lock_of(store, "dev"), lock_of(store, "dev", owner="run-1")
    assert not end(store, "succeeded", lock=lost)
    assert latest(store).state == "deploying"
    assert end(store, "succeeded", lock=held)
    assert not end(store, "succeeded", lock=lost)
    assert end(store, "succeeded", lock=held)


def test_who_lost_the_lock_begins_nothing_where_another_began(store: StateStore) -> None:
    lost = lock_of(store, "dev")
    lock_of(store, "dev", owner="run-1")
    begun(store)
    again = store.begin_environment_release(release("v1.3.0"), START, "run", lost)
    assert again is None
    assert latest(store).tag == "v1.2.0"


def test_what_was_taken_back_was_so_once(store: StateStore) -> None:
    assert not end(store, "rolled_back")
    assert store.latest_environment_release("orders", "dev") is None
    begun(store)
    assert end(store, "rolled_back")
    assert end(store, "rolled_back", minutes=5)
    assert latest(store).ended_at == ENDS


def test_an_end_is_announced_once_and_its_being_taken_back_too(store: StateStore) -> None:
    where = ("orders", "dev", 1)
    assert not store.mark_deployment_announced(*where, "succeeded")
    assert store.latest_environment_release("orders", "dev") is None
    begun(store)
    for state in ("succeeded", "rolled_back"):
        assert not store.deployment_is_announced(*where, state)
        assert [store.mark_deployment_announced(*where, state) for _ in range(2)] == [True, False]
        assert store.deployment_is_announced(*where, state)


def test_what_is_no_record_is_told_or_is_an_error(store: StateStore) -> None:
    begun(store)
    odd = item({**keys.environment_release("orders", "dev", 2)._asdict(), "state": "x"})
    Direct().put_item(TableName=TABLE, Item=odd)
    with pytest.raises(ValueError, match="EnvironmentRelease"):
        list(store.environment_releases("orders", "dev"))
    told: list[str] = []
    assert [one.number for one in store.environment_releases("orders", "dev", told.append)] == [1]
    assert [one.partition(":")[0] for one in told] == ["REL#00000002"]


@pytest.mark.parametrize("changed", [{"workload": "ledger"}, {"environment": "staging"}])
def test_the_lock_is_of_the_target_and_of_its_workload(store: StateStore, changed: dict[str, str]) -> None:
    lock = Lock(
        **{"workload": "orders", "environment": "prod", **changed},
        owner="run",
        token=1,
        expires_at=ENDS,
        since=START,
    )
    with pytest.raises(ValueError, match="not of the target"):
        store.promote(PROMOTION, manifest_digest="sha256:1", lock=lock, now=START)


def put(name: str, value: Any) -> None:
    """Write an attribute of staging's first deployment, as who deploys there may (REQ-P8)."""
    key = keys.environment_release("orders", "staging", 1)
    Direct().update_item(
        TableName=TABLE,
        Key=item(key._asdict()),
        UpdateExpression=f"SET #{name} = :value",
        ExpressionAttributeNames={f"#{name}": name},
        ExpressionAttributeValues=item({":value": value}),
    )


@pytest.mark.parametrize(
    ("name", "value", "condition", "reason"),
    [
        ("state", "failed", "source-succeeded", "the latest deployment into staging is v1.2.0, failed"),
        ("soak_from", None, "soak", "began at no recorded success"),
        ("ended_at", None, "soak", "began at no recorded success"),
        (
            "soak_from",
            timestamp(ENDS + timedelta(microseconds=1)),
            "soak",
            "began at 2026-03-02T10:30:00.000001Z",
        ),
        ("ended_at", "2026-03-02T12:30:00+02:00", "source-succeeded", "and does not say why: its source"),
    ],
)
def test_a_record_that_no_deployment_left_promotes_nothing(
    store: StateStore, name: str, value: Any, condition: str, reason: str
) -> None:
    """Who deploys writes it: what the table refuses is refused, whatever the record says (REQ-G3)."""
    begun(store, "staging", decision="sha256:d")
    store.end_environment_release("orders", "staging", 1, "succeeded", ENDS)
    lock = lock_of(store, "prod")

    def promote() -> PromotionVerdict:
        digest = release(environment="staging").digests["staging"]
        return store.promote(PROMOTION, manifest_digest=digest, lock=lock, now=ENDS + HOUR)

    put(name, value)
    refused = promote()
    assert not refused.promoted
    assert [one.condition for one in refused.hindrances] == [condition]
    assert reason in refused.hindrances[0].reason
    assert store.promotion("orders", "v1.2.0", "staging", "prod") is None
    put(name, {"state": "succeeded"}.get(name, timestamp(ENDS)))
    assert promote() == PromotionVerdict(True)
    assert store.promotion("orders", "v1.2.0", "staging", "prod") == PROMOTION


def test_a_soak_that_is_just_over_is_in_nobodys_way() -> None:
    """Whatever else is."""
    source = EnvironmentRelease(
        "orders",
        "staging",
        1,
        "v1.2.0",
        "sha256:1",
        "succeeded",
        START,
        ENDS,
        "run",
        START,
        decision="sha256:d",
    )

    def named(**changed: Any) -> list[str]:
        failed = {"source": Reason(FAILED, replace(source, **changed).to_item())}
        return [one.condition for one in hindrances(PROMOTION, "sha256:2", timestamp(ENDS), failed)]

    assert named() == ["same-digest"]
    assert named(ended_at=ENDS + timedelta(microseconds=1)) == ["same-digest", "soak"]
    assert named(soak_from=None) == named(ended_at=None) == ["same-digest", "soak"]


@pytest.mark.parametrize(("many", "said"), [(5, "s-5"), (6, "and 1 more")])
def test_of_many_drifted_stacks_five_are_named(many: int, said: str) -> None:
    drifted = {replace(KEY, stack=f"s-{number}").pk for number in range(1, many + 1)}
    failed = {"source drift": Reason(FAILED, item({"drifted": drifted}))}
    (found,) = hindrances(PROMOTION, "sha256:1", timestamp(START), failed)
    assert found.reason.endswith(said)
