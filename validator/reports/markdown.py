"""A comment on a pull request, in GitHub's Markdown. What it quotes can neither format, link, mention nor close.

GitHub looks for mentions, references and links in the text *after* Markdown was rendered, where an escaped character
is the character again. So those are parted by a zero-width space as well; inside `<code>` it does not look.
"""

from __future__ import annotations

import re
import string

from ..findings import Finding, Severity
from .escaping import name, paragraph
from .report import Report, by_file, count, counted, line_of, ran_over, tally, worst_first

LIMIT = 65_536
"""Characters that GitHub takes as a comment."""
MARK = "<!-- lockstep check -->"
"""The first line, by which a later run finds its comment to replace it."""
CHECKS_SHOWN = 20
OPEN_UNTIL = 10
"""With so many findings or fewer, none is folded away."""
MESSAGE_LIMIT = 1_000
MEND_LIMIT = 500
NAME_LIMIT = 200
CHECK_LIMIT = 100
"""Characters that are shown. A character takes up to 18 when escaped, and the worst finding has room all the same."""
END = "\n</details>\n"
FOOTER = 500
"""Characters kept free for what is said after the findings."""

_PARTED = re.compile(r"[@#](?=\w)|(?i:GH(?=-\d)|www(?=\.))|:(?=//)|:(?=[a-z0-9_+-]+:)")
_CODE = {ord(char): f"&#{ord(char)};" for char in string.punctuation if char not in "/-,"}
_PROSE = {ord(char): f"&#{ord(char)};" for char in "#&*:<>@[\\]^_`{|}~\u200b"}
_PROSE[ord("$")] = "<span>&#36;</span>"  # a dollar sign on its own starts a formula


def render(report: Report) -> str:
    """Return the numbers of each check, then findings by file; of at most `LIMIT` characters, errors kept first."""
    head = _head(report)
    shown = worst_first(report.findings)[: _fitting(report, LIMIT - FOOTER - len(head))]
    parts = dict.fromkeys((finding.file for finding in shown), "")
    for finding in shown:
        parts[finding.file] += _item(finding)
    titles = _titles(report)
    return head + "".join(f"{titles[file]}{part}{END}" for file, part in parts.items()) + _foot(report, shown)


def _head(report: Report) -> str:
    """Return the mark, the title and the table of checks that found something, the worst first."""
    lines = [MARK, f"### Lockstep check: {tally(report.findings)}"]
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        found.setdefault(finding.check, []).append(finding)
    if found:
        lines += ["", "| Check | Errors | Warnings |", "| --- | ---: | ---: |"]
    rows = [
        (-count(group, Severity.ERROR), -count(group, Severity.WARNING), check)
        for check, group in found.items()
    ]
    for errors, warnings, check in sorted(rows)[:CHECKS_SHOWN]:
        lines.append(f"| {_code(check, CHECK_LIMIT)} | {-errors:,} | {-warnings:,} |")
    if len(rows) > CHECKS_SHOWN:
        lines += ["", f"and {counted(len(rows) - CHECKS_SHOWN, 'more check')}"]
    return "\n".join(lines) + "\n"


def _titles(report: Report) -> dict[str, str]:
    """Return how the part of each file starts, with the numbers of all its findings, shown or not."""
    state = " open" if len(report.findings) <= OPEN_UNTIL else ""
    return {
        file: f"\n<details{state}><summary>{_code(file) if file else 'No file'}: {tally(found)}</summary>\n\n"
        for file, found in by_file(report.findings).items()
    }


def _fitting(report: Report, room: int) -> int:
    """Return how many findings, the worst first, fit into `room` characters with what stands around them."""
    titles = _titles(report)
    for number, finding in enumerate(worst_first(report.findings)):
        title = titles.pop(finding.file, "")
        room -= len(_item(finding)) + (len(title) + len(END) if title else 0)
        if room < 0:
            return number
    return len(report.findings)


def _item(finding: Finding) -> str:
    """Return one finding as one list item on one line: no quoted text ever starts a line."""
    line = line_of(finding)
    where = [f"line {line}"] if line else []
    where += [_code(finding.key)] if finding.key else []
    parts = [f"**{finding.severity.value}** {_code(finding.check)} {', '.join(where)}".rstrip()]
    parts.append(_prose(finding.message, MESSAGE_LIMIT))
    if finding.remediation.strip():
        parts.append(f"Mend: {_prose(finding.remediation, MEND_LIMIT)}")
    if finding.environments:
        parts.append(f"Environments: {_code(', '.join(finding.environments))}")
    return f"- {'<br>'.join(parts)}\n"


def _foot(report: Report, shown: list[Finding]) -> str:
    """Return what is not shown, in numbers, and what the run covered."""
    text = f"\nChecked {ran_over(report)}.\n"
    if len(shown) == len(report.findings):
        return text
    left = [
        counted(count(report.findings, severity) - count(shown, severity), severity.value)
        for severity in Severity
    ]
    more = len(report.findings) - len(shown)
    return f"\nAnd {more:,} more ({', '.join(left)}) for which a comment has no room: see `lockstep check`.\n{text}"


def _code(text: str, limit: int = NAME_LIMIT) -> str:
    """Return a name as code, every character of it literal. An address with an at sign would be a link even here."""
    named = name(text, limit).translate(_CODE)
    return f"<code>{named.replace('&#64;', '&#64;&#8203;')}</code>"


def _prose(text: str, limit: int) -> str:
    """Return text as text, its lines parted by breaks."""
    lines = paragraph(text, limit).split("\n")
    return "<br>".join(_PARTED.sub("\\g<0>\u200b", line).translate(_PROSE) for line in lines)
