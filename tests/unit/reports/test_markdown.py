"""The comment on a pull request, rendered and read as a page."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from validator.findings import Severity
from validator.reports import FORMATS, Report
from validator.reports.escaping import paragraph
from validator.reports.report import count

from .readers import rendered
from .samples import ATTACKS, CLEAN, HOSTILE, ORDINARY, SAMPLES, hostile, many
from .test_laws import LAW, reports

TAGS = {
    "h3",
    "p",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "ul",
    "li",
    "strong",
    "code",
} | {
    "br",
    "span",
}
ALIVE = re.compile(r"@\w|#\w|://|(?i:\bwww\.|\bGH-\d)|:[a-z0-9_+-]+:")
"""What GitHub turns into a mention, a reference, a link or a picture."""


def check_page(report: Report) -> None:
    """No tag, attribute or comment but ours, and nothing in prose that GitHub would bring to life."""
    output = FORMATS["markdown"](report)
    page = rendered(output)
    assert set(page.tags) <= TAGS
    assert page.balanced and not page.open
    assert {name for name, _ in page.attributes} <= {"details.open", "td.style", "th.style"}
    assert page.comments == [" lockstep check "]
    assert page.tags.count("li") == len(report.findings)
    assert page.tags.count("strong") == len(report.findings)
    assert page.tags.count("h3") == 1
    prose = page.prose.replace("\u200b", "")
    for finding in report.findings:
        for line in paragraph(finding.message, 1_000).split("\n"):
            assert line in prose
    assert not ALIVE.search(page.prose)
    assert not [code for code in page.code if re.search(r"@\w", code)]
    assert "$" not in re.sub(r"<span>&#36;</span>", "", output)


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_attack_formats_links_or_mentions(attack: str) -> None:
    check_page(hostile(attack))


@LAW
@given(reports())
def test_no_text_formats_links_or_mentions(report: Report) -> None:
    check_page(report)


def test_the_reader_sees_what_it_looks_for() -> None:
    """The laws above can fail."""
    page = rendered("[a](b) @user <b>x</b> <!-- c -->\n\n- one\n")
    assert {"a", "b", "li"} <= set(page.tags)
    assert ALIVE.search(page.prose)
    assert page.comments == [" c "]


def test_names_can_be_copied() -> None:
    """File, key and check stand in code, character by character."""
    code = rendered(FORMATS["markdown"](ORDINARY)).code
    for finding in ORDINARY.findings:
        assert finding.check in code
        assert not finding.key or finding.key in code
        assert not finding.file or finding.file in code


def test_prose_reads_as_it_was_written() -> None:
    """The invisible space aside."""
    prose = rendered(FORMATS["markdown"](ORDINARY)).prose.replace("\u200b", "")
    for finding in ORDINARY.findings:
        for line in finding.message.split("\n"):
            assert line in prose


def test_the_table_has_the_worst_check_first() -> None:
    rows = re.findall(
        r"^\| <code>(.*?)</code> \| (\d+) \| (\d+) \|$", FORMATS["markdown"](ORDINARY), re.MULTILINE
    )
    assert rows == [("parity", "2", "1"), ("encryption", "1", "0"), ("unused-variance", "0", "1")]


def test_nothing_found_is_said_in_a_line() -> None:
    assert "no findings" in FORMATS["markdown"](CLEAN)
    assert "<details" not in FORMATS["markdown"](CLEAN)


@pytest.mark.parametrize("number", [0, 1, 10, 11, 300, 1_000, 20_000])
@pytest.mark.parametrize("text", ["short", "$" * 5_000, "\U000e0001" * 5_000])
def test_a_comment_is_never_too_long_and_says_what_is_missing(number: int, text: str) -> None:
    """The numbers of shown and missing findings add up, errors are shown before warnings, and one is always shown."""
    report = many(number, text)
    output = FORMATS["markdown"](report)
    shown = {
        severity: len(re.findall(rf"^- \*\*{severity.value}\*\*", output, re.MULTILINE))
        for severity in Severity
    }
    assert len(output) <= 65_536
    assert number == 0 or shown[Severity.ERROR]
    missing = re.search(r"^And ([\d,]+) more \(([\d,]+) errors?, ([\d,]+) warnings?\)", output, re.MULTILINE)
    said = [int(figure.replace(",", "")) for figure in missing.groups()] if missing else [0, 0, 0]
    assert said[0] == number - sum(shown.values())
    assert said[1] == count(report.findings, Severity.ERROR) - shown[Severity.ERROR]
    assert said[2] == count(report.findings, Severity.WARNING) - shown[Severity.WARNING]
    assert rendered(output).balanced
    assert not said[1] or not shown[Severity.WARNING]
    assert ("and 20 more checks" in output) is (number >= 40)
    for part in output.split("<details")[1:]:
        kinds = re.findall(r"^- \*\*(\w+)\*\*", part, re.MULTILINE)
        assert kinds == sorted(kinds)


def test_the_worst_text_everywhere_still_leaves_room_for_one_finding() -> None:
    worst = tuple(one for n in range(40) for one in hostile("$" * 2_000 + str(n)).findings)
    output = FORMATS["markdown"](Report(worst, 1, 0.0, {}))
    assert len(output) <= 65_536
    assert "**error**" in output


@pytest.mark.parametrize("sample", SAMPLES)
def test_few_findings_stand_open(sample: str) -> None:
    assert ("<details open>" in FORMATS["markdown"](SAMPLES[sample])) is (sample == "ordinary")
    assert len(HOSTILE.findings) > 10
