"""SARIF 2.1.0 as GitHub code scanning takes it: one run, a rule for each check, a result for each finding.

https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning
says which properties are used, which must not be empty, and the limits below.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import Any
from urllib.parse import quote

from ..findings import Finding
from .escaping import name, paragraph
from .json import dumped
from .report import CheckFacts, Report, counted, line_of, worst_first

SIZE = 10_000_000
"""Bytes of an upload. GitHub counts them compressed; a document that is not larger as it is, is on the safe side.

It also refuses more than 25,000 results, which this size never holds, and shows 5,000, errors before warnings.
"""
RULE_NAME = 255
DESCRIPTION = 1_024
NOTE = 50
"""Characters kept free for the note that a text was cut."""
MESSAGE = 4_000
URI = 2_000
NOWHERE = "sceptre/config/config.yaml"
"""Where a finding without a file is shown, since a result without a location is not shown at all."""
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_DEPTH = 4
"""How deep a result lies in the document, and so by how many characters each of its lines is indented."""


def render(report: Report) -> str:
    """Return one document. What goes beyond a limit is left out, warnings first, and a notification says how much."""
    rules = {_id(check): _rule(facts) for check, facts in report.facts.items()}
    indexes = {identity: index for index, identity in enumerate(rules)}
    room = SIZE - len(_document(rules, [], len(report.findings)))
    results: list[dict[str, Any]] = []
    seen: Counter[str] = Counter()
    for finding in worst_first(report.findings):
        result = _result(report, finding, indexes[_id(finding.check)], seen)
        lines = json.dumps(result, indent=1).replace("##[", "#\\u0023[")
        room -= len(lines) + (lines.count("\n") + 1) * _DEPTH + len(",\n")
        if room < 0:
            break
        results.append(result)
    return _document(rules, results, len(report.findings) - len(results))


def _document(rules: dict[str, dict[str, Any]], results: list[dict[str, Any]], left: int) -> str:
    """Return the document around rules and results; `left` is how many findings it lacks."""
    invocation: dict[str, Any] = {"executionSuccessful": True}
    if left:
        text = (
            f"{counted(left, 'finding')} more: beyond what one upload may hold. `lockstep check` shows all."
        )
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    run = {
        "tool": {"driver": {"name": "lockstep", "rules": list(rules.values())}},
        "automationDetails": {"id": "lockstep/check/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the project."}}},
        "invocations": [invocation],
        "results": results,
    }
    return dumped({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(facts: CheckFacts) -> dict[str, Any]:
    """Return a check as a rule. No text may be empty, so the id stands in for what is not known."""
    summary = name(facts.summary, DESCRIPTION - NOTE) or _id(facts.id)
    known = {"Mend": facts.remediation, "Source": facts.source}
    texts = [summary, *(f"{label}: {text}" for label, text in known.items() if text)]
    rule: dict[str, Any] = {
        "id": _id(facts.id),
        "name": _id(facts.id),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": summary},
        "help": {"text": "\n\n".join(_message(text) for text in texts)},
    }
    if facts.source.startswith("https://"):
        rule["helpUri"] = quote(facts.source[:URI], safe="/:?#@!$&'()*+,;=%~", errors="surrogatepass")
    return rule


def _result(report: Report, finding: Finding, index: int, seen: Counter[str]) -> dict[str, Any]:
    texts = [_message(finding.message)]
    if finding.remediation.strip():
        texts.append(f"Mend: {_message(finding.remediation)}")
    if finding.environments:
        texts.append(f"Environments: {_message(', '.join(finding.environments))}")
    location: dict[str, Any] = {"physicalLocation": _physical(report, finding)}
    if finding.key:
        location["logicalLocations"] = [{"fullyQualifiedName": name(finding.key, DESCRIPTION)}]
    return {
        "ruleId": _id(finding.check),
        "ruleIndex": index,
        "level": finding.severity.value,
        "message": {"text": "\n\n".join(texts)},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(finding, seen)},
    }


def _physical(report: Report, finding: Finding) -> dict[str, Any]:
    """Return file and region. GitHub wants a whole region: where less is known, the start of the line or the file."""
    place = report.place(finding)
    line = line_of(finding) or 1
    uri = quote(finding.file.lstrip("/")[:URI], errors="surrogatepass") or NOWHERE
    return {
        "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
        "region": {
            "startLine": line,
            "startColumn": place.column if place else 1,
            "endLine": line,
            "endColumn": place.end if place else 1,
        },
    }


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """Return what stays the same while lines move: check, file, key, and the message without its figures.

    Code scanning follows an alert by this value alone. A figure that changes is still the same alert; several
    findings that differ in nothing else are counted down the file.
    """
    said = re.sub(r"\d+", "0", finding.message)
    parts = json.dumps([finding.check, finding.file, finding.key, said])
    digest = hashlib.sha256(parts.encode("ascii")).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"


def _message(text: str) -> str:
    """Return text without links: SARIF reads `[text](target)` in a plain message as one."""
    return paragraph(text, MESSAGE).replace("](", "] (") or "(no message)"


def _id(check: str) -> str:
    return name(check, RULE_NAME - NOTE) or "unnamed"
