"""A finding counts once its stack was looked at after the deployment (REQ-C3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.consistency import Actual, Judged, Reported, by_stack, judged
from pipelines.consistency.pending import MARGIN, PATIENCE

from .releases import changed, manifest, running

ENDED = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SILENT = "the agent of 111111111111 us-east-1 has not reported since the deployment ended"


def reported(after: timedelta, counted: int = 20, recorded: int = 20) -> Reported:
    return Reported(ENDED + after, counted, recorded)


def judge(live: dict[str, Actual], report: Reported | None) -> Judged:
    """Judge dev against its release."""
    actuals = tuple(live.values())
    return judged(by_stack(manifest("dev"), actuals), actuals, ENDED, lambda account, region: report)


@pytest.fixture
def live() -> dict[str, Actual]:
    """Return the stacks as an agent saw them before the deployment ended."""
    return {name: replace(one, observed_at=ENDED - SECOND) for name, one in running("dev").items()}


@pytest.mark.parametrize("report", [None, reported(-SECOND), reported(MARGIN + SECOND)])
def test_all_that_matches_is_right_at_once(live: dict[str, Actual], report: Reported | None) -> None:
    assert judge(live, report) == Judged((), ())


@pytest.mark.parametrize("report", [None, reported(-SECOND), reported(SECOND), reported(MARGIN)])
@pytest.mark.parametrize("missing", [True, False])
def test_nothing_counts_before_the_agent_looked(
    live: dict[str, Actual], report: Reported | None, missing: bool
) -> None:
    queue = live.pop("queue")
    if not missing:
        live["queue"] = changed(queue, MaxReceiveCount="9")
    found = judge(live, report)
    assert (found.counted, found.reasons) == ((), (SILENT,))
    assert found.pending == {queue.place}


@pytest.mark.parametrize("missing", [True, False])
def test_it_counts_once_the_agent_looked(live: dict[str, Actual], missing: bool) -> None:
    queue = live.pop("queue")
    if not missing:
        live["queue"] = changed(queue, MaxReceiveCount="9")
    found = judge(live, reported(MARGIN + SECOND))
    assert (len(found.counted), found.reasons, found.pending) == (1, (), frozenset())


def test_a_difference_seen_after_the_end_counts_at_once_and_alone(live: dict[str, Actual]) -> None:
    live["queue"] = replace(changed(live["queue"], MaxReceiveCount="9"), observed_at=ENDED + SECOND)
    del live["table"]
    found = judge(live, None)
    assert [one.key for one in found.counted] == ["Parameters.MaxReceiveCount"]
    assert found.reasons == (SILENT,)


def test_a_stack_that_is_counted_and_not_recorded_yet_is_not_missing(live: dict[str, Actual]) -> None:
    """An agent says first which stacks exist, and then what they are."""
    del live["queue"]
    found = judge(live, reported(MARGIN + SECOND, counted=20, recorded=19))
    assert found.reasons == (
        "the agent of 111111111111 us-east-1 counted 20 stacks, and 19 of them are recorded",
    )
    assert found.counted == ()
    late = judge(live, reported(PATIENCE + SECOND, counted=20, recorded=19))
    assert len(late.counted) == 1, "what was refused or lost may not hide a missing stack for good"
