"""What commands print of data is shown as it is: no markup, and nothing reaches the terminal raw (REQ-C4, REQ-X3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.commands import manifest, verify
from pipelines.commands.common import console
from pipelines.commands.drift import print_drift
from pipelines.commands.progress import progress
from pipelines.commands.status_text import print_board
from pipelines.deploy import Result
from pipelines.deployment import Action
from pipelines.drift import StackDrift
from pipelines.stack_sets import Place
from pipelines.state.records import DriftFinding, PropertyDrift
from pipelines.status import summaries
from pipelines.verification import Verified
from tests.unit.pipelines.test_status import board, release, rows_of_both, state, summary

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

HOSTILE = [
    ("^[a-z]{2}$", "^[a-z]{2}$"),
    ("[/x]", "[/x]"),
    ("[red]x", "[red]x"),
    (":bug:", ":bug:"),
    ("\x1b]0;x\x07", r"\x1b]0;x\x07"),
    ("a\nb", r"a\nb"),
    ("\u202eab", r"\u202eab"),
]

values = pytest.mark.parametrize(("value", "shown"), HOSTILE)


def held(capsys: pytest.CaptureFixture[str], shown: str, times: int = 1) -> None:
    out = capsys.readouterr().out
    assert out.count(shown) == times
    assert all(char.isprintable() or char == "\n" for char in out)


@values
def test_drift_shows_every_value_as_it_is(value: str, shown: str, capsys: Any) -> None:
    found = state(drift=summary())
    finding = DriftFinding(
        found.key,
        "d1",
        value,
        "AWS::SQS::Queue",
        "q",
        "MODIFIED",
        (PropertyDrift(value, value, value, "NOT_EQUAL"),),
        None,
        NOW,
    )
    print_drift([StackDrift(found, (finding,), "drifted")], [value])
    held(capsys, shown, 5)


@values
def test_status_shows_every_value_as_it_is(value: str, shown: str, capsys: Any) -> None:
    rows = [replace(rows_of_both()[0], version=value, stack=value)]
    lines = summaries(rows, {("orders", "dev"): [release(1, value, "succeeded")]}, {}, NOW)
    alerts = tuple(replace(alert, subject=value) for alert in board().alerts)
    print_board(board(rows=tuple(rows), summaries=tuple(lines), alerts=alerts))
    held(capsys, shown, 4)


@values
def test_a_deployment_shows_every_reason_as_it_is(value: str, shown: str, capsys: Any) -> None:
    with progress([value], quiet=False) as reporter:
        reporter.started(value, Action("wait", value))
        reporter.placed(value, Place("set", "1", "here", "FAILED", value))
        reporter.ended(Result(value, "failed", value, 1.0))
    held(capsys, shown, 6)


@values
def test_a_manifest_shows_every_name_as_it_is(value: str, shown: str, capsys: Any) -> None:
    resource = {"Type": value, "PhysicalResourceId": value}
    manifest._print([{"name": value, "resources": {value: resource}}], live=True)
    held(capsys, shown, 4)


@values
def test_a_verification_shows_every_value_as_it_is(value: str, shown: str, capsys: Any) -> None:
    verify._print("dev", [Verified("orders", value, "c", 1, (), ())])
    out = capsys.readouterr().out
    assert (shown if "\n" not in value else "a\nb") in out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_a_console_reads_no_markup_of_a_plain_text_either(capsys: Any) -> None:
    console().print("[red]x[/] [/y] :bug:")
    assert capsys.readouterr().out == "[red]x[/] [/y] :bug:\n"
