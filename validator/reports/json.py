"""The report for programs: `lockstep check --format json`, a contract held by `tests/schemas/check.json`."""

from __future__ import annotations

import json
from typing import Any

from ..findings import Finding, Severity
from .report import Report, by_file, count, line_of

SCHEMA = "lockstep/check/v1"


def render(report: Report) -> str:
    """Return every finding whole, in the order of a report, and the numbers of the run; `seconds` to a thousandth."""
    found = [finding for group in by_file(report.findings).values() for finding in group]
    document = {
        "schema": SCHEMA,
        "findings": [_finding(finding) for finding in found],
        "summary": {
            **{severity.value: count(found, severity) for severity in Severity},
            "stacks": report.stacks,
            "seconds": round(report.seconds, 3),
        },
    }
    return dumped(document, indent=2) + "\n"


def dumped(document: Any, indent: int) -> str:
    """Return JSON in ASCII that every terminal and log can carry, and in which the Actions runner finds no command.

    Half a surrogate pair is no text, and strict readers refuse it: it becomes U+FFFD.
    """
    text = json.dumps(_whole(document), indent=indent)
    return text.replace("##[", "#\\u0023[")


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "severity": finding.severity.value,
        "file": finding.file,
        "key": finding.key,
        "line": line_of(finding),
        "message": finding.message,
        "remediation": finding.remediation,
        "environments": list(finding.environments),
    }


def _whole(value: Any) -> Any:
    """Return a document in which every string is valid Unicode; keys are ours."""
    if isinstance(value, str):
        return (
            value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        )
    if isinstance(value, dict):
        return {key: _whole(part) for key, part in value.items()}
    return [_whole(part) for part in value] if isinstance(value, list) else value
