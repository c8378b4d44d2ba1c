"""Drift is what the marker says, which who deploys there may write, and what agents saw of each stack (REQ-G4)."""

from __future__ import annotations

from dataclasses import replace

from pipelines.gathering.records import _drifted
from pipelines.state.store import DriftMarker
from tests.state_table import KEY, state, summary


def test_a_marker_that_somebody_emptied_hides_no_drift() -> None:
    drifted = replace(state(), drift=summary())
    assert _drifted(DriftMarker(), [drifted]) == (KEY.stack,)
    assert _drifted(DriftMarker(), [replace(drifted, drift=summary(2, "in_sync"))]) == ()


def test_the_marker_counts_where_nobody_observed_the_stack() -> None:
    assert _drifted(DriftMarker((KEY,)), [state()]) == (KEY.stack,)
