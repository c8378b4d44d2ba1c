"""Lockstep's view of a StackSet: each account and region as it goes, and why one failed (REQ-C10)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from pipelines import aws as clients
from pipelines import stack_sets
from pipelines.aws import Aws
from sandbox import accounts
from sandbox.place import Record
from tests.e2e.conftest import Client
from tests.e2e.sandbox.stack_sets import Set, make_roles

EAST, OHIO, OREGON = "us-east-1", "us-east-2", "us-west-2"


@pytest.fixture
def aws(sandbox: Record, account: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Return clients of an account of the test's own, as the commands make them."""
    for name, value in (accounts.variables(sandbox.endpoint) | {"AWS_ACCESS_KEY_ID": account}).items():
        monkeypatch.setenv(name, value)
    caches = (clients._session, clients._client)
    for cache in caches:
        cache.cache_clear()
    yield Aws(EAST)
    for cache in caches:
        cache.cache_clear()


@pytest.fixture
def baseline(client: Client, account: str) -> Set:
    """Return a StackSet of one account, not yet created."""
    make_roles(client, account, [account])
    return Set(client("cloudformation", account=account), [account])


def test_each_place_is_told_and_the_failing_one_says_why(aws: Aws, baseline: Set, account: str) -> None:
    """With tolerance 0 the region after the failing one is not touched."""
    baseline.define(Parameters=[{"ParameterKey": "FailIn", "ParameterValue": OHIO}])
    told: list[stack_sets.Place] = []
    watch = stack_sets.Watch(aws, ["baseline"], datetime.now(UTC), told.append)
    with watch.watching():
        assert baseline.add(EAST, OHIO, OREGON) == "FAILED"
    assert {(place.region, place.status) for place in told} >= {
        (EAST, "SUCCEEDED"),
        (OHIO, "FAILED"),
        (OREGON, "CANCELLED"),
    }
    assert len(told) == len(set(told))
    (failed,) = watch.failures("")
    assert str(failed).startswith(f"baseline {account} {OHIO} FAILED: ResourceLogicalId:Wrong")
    assert watch.failures(f"said already: {failed.reason}") == []


def test_operations_are_listed_with_their_places(aws: Aws, baseline: Set) -> None:
    """Where there is no StackSet there are none; `since` leaves out what is over."""
    assert stack_sets.operations(aws, "baseline") == []
    baseline.define()
    baseline.add(EAST)
    baseline.add(OREGON)
    found = stack_sets.operations(aws, "baseline")
    assert [[place.region for place in one.places] for one in found] == [[OREGON], [EAST]]
    assert not any(one.is_under_way for one in found)
    assert stack_sets.operations(aws, "baseline", datetime.now(UTC)) == []


def test_a_run_waits_for_an_operation_that_is_under_way(aws: Aws, baseline: Set) -> None:
    """It begins when that has ended, or not at all when it is told to stop."""
    baseline.define()
    assert stack_sets.operations(aws, "baseline") == []  # the client is made by now, which takes a while
    regions = [
        f"{area}-{number}" for area in ("us-east", "us-west", "eu-west", "ap-south") for number in (1, 2)
    ]
    operation = baseline.begin("create_stack_instances", *regions)
    assert not stack_sets.wait(aws, ["baseline"], lambda: True)
    slept = threading.Event()
    assert stack_sets.wait(aws, ["baseline"], lambda: False, lambda _: slept.wait(0.05) or None)
    assert baseline.operation(operation)["Status"] == "SUCCEEDED"
