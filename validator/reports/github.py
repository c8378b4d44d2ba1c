"""Workflow commands of GitHub Actions: each finding an annotation at its line of the pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from ..findings import Finding, Severity
from .escaping import name, paragraph, shortened, visible, without_commands
from .report import Report, count, line_of, tally, worst_first

ANNOTATIONS = 10
"""The runner makes annotations of the first ten of a kind in a step, and only logs the rest (actions/runner,
`_maxCountPerIssueType`)."""
MESSAGE_LIMIT = 3_000
WHOLE_LIMIT = 4_000
"""Characters of a message, and of all that is said: below 4,096, where the runner cuts without saying so
(`_maxIssueMessageLength`)."""
NAME_LIMIT = 300


def render(report: Report) -> str:
    """Return one command a line; nothing where nothing was found."""
    lines = [_annotation(finding) for finding in worst_first(report.findings)]
    if any(count(report.findings, severity) > ANNOTATIONS for severity in Severity):
        note = (
            f"{tally(report.findings)}; GitHub shows the first {ANNOTATIONS} of each kind, the log has all."
        )
        lines.append(_command("notice", {"title": "lockstep check"}, note))
    return "".join(f"{line}\n" for line in lines)


def _annotation(finding: Finding) -> str:
    line = line_of(finding)
    place = {"file": without_commands(visible(finding.file)), "line": str(line or "") if finding.file else ""}
    parts = [paragraph(finding.message, MESSAGE_LIMIT)]
    if finding.key:
        parts.append(f"At: {name(finding.key, NAME_LIMIT)}")
    if finding.remediation.strip():
        parts.append(f"Mend: {paragraph(finding.remediation, NAME_LIMIT)}")
    if finding.environments:
        parts.append(f"Environments: {name(', '.join(finding.environments), NAME_LIMIT)}")
    whole = shortened(without_commands("\n".join(parts)), WHOLE_LIMIT)
    title = without_commands(name(finding.check, NAME_LIMIT))
    return _command(finding.severity.value, {**place, "title": title}, whole)


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    """Return one command. The runner drops a property without a value, so none is written."""
    said = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{kind} {said}::{_data(message)}"


def _data(text: str) -> str:
    """Escape as the runner unescapes data; the percent sign first, since the other escapes bring new ones."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape as the runner unescapes a property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
