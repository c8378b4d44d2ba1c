"""Of what the table names, a release's evidence has its own decisions, of every environment and workload (REQ-G6)."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.gathering.trail import recorded
from pipelines.state.records import KeptDecision
from tests.state_table import HOUR, START
from tests.unit.delivery.records import made_table

LATER = KeptDecision("orders", "prod", "v1", START + HOUR, "failure", "sha256:b")


def test_only_decisions_about_the_release_are_gathered_the_oldest_first() -> None:
    table = made_table()
    first = replace(LATER, environment="dev", at=START, decision="pending", evidence_digest="sha256:a")
    other = replace(LATER, tag="v2", evidence_digest="sha256:c")
    control = replace(LATER, workload="control")
    for one in (LATER, other, first, control):
        assert table.keep_decision(one)
    stacks = [SimpleNamespace(workload=name) for name in ("orders", "control")]
    project: Any = SimpleNamespace(environments=("dev", "prod"), of=lambda _environment: stacks)
    home: Any = SimpleNamespace(table=lambda: table)
    assert recorded(home, project, "v1", pytest.fail).decisions == (first, control, LATER)
    assert recorded(home, project, "v3", pytest.fail).decisions == ()
