"""Laws of every format: it takes any report, it is a function, and its output is safe to print anywhere."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from validator.findings import Finding, Severity
from validator.reports import FORMATS, CheckFacts, Report

from .readers import command, log_lines
from .samples import ATTACKS, hostile

LAW = settings(
    derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
PIECES = st.sampled_from(
    [
        "::error::",
        "##[",
        "\n",
        "\r\n",
        "@user",
        "#1",
        "https://a.b",
        "](",
        "<b>",
        "]]>",
        "%0A",
        ":x:",
        "${A}",
        "`",
        "|",
    ]
)
TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
HOSTILE = st.lists(PIECES | TEXT, max_size=5).map("".join)
FINDINGS = st.builds(
    Finding,
    HOSTILE,
    st.sampled_from(Severity),
    HOSTILE,
    HOSTILE,
    st.none() | st.integers(-1, 4),
    HOSTILE,
    HOSTILE,
    st.lists(HOSTILE, max_size=3, unique=True).map(tuple),
)
SOURCES = HOSTILE | HOSTILE.map("https://".__add__)
CHECKS = st.lists(st.builds(CheckFacts, HOSTILE, HOSTILE, HOSTILE, SOURCES), max_size=3)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Any report: some findings of checks that are not named, some files with a text."""
    findings = tuple(draw(st.lists(FINDINGS, max_size=4)))
    checks = {facts.id: facts for facts in draw(CHECKS)}
    sources = {finding.file: draw(HOSTILE) for finding in findings[::2]}
    seconds = draw(st.floats(0, 1e6))
    return Report(findings, draw(st.integers(0, 10**6)), seconds, checks, sources)


@LAW
@given(reports())
def test_any_report_can_be_printed(report: Report) -> None:
    """No control character, no half of a surrogate pair, no change of the direction of reading; in every format."""
    for name, printed in FORMATS.items():
        output = printed(report)
        output.encode("utf-8")
        assert all(char.isprintable() or char == "\n" for char in output), name
        assert output == printed(report), name


@LAW
@given(reports())
@example(hostile("##[add-mask]"))
@example(hostile("\n  ::add-mask::x"))
def test_no_report_commands_the_runner(report: Report) -> None:
    """Printed in a step, only the format of commands has commands, and only its own."""
    for name, printed in FORMATS.items():
        allowed = {"error", "warning", "notice"} if name == "github" else set()
        output = printed(report)
        assert "##[" not in output, name
        kinds = [read[0] for line in log_lines(output) if (read := command(line))]
        assert set(kinds) <= allowed, name
        assert name != "github" or len(kinds) == len(report.findings)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_every_attack_leaves_the_other_findings_whole(name: str, attack: str) -> None:
    """A finding beside the hostile one is still said."""
    beside = Finding("beside", Severity.WARNING, "zz.yaml", "Key", 3, "The neighbour speaks.", "Greet it.")
    report = hostile(attack)
    output = FORMATS[name](Report((*report.findings, beside), 1, 0.0, report.checks, report.sources))
    assert "The neighbour speaks." in output
    assert "Greet it." in output


def test_the_reader_of_commands_sees_them() -> None:
    """The law above can fail."""
    assert command("  ::error file=a%3Ab,line=1::x%0Ay%25") == (
        "error",
        {"file": "a:b", "line": "1"},
        "x\ny%",
    )
    assert command("x ::error::y") is None
