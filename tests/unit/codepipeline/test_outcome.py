"""Whether a deployment that failed left something half done, which a person then takes back (REQ-G10, REQ-R4)."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.codepipeline.outcome import outcome
from pipelines.state.records import EnvironmentRelease
from tests.unit.promotion.good import TAG, deployment

BEFORE = "v1.1.0"


def history(*states: tuple[str, Any]) -> list[EnvironmentRelease]:
    """Return deployments into prod, the last first."""
    return [
        deployment("prod", tag=tag, state=state, number=9 - place)
        for place, (tag, state) in enumerate(states)
    ]


def test_what_has_yet_to_come_back_is_half_done() -> None:
    """REQ-R4: the release was taken back, and nothing stands in its place yet."""
    taken = deployment("prod", tag=TAG, state="rolled_back", number=9, back_to=BEFORE)
    assert outcome([[taken, *history((BEFORE, "succeeded"))]], TAG) == "failed"


@pytest.mark.parametrize(
    ("histories", "wanted"),
    [
        ([history((TAG, "succeeded"), (BEFORE, "succeeded"))], "succeeded"),
        ([history((TAG, "failed"), (BEFORE, "succeeded"))], "failed"),
        ([history((TAG, "deploying"), (BEFORE, "succeeded"))], "failed"),
        # The release before is on its way back, and did not arrive.
        ([history((BEFORE, "deploying"), (TAG, "rolled_back"), (BEFORE, "succeeded"))], "failed"),
        ([history((BEFORE, "failed"), (TAG, "rolled_back"))], "failed"),
        # It came back, or a gate kept the release out.
        ([history((BEFORE, "succeeded"), (TAG, "rolled_back"))], "untouched"),
        ([history((BEFORE, "succeeded"))], "untouched"),
        # Somebody else is deploying something else.
        ([history(("v9.9.9", "deploying"), (BEFORE, "succeeded"), (TAG, "failed"))], "untouched"),
        # One workload of several.
        ([history((TAG, "succeeded")), history((TAG, "failed"))], "failed"),
        ([history((TAG, "succeeded")), history((BEFORE, "succeeded"))], "untouched"),
        ([], "untouched"),
        ([[]], "untouched"),
    ],
)
def test_what_is_half_done_is_told(histories: list[list[EnvironmentRelease]], wanted: str) -> None:
    """By the last two deployments of each workload."""
    assert outcome(histories, TAG) == wanted
