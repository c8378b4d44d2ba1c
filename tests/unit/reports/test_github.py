"""Annotations, read as the Actions runner reads them."""

from __future__ import annotations

import pytest
from hypothesis import given

from validator.findings import Finding, Severity
from validator.reports import FORMATS, Report
from validator.reports.escaping import paragraph, visible, without_commands

from .readers import command, log_lines
from .samples import ATTACKS, CLEAN, hostile, many
from .test_laws import LAW, reports


def commands(report: Report) -> list[tuple[str, dict[str, str], str]]:
    """Every line as a command: a line that is none fails."""
    read = [command(line) for line in log_lines(FORMATS["github"](report)) if line]
    assert None not in read
    return [one for one in read if one]


def test_a_finding_is_an_annotation_at_its_line() -> None:
    finding = Finding(
        "cidr", Severity.ERROR, "a,b:c%.yaml", "vpc.cidr", 7, "50% over,\nsee: x", "Move.", ("dev",)
    )
    assert commands(Report((finding,), 1, 0.0, {})) == [
        (
            "error",
            {"file": "a,b:c%.yaml", "line": "7", "title": "cidr"},
            "50% over,\nsee: x\nAt: vpc.cidr\nMend: Move.\nEnvironments: dev",
        )
    ]


def test_nothing_found_is_nothing_said() -> None:
    assert FORMATS["github"](CLEAN) == ""


def test_a_finding_without_a_place_has_none() -> None:
    finding = Finding("cidr", Severity.WARNING, "", "", 4, "message", "")
    assert FORMATS["github"](Report((finding,), 1, 0.0, {})) == "::warning title=cidr::message\n"


@LAW
@given(reports())
def test_the_runner_reads_what_was_meant(report: Report) -> None:
    """Severity, file and message come back, whatever they hold."""
    read = {
        (kind, *properties.values(), text.split("\nAt: ")[0]) for kind, properties, text in commands(report)
    }
    assert len(commands(report)) == len(report.findings)
    for finding in report.findings:
        message = without_commands(paragraph(finding.message, 10**6))
        file = without_commands(visible(finding.file))
        assert any(
            kind == finding.severity.value and (not file or file in rest) and rest[-1].startswith(message)
            for kind, *rest in read
        )


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_a_message_stays_below_what_the_runner_cuts(attack: str) -> None:
    """4,096 characters (actions/runner, `_maxIssueMessageLength`), however much escaping adds."""
    longer = (attack or "\x1b") * 500
    assert all(len(text) <= 4_096 for _, _, text in commands(hostile(longer)))


@pytest.mark.parametrize(("number", "noted"), [(15, False), (16, False), (17, True), (300, True)])
def test_more_than_github_shows_is_said(number: int, noted: bool) -> None:
    """Ten of a kind: of fifteen findings ten are warnings, of sixteen too, and of seventeen eleven."""
    read = commands(many(number))
    assert [kind for kind, _, _ in read].count("notice") == noted
    assert len(read) == number + noted
    assert not noted or read[-1][2].startswith(f"{(number + 2) // 3} errors, ")
