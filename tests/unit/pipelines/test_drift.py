"""What `lockstep drift` makes of what is recorded (REQ-C4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipelines.commands.drift import print_drift
from pipelines.drift import StackDrift, as_json, unrecorded
from pipelines.drift_age import verdict
from pipelines.state.records import DriftFinding, DriftSummary, PropertyDrift, Uncovered
from pipelines.status import WORDS, recorded_row
from tests.unit.pipelines.test_status import stack, state
from validator.model import Project

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "drift.json").read_text(encoding="utf-8"))


def drifted(status: Any = "drifted", reason: str | None = None) -> StackDrift:
    uncovered = (Uncovered("Policy", "AWS::SQS::QueuePolicy"),)
    summary = DriftSummary("d1", status, 3, uncovered, (), 1, NOW, "sha256:2")
    found = state(drift=summary)
    properties = (
        PropertyDrift("/VisibilityTimeout", "240", "33", "NOT_EQUAL"),
        PropertyDrift("/Delay", None, "1", "ADD"),
    )
    finding = DriftFinding(
        found.key, "d1", "Queue", "AWS::SQS::Queue", "dev-orders-queue", "MODIFIED", properties, reason, NOW
    )
    return StackDrift(found, (finding,) if status == "drifted" else (), verdict(found, NOW))


def test_each_property_is_shown_as_deployed_and_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_drift([drifted()], [])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == [
        *("dev", "lockstep-dev-orders-queue", "us-east-1", "Queue", "/VisibilityTimeout", "240", "33")
    ]
    assert lines[2].split()[-3:] == ["not", "set", "1"]
    assert "1 stacks: 1 drifted" in lines
    assert any("1 resources of 1 types" in line for line in lines)


def test_what_nobody_looked_at_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """REQ-C4: no stack counts as in sync because it is in no table."""
    project = Project(("dev",), (stack(),))
    assert unrecorded(project, "dev", []) == ["dev/orders/queue"]
    assert unrecorded(project, None, [drifted()]) == []
    print_drift([], ["dev/orders/queue"])
    out = capsys.readouterr().out
    assert "0 stacks: none recorded" in out
    assert "1 more are of the project, and no agent has reported them: dev/orders/queue" in out


@pytest.mark.parametrize(
    ("status", "known"), [("drifted", True), ("in_sync", True), ("unknown", False), ("started", False)]
)
def test_only_an_answer_of_drift_detection_is_known(status: Any, known: bool) -> None:
    assert drifted(status).is_known is known
    assert not StackDrift(state(), (), verdict(state(), NOW)).is_known


def test_an_expected_difference_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    print_drift([drifted(reason="scaling moves it")], [])
    assert "expected: scaling moves it" in capsys.readouterr().out


def test_the_json_follows_its_schema() -> None:
    document = {
        "schema": "lockstep/drift/v1",
        "stacks": as_json([drifted(), drifted("unknown")]),
        "unrecorded": [],
    }
    jsonschema.validate(document, SCHEMA)


@pytest.mark.parametrize(
    ("status", "detected", "changed", "expected"),
    [
        ("in_sync", 47, 100, "in_sync"),
        ("in_sync", 1, 1, "in_sync"),
        ("in_sync", 49, 100, "not checked"),
        ("in_sync", 2, 1, "not checked"),
        ("in_sync", -49, 100, "not checked"),
        ("drifted", 49, 1, "drifted"),
        ("unknown", 1, 2, "unknown"),
        ("started", 1, 2, "started"),
    ],
)
def test_in_sync_holds_until_the_next_change_and_for_two_days(
    status: Any, detected: int, changed: int, expected: str
) -> None:
    """REQ-C4: hours ago. Status, drift and verification say the same; what drifted stays so until it is looked at."""
    last = DriftSummary("d1", status, 3, (), (), 0, NOW - timedelta(hours=detected), "sha256:2")
    found = state(drift=last, operation_at=NOW - timedelta(hours=changed))
    assert verdict(found, NOW) == expected
    assert WORDS[verdict(found, NOW)] == recorded_row(stack(), found, None, NOW).drift
    assert StackDrift(found, (), verdict(found, NOW)).is_known is (expected in ("in_sync", "drifted"))


def test_one_that_nobody_looked_at_since_is_counted_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    last = DriftSummary("d1", "in_sync", 3, (), (), 0, NOW - timedelta(days=89), "sha256:2")
    found = state(drift=last)
    old = StackDrift(found, (), verdict(found, NOW))
    print_drift([old])
    assert "1 stacks: 1 not checked" in capsys.readouterr().out
    assert as_json([old])[0]["status"] == "not checked"
