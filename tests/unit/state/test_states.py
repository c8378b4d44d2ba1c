"""What stays of a stack's state when another takes its place, and how the parts of a census add up (REQ-C2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pipelines.state.records import Census, Check, CheckVerdict
from pipelines.state.store import StateStore
from tests.state_table import HOUR, KEY, START, state, summary
from tests.unit.tracking.local import LocalDynamoDB

MINUTE = timedelta(minutes=1)
FOREIGN = replace(KEY, workload="-", environment="-", stack="somebody-elses")
PLACE = (KEY.account, KEY.region)


def test_a_stack_that_is_made_anew_stays(local: LocalDynamoDB, store: StateStore) -> None:
    """DynamoDB removes what was deleted: not the one that is there since."""
    store.record_state(state("DELETE_COMPLETE"))
    assert "expires_at" in local.items("STACK#")[0]
    store.record_state(state("CREATE_COMPLETE", START + MINUTE, stack_id="arn:another"))
    assert "expires_at" not in local.items("STACK#")[0]


def test_a_stack_that_is_made_anew_has_detections_of_its_own(store: StateStore) -> None:
    """Whenever the last of the one before it was."""
    store.record_state(state())
    store.record_drift(KEY, summary(1, at=START + HOUR))
    store.record_state(state("DELETE_COMPLETE", START + MINUTE))
    store.record_state(state("CREATE_COMPLETE", START + 2 * MINUTE, stack_id="arn:another"))
    first = summary(2, "in_sync", START + 3 * MINUTE)
    assert store.record_drift(KEY, first, stack_id="arn:another").recorded
    stands = store.state(KEY)
    assert stands is not None
    assert stands.drift == first


def test_drift_goes_with_somebody_elses_stack_too(store: StateStore) -> None:
    store.record_state(state(key=FOREIGN))
    store.record_drift(FOREIGN, summary())
    assert [one.key for one in store.open_drift()] == [FOREIGN]
    gone = state("DELETE_COMPLETE", START + MINUTE, key=FOREIGN)
    assert store.record_state(gone)
    assert list(store.open_drift()) == []
    assert store.state(FOREIGN) == gone


def test_the_parts_of_a_census_add_up_in_any_order_and_again(store: StateStore) -> None:
    came = [store.gather_census(PLACE, START, (part, 3), 10 * part) for part in (2, 2, 3, 1, 1)]
    assert came == [None, None, None, 60, 60]


def test_a_census_of_one_part_is_whole(store: StateStore) -> None:
    assert store.gather_census(PLACE, START, (1, 1), 7) == 7


def test_parts_of_another_census_do_not_count(store: StateStore) -> None:
    """The later one takes the place of the earlier, and never the other way round."""
    assert store.gather_census(PLACE, START, (1, 2), 5) is None
    assert store.gather_census(PLACE, START + HOUR, (2, 2), 4) is None
    assert store.gather_census(PLACE, START, (2, 2), 5) is None
    assert store.gather_census(PLACE, START + HOUR, (1, 2), 3) == 7


def test_what_is_told_again_changes_nothing(store: StateStore) -> None:
    census = Census(*PLACE, START, 5)
    assert [store.record_census(census) for _ in range(2)] == [True, False]
    check = Check("orders", "dev", START, "v1.2.0", "consistent", ())
    assert [store.put_check(check) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("verdict", ["unknown", "deploying", "consistent"])
def test_only_a_check_that_failed_failed(store: StateStore, verdict: CheckVerdict) -> None:
    """When one last did goes along (REQ-G3)."""
    for minutes, said in enumerate((verdict, "inconsistent", verdict)):
        check = Check("orders", "dev", START + minutes * MINUTE, "v1.2.0", said, ())
        assert store.put_check(check)
        stands = store.check("orders", "dev")
        assert stands is not None
        assert stands.failed_at == (START + MINUTE if minutes else None)
