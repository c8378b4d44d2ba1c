"""The report for people: grouped by file, with the line that is meant. Plain text; the command adds colour."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from ..findings import Finding
from .escaping import name, paragraph, visible, without_commands
from .report import Place, Report, by_file, line_of, ran_over, tally

MESSAGE_LIMIT = 2_000
"""Characters of a message that are shown; JSON has all of it."""
NAME_LIMIT = 500
SOURCE_WIDTH = 120
"""Characters of a source line that are shown, around what is meant."""
INDENT = " " * 6


def render(report: Report) -> str:
    """Return the findings by file, then one line that sums them up."""
    blocks = [
        "\n".join([_name(file) or "(no file)", *(line for one in found for line in _finding(report, one))])
        for file, found in by_file(report.findings).items()
    ]
    blocks.append(f"{tally(report.findings)} in {ran_over(report)}".capitalize())
    return without_commands("\n\n".join(blocks)) + "\n"


def _finding(report: Report, finding: Finding) -> Iterator[str]:
    place = report.place(finding)
    line = line_of(finding)
    where = f"{place.line}:{place.column} " if place else f"{line} " if line else ""
    key = f" at {_name(finding.key)}" if finding.key else ""
    yield f"  {where}{finding.severity.value} {_name(finding.check)}{key}".rstrip()
    if finding.message.strip():
        yield from _paragraph("", finding.message)
    if place:
        yield from _excerpt(place)
    if finding.remediation.strip():
        yield from _paragraph("mend: ", finding.remediation)
    if finding.environments:
        yield f"{INDENT}environments: {_name(', '.join(finding.environments))}"


def _paragraph(label: str, text: str) -> Iterator[str]:
    """Yield a text under its finding, the first line after `label`, the others in line with it."""
    for number, line in enumerate(paragraph(text, MESSAGE_LIMIT).split("\n")):
        yield f"{INDENT}{' ' * len(label) if number else label}{line}".rstrip()


def _excerpt(place: Place) -> Iterator[str]:
    """Yield the source line and carets under what is meant; a long line is cut on both sides of it."""
    column, end = place.column - 1, min(place.end - 1, place.column - 1 + SOURCE_WIDTH)
    first = max(0, min(column - SOURCE_WIDTH // 3, len(place.text) - SOURCE_WIDTH))
    before, meant = visible(place.text[first:column]), visible(place.text[column:end])
    after = visible(place.text[end : first + SOURCE_WIDTH]).rstrip()
    head = "…" if first else ""
    tail = "…" if len(place.text) > max(end, first + SOURCE_WIDTH) else ""
    margin = " " * len(str(place.line))
    yield f"{INDENT}{margin} |"
    yield f"{INDENT}{place.line} | {head}{before}{meant}{after}{tail}".rstrip()
    yield f"{INDENT}{margin} | {' ' * _width(head + before)}{'^' * max(1, _width(meant))}"


def _name(text: str) -> str:
    return name(text, NAME_LIMIT)


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese and the like two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )
