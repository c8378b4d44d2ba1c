"""A name of a release stands for one content, and nobody takes it from who will use it (REQ-G1, REQ-P8)."""

from __future__ import annotations

import pytest

from pipelines.release_record import put, refuse_taken
from pipelines.state.records import Release
from pipelines.state.store import StateStore
from tests.e2e.conftest import Client
from tests.state_table import create_state_table, release
from validator.errors import FailureError

ORDER = ("dev", "staging", "prod")
TAG = "v1.2.0"


@pytest.fixture
def store(client: Client, account: str) -> StateStore:
    return create_state_table(client("dynamodb", account=account))


def keep(store: StateStore, one: Release) -> None:
    """As a deployment does: ask, write the objects of the release, record it."""
    refuse_taken(store, one, ORDER)
    put(store, one)


def test_two_runs_between_asking_and_recording_keep_one_content(store: StateStore) -> None:
    one, another = release(TAG, "dev"), release(TAG, "dev", prod="sha256:another")
    for each in (one, another):
        refuse_taken(store, each, ORDER)
    put(store, one)
    with pytest.raises(FailureError, match="another content"):
        put(store, another)
    assert store.release("orders", TAG, "dev") == one


def test_a_release_goes_from_one_environment_to_the_next(store: StateStore) -> None:
    """Each records it for itself, and again without a change."""
    for environment in (*ORDER, *ORDER):
        keep(store, release(TAG, environment))
    assert [store.release("orders", TAG, each) == release(TAG, each) for each in ORDER] == [True] * 3


def test_what_belongs_to_no_environment_asks_none(store: StateStore) -> None:
    keep(store, release(TAG, "shared"))
    assert store.release("orders", TAG, "shared") is not None


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_another_content_under_the_name_is_refused(store: StateStore, environment: str) -> None:
    """By what this environment recorded, and by what the one before did: with where, which commits, and the mend."""
    keep(store, release(TAG, "dev", prod="sha256:another"))
    with pytest.raises(FailureError) as refused:
        keep(store, release(TAG, environment))
    said, mend = str(refused.value).splitlines()
    assert said.startswith(
        f"release {TAG} of orders is recorded in dev with another content, of commit 000000000000"
    )
    assert "gets another name" in mend
    assert store.release("orders", TAG, "staging") is None


def test_dev_takes_no_name_from_prod(store: StateStore) -> None:
    """Whoever controls dev recorded a name first: prod deploys it all the same, and another name goes anywhere."""
    keep(store, release(TAG, "dev", prod="sha256:squatted"))
    keep(store, release(TAG, "prod"))
    for environment in ORDER:
        keep(store, release("v1.2.1", environment))
    stands = store.release("orders", TAG, "prod")
    assert stands is not None
    assert stands.digests["prod"] == release(TAG).digests["prod"]
