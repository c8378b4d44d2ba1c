"""Drift is what the marker says, which who deploys there may write, and what agents saw of each stack (REQ-G4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.drift_age import KEEPS
from pipelines.gathering.records import _changed, _drifted, _unsure, source_of, target_of
from pipelines.promotion.evidence import Begun
from pipelines.state import keys
from pipelines.state.store import DriftMarker
from tests.state_table import KEY, START, state, summary
from tests.unit.delivery.records import deployed, made_table
from tests.unit.tracking.local import TABLE


def test_a_marker_that_somebody_emptied_hides_no_drift() -> None:
    drifted = replace(state(), drift=summary())
    assert _drifted(DriftMarker(), [drifted]) == (KEY.stack,)
    assert _drifted(DriftMarker(), [replace(drifted, drift=summary(2, "in_sync"))]) == ()


def test_the_marker_counts_where_nobody_observed_the_stack() -> None:
    assert _drifted(DriftMarker((KEY,)), [state()]) == (KEY.stack,)


def test_what_nobody_observed_is_unsure_where_it_should_stand() -> None:
    """REQ-G4: a stack of the release without a report is none that is known to be in sync."""
    sure = replace(state(), drift=summary(1, "in_sync"))
    assert _unsure([sure], (KEY.stack,), (), START) == ()
    assert _unsure([sure], (KEY.stack, "never-seen"), (), START) == ("never-seen",)
    assert _unsure([state()], (), (), START) == (KEY.stack,)
    assert _unsure([state()], (), (KEY.stack,), START) == ()


def test_what_stands_where_a_release_would_go_and_nobody_looked_at_is_unsure() -> None:
    """REQ-G4: in the target as in the source, where also what should stand there counts."""
    table = made_table()
    table.record_state(state())
    manifest: Any = SimpleNamespace(workload="orders", environment="dev", tag="v1", digest="sha256:0")
    assert target_of(table, manifest, ("dev",), (), START).unsure == (KEY.stack,)
    found = source_of(table, "orders", "dev", "v1", ("never-seen",), START)
    assert found.unsure == (KEY.stack, "never-seen")


@pytest.mark.parametrize("target", ["staging", "prod"])
def test_what_was_rolled_back_in_any_environment_stays_out(target: str) -> None:
    """REQ-G5: also where it passed the one between; what is no record elsewhere hides and stops nothing."""
    table = made_table()
    deployed(table, "v1", "succeeded")
    deployed(table, "v2", "rolled_back")
    key = keys.environment_release("orders", "dev", 9)
    item = {"pk": {"S": key.pk}, "sk": {"S": key.sk}, "junk": {"S": "x"}}
    table._table._client.put_item(TableName=TABLE, Item=item)

    def rejected(tag: str) -> list[str]:
        manifest: Any = SimpleNamespace(workload="orders", environment=target, tag=tag, digest="sha256:0")
        found = target_of(table, manifest, ("dev", "staging", "prod"), (), START)
        return [one.environment for one in found.rejected]

    assert rejected("v2") == ["dev"]
    assert rejected("v1") == []


def test_what_a_run_that_died_changed_is_known_by_its_tags_and_for_as_long_as_a_detection_may_be_late() -> (
    None
):
    """REQ-G4: what another release made is no part of it, nor what was there before the run began."""
    manifest: Any = SimpleNamespace(tag="v1.2.0", commit="0" * 40)
    begun, minute = Begun("sha256:d", "sha256:p", START), timedelta(minutes=1)

    def changed(*, now: timedelta = minute, at: timedelta = minute, **given: str) -> tuple[str, ...]:
        return _changed([state(operation_at=START + at, **given)], manifest, begun, START + now)

    assert changed() == (KEY.stack,)
    assert changed(now=KEEPS + minute) == (KEY.stack,)
    assert changed(now=KEEPS + 2 * minute) == ()
    assert changed(at=-6 * minute) == ()
    assert changed(version="v1.1.0") == changed(commit="1" * 40) == ()
