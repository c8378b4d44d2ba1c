"""The report for people shows the line that is meant."""

from __future__ import annotations

import pytest

from validator.findings import Finding, Severity
from validator.reports import FORMATS, Report
from validator.reports.report import by_file

from .samples import ORDINARY


def shown(source: str, key: str, line: int = 1) -> list[str]:
    """The excerpt of a finding at a key of a one-file project."""
    finding = Finding("check", Severity.ERROR, "a.yaml", key, line, "message", "")
    output = FORMATS["text"](Report((finding,), 1, 0.0, {}, {"a.yaml": source}))
    return [text.partition("| ")[2] for text in output.splitlines() if " |" in text][1:]


@pytest.mark.parametrize(
    ("source", "key", "marked"),
    [
        ("  Queue: x", "Resources.Queue", "Queue"),
        ("  - name: Queue # note ", "Resources.Topic", "- name: Queue # note"),
        ("Queues: Queue", "Queue", "Queue"),
        ("  Tags:", "Resources.Queue.Properties.Tags[2]", "Tags"),
        ("- path: orders:settings.alarms.*", "orders:settings.alarms.*", "orders:settings.alarms.*"),
        ("a: b", "", "a: b"),
    ],
)
def test_carets_stand_under_what_the_key_names(source: str, key: str, marked: str) -> None:
    """The last name of the key as a whole word, else all of the line but its margins."""
    line, carets = shown(source, key)
    assert line[carets.index("^") : carets.rindex("^") + 1] == marked


@pytest.mark.parametrize("source", ["", "   "])
def test_a_blank_line_has_one_caret(source: str) -> None:
    """At its end, where something is missing."""
    assert shown(source, "")[1] == source + "^"


def test_carets_stand_right_after_wide_and_escaped_characters() -> None:
    """A Chinese character is two columns wide, an escape as wide as it is written, a combining mark has no width."""
    line, carets = shown("日本\x1be\u0301 Key: 1", "Key")
    assert line == "日本\\x1be\u0301 Key: 1"
    assert carets == " " * (4 + 4 + 1 + 1) + "^^^"


def test_a_long_line_is_cut_around_what_is_meant() -> None:
    line, carets = shown("x" * 5_000 + " Key " + "y" * 5_000, "Key")
    assert line[carets.index("^") : carets.rindex("^") + 1] == "Key"
    assert len(line) < 130
    assert line[0] == line[-1] == "…"


@pytest.mark.parametrize("line", [0, -3, 2, 10**9])
def test_a_line_that_the_text_does_not_have_is_not_shown(line: int) -> None:
    assert shown("one line", "", line) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_lines_end_where_yaml_ends_them(end: str) -> None:
    """PyYAML counts these, so a finding's line does too; a form feed ends none."""
    assert shown(f"one{end}two\x0cmore{end}three", "", 2)[0] == "two\\x0cmore"


def test_findings_stand_by_file_in_their_order_whatever_order_they_came_in() -> None:
    backwards = Report(ORDINARY.findings[::-1], 54, 2.345678, ORDINARY.checks, ORDINARY.sources)
    assert FORMATS["text"](backwards) == FORMATS["text"](ORDINARY)
    assert list(by_file(backwards.findings)) == sorted({finding.file for finding in ORDINARY.findings})


@pytest.mark.parametrize(
    ("severities", "summary"),
    [
        ([], "No findings in 2 stacks (0.5 s)"),
        ([Severity.WARNING], "1 warning in 2 stacks (0.5 s)"),
        ([Severity.ERROR, Severity.WARNING, Severity.ERROR], "2 errors, 1 warning in 2 stacks (0.5 s)"),
    ],
)
def test_the_last_line_sums_up(severities: list[Severity], summary: str) -> None:
    findings = tuple(Finding("c", severity, "f", "", None, "m", "") for severity in severities)
    assert FORMATS["text"](Report(findings, 2, 0.5, {})).splitlines()[-1] == summary


def test_a_long_message_says_how_much_is_missing() -> None:
    finding = Finding("c", Severity.ERROR, "f", "", None, "x" * 10_000, "")
    assert "… (8,000 more characters)" in FORMATS["text"](Report((finding,), 1, 0.0, {}))
