"""Which release comes back, and under which decision, read from records of deployments (REQ-R4, REQ-G1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.delivery.returning import before, decision_of
from pipelines.state.records import EnvironmentRelease
from tests.unit.promotion.good import deployment

History = dict[str, list[EnvironmentRelease]]


class Records:
    """Deployments by workload, the newest first, as the state table gives them."""

    def __init__(self, history: History) -> None:
        self._history = history

    def environment_releases(self, workload: str, environment: str) -> Iterator[EnvironmentRelease]:
        return iter(self._history.get(workload, ()))


def one(workload: str, number: int, tag: str, state: str = "succeeded", **given: Any) -> EnvironmentRelease:
    return deployment("prod", workload, number=number, tag=tag, state=state, **given)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ({"orders": [one("orders", 1, "v1")]}, "v1"),
        ({"orders": [one("orders", 2, "v2", "rolled_back"), one("orders", 1, "v1")]}, "v1"),
        ({"orders": [one("orders", 2, "v2", "failed")]}, ""),
        ({"orders": [one("orders", 1, "v1")], "billing": []}, "v1"),
        ({"orders": [one("orders", 1, "v1")], "billing": [one("billing", 1, "v0")]}, ""),
        ({}, ""),
    ],
    ids=["the last", "not what was taken back", "none was good", "a new workload", "several", "the first"],
)
def test_what_last_succeeded_comes_back(history: History, expected: str) -> None:
    failed = [one(workload, 3, "v3", "failed") for workload in ("orders", "billing")]
    table: Any = Records({name: [failed[0], *those] for name, those in history.items()})
    assert before(table, failed) == expected


def test_what_comes_back_stands_under_the_decision_that_once_let_it_in() -> None:
    """So that it may go on from there; what no gate ever let in may not."""
    let_in = one("orders", 1, "v1", decision="sha256:a")
    table: Any = Records({"orders": [one("orders", 2, "v1", decision=""), let_in]})
    assert decision_of(table, ["billing", "orders"], "prod", "v1") == "sha256:a"
    bare: Any = Records({"orders": [one("orders", 1, "v1", decision="")]})
    assert decision_of(bare, ["orders"], "prod", "v1") == ""
    assert decision_of(table, ["orders"], "prod", "v2") == ""
