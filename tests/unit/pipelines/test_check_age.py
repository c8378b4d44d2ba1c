"""The parity of each stack on the board, where its environment's last check is old (REQ-C3, REQ-X3)."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.board import recorded_board
from pipelines.state.records import Check
from tests.state_table import KEY, START, state

from .test_board import deployed, stack


@pytest.mark.parametrize(
    ("minutes", "tag", "expected"),
    [(34, "v1.2.0", "as declared"), (36, "v1.2.0", "unknown"), (1, "v1.1.0", "unknown")],
)
def test_a_check_that_is_old_or_of_another_release_says_nothing_of_a_stack(
    minutes: int, tag: str, expected: str
) -> None:
    store = deployed()
    store.record_state(state(key=KEY))
    store.put_check(Check("orders", "dev", START, tag, "consistent", ()))
    those = (stack("dev", KEY.account),)
    project: Any = SimpleNamespace(places={"dev": those}, environments=("dev",), of=lambda _: those)
    board = recorded_board(project, store, None, START + timedelta(minutes=minutes))
    assert [row.parity for row in board.rows] == [expected]
    assert [line.parity for line in board.summaries] == [expected]
