"""What every format is given: the findings of one run, and what is known of the checks that made them (REQ-V9)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ..findings import Finding, Severity

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What YAML 1.1 counts as the end of a line, since findings take their lines from its marks."""


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What a format tells of one check: its id, what it looks for, how to mend it, and the AWS page or requirement."""

    id: str
    summary: str
    remediation: str
    source: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding lies in a text that is at hand. `line`, `column` and `end` count characters from 1.

    `end` is the column after the last character, as SARIF has it; `text` is the whole line.
    """

    line: int
    column: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the checks: `stacks` were looked at in `seconds`; `sources` holds the texts of files by their path.

    `checks` names every check that ran, those without findings too; a finding of a check that it does not name is
    reported all the same. `sources` may lack files: a format then says the place without showing it.
    """

    findings: tuple[Finding, ...]
    stacks: int
    seconds: float
    checks: Mapping[str, CheckFacts]
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, CheckFacts]:
        """The facts of every check that ran or found something, by id."""
        unknown = {finding.check for finding in self.findings} - self.checks.keys()
        known = {**self.checks, **{name: CheckFacts(name, name, "", "") for name in unknown}}
        return dict(sorted(known.items()))

    def place(self, finding: Finding) -> Place | None:
        """Return the line of a finding and the part of it that is meant, or None where the text is not at hand."""
        line = line_of(finding)
        text = self.sources.get(finding.file)
        if line is None or text is None or line > len(_lines(text)):
            return None
        shown = _lines(text)[line - 1]
        start, end = _meant(shown, finding.key)
        return Place(line, start + 1, end + 1, shown)


def line_of(finding: Finding) -> int | None:
    """Return the line of a finding, None where it has none; a line below 1 is none."""
    return finding.line if finding.line and finding.line > 0 else None


def by_file(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return findings by file, both in the order of a report."""
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.order):
        groups.setdefault(finding.file, []).append(finding)
    return groups


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return errors before warnings, each in the order of a report: what is cut off at the end matters least."""
    return sorted(findings, key=lambda finding: (finding.severity is not Severity.ERROR, finding.order))


def count(findings: Iterable[Finding], severity: Severity) -> int:
    """Return how many findings have that severity."""
    return sum(finding.severity is severity for finding in findings)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 error`, `1,200 errors`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def tally(findings: Iterable[Finding]) -> str:
    """Return findings in numbers, what there is none of left out: `2 errors, 1 warning`."""
    held = list(findings)
    numbers = [(count(held, severity), severity.value) for severity in Severity]
    return ", ".join(counted(number, noun) for number, noun in numbers if number) or "no findings"


def ran_over(report: Report) -> str:
    """Return what the run covered: `54 stacks (2.3 s)`."""
    return f"{counted(report.stacks, 'stack')} ({report.seconds:,.1f} s)"


@lru_cache(maxsize=4)
def _lines(text: str) -> tuple[str, ...]:
    """Split a text into lines, once for all findings of a file."""
    return tuple(_LINE_BREAK.split(text))


def _meant(line: str, key: str) -> tuple[int, int]:
    """Return which part of a line a key path means: its last name if the line says it, else all but the margins.

    Of a path that ends in a wildcard it is the whole path.
    """
    names = [name for name in re.split(r"[.\[\]]", key) if name and not name.isdigit()]
    last = names[-1] if names else ""
    meant = key if last and not last.strip("*") else last
    found = re.search(rf"(?<!\w){re.escape(meant)}(?!\w)", line) if meant else None
    if found:
        return found.span()
    start = len(line) - len(line.lstrip())
    return start, max(start, len(line.rstrip()))
