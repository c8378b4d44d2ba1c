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
FOOTER = 500
"""Characters kept free for what is said after the findings."""

_PARTED = re.compile(r"[@#](?=\w)|(?i:GH(?=-\d)|www(?=\.))|:(?=//)|:(?=[a-z0-9_+-]+:)")
_CODE = {ord(char): f"&#{ord(char)};" for char in string.punctuation if char not in "/-,"}
_PROSE = {ord(char): f"&#{ord(char)};" for char in "#&*:<>@[\\]^_`{|}~\u200b"}
_PROSE[ord("$")] = "<span>&#36;</span>"  # a dollar sign on its own starts a formula


def render(report: Report) -> str:
    """Return the numbers of each check, then the findings by file, those with errors first; at most `LIMIT` long."""
    parts = [_head(report)]
    room = LIMIT - FOOTER - len(parts[0])
    state = " open" if len(report.findings) <= OPEN_UNTIL else ""
    shown: list[Finding] = []
    for file, found in _groups(report.findings):
        title = (
            f"\n<details{state}><summary>{_code(file) if file else 'No file'}: {tally(found)}</summary>\n\n"
        )
        end = "\n</details>\n"
        items = _fitting(found, room - len(title) - len(end))
        if items:
            parts.append(f"{title}{''.join(items)}{end}")
            room -= len(parts[-1])
            shown += found[: len(items)]
        if len(items) < len(found):
            break
    return "".join(parts) + _foot(report, shown)


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


def _groups(findings: tuple[Finding, ...]) -> list[tuple[str, list[Finding]]]:
    """Return findings by file, files with errors first, errors first in each."""
    groups = [(file, worst_first(found)) for file, found in by_file(findings).items()]
    return sorted(groups, key=lambda group: group[1][0].severity is not Severity.ERROR)


def _fitting(findings: list[Finding], room: int) -> list[str]:
    """Return the items of as many findings, from the first on, as fit into `room` characters."""
    items: list[str] = []
    for finding in findings:
        item = _item(finding)
        room -= len(item)
        if room < 0:
            break
        items.append(item)
    return items


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
