"""A name of a release stands for one content, and nobody takes it from who will use it (REQ-G1, REQ-P8)."""

from __future__ import annotations

import pytest

from pipelines.release_record import put
from pipelines.state.store import StateStore
from tests.e2e.conftest import Client
from tests.state_table import create_state_table, release
from validator.errors import FailureError

ORDER = ("dev", "staging", "prod")
TAG = "v1.2.0"


@pytest.fixture
def store(client: Client, account: str) -> StateStore:
    return create_state_table(client("dynamodb", account=account))


def test_a_release_goes_from_one_environment_to_the_next(store: StateStore) -> None:
    """Each records it for itself, and again without a change."""
    for environment in (*ORDER, *ORDER):
        put(store, release(TAG, environment), ORDER)
    assert [store.release("orders", TAG, each) == release(TAG, each) for each in ORDER] == [True] * 3


def test_what_belongs_to_no_environment_asks_none(store: StateStore) -> None:
    put(store, release(TAG, "shared"), ORDER)
    assert store.release("orders", TAG, "shared") is not None


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_another_content_under_the_name_is_refused(store: StateStore, environment: str) -> None:
    """By what this environment recorded, and by what the one before did: with where, which commits, and the mend."""
    put(store, release(TAG, "dev", prod="sha256:another"), ORDER)
    with pytest.raises(FailureError) as refused:
        put(store, release(TAG, environment), ORDER)
    said, mend = str(refused.value).splitlines()
    assert said.startswith(
        f"release {TAG} of orders is recorded in dev with another content, of commit 000000000000"
    )
    assert "gets another name" in mend
    assert store.release("orders", TAG, "staging") is None


def test_dev_takes_no_name_from_prod(store: StateStore) -> None:
    """Whoever controls dev recorded a name first: prod deploys it all the same, and another name goes anywhere."""
    put(store, release(TAG, "dev", prod="sha256:squatted"), ORDER)
    put(store, release(TAG, "prod"), ORDER)
    for environment in ORDER:
        put(store, release("v1.2.1", environment), ORDER)
    stands = store.release("orders", TAG, "prod")
    assert stands is not None
    assert stands.digests["prod"] == release(TAG).digests["prod"]
