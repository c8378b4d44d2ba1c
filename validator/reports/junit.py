"""JUnit XML: a suite for each check, a failing case for each finding, a passing case for a check without findings."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from ..findings import Finding
from .escaping import name, paragraph, visible_lines, without_commands
from .report import CheckFacts, Report, counted, line_of, worst_first

NAME_LIMIT = 300
MESSAGE_LIMIT = 10_000


def render(report: Report) -> str:
    """Return one document. What XML 1.0 forbids (control characters, U+FFFE) is shown as its escape."""
    root = ElementTree.Element("testsuites", name="lockstep check", time=f"{report.seconds:.3f}")
    found: dict[str, list[Finding]] = {check: [] for check in report.facts}
    for finding in worst_first(report.findings):
        found[finding.check].append(finding)
    for check, facts in report.facts.items():
        root.append(_suite(facts, found[check], report.stacks))
    _number(root, sum(len(findings) or 1 for findings in found.values()), len(report.findings))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + without_commands(text, "&#58;", "&#91;") + "\n"


def _suite(facts: CheckFacts, findings: list[Finding], stacks: int) -> ElementTree.Element:
    check = _name(facts.id)
    suite = ElementTree.Element("testsuite", name=check)
    _number(suite, len(findings) or 1, len(findings))
    for finding in findings:
        suite.append(_failure(check, finding))
    if not findings:
        ElementTree.SubElement(
            suite, "testcase", classname=check, name=f"{_name(facts.summary)} ({counted(stacks, 'stack')})"
        )
    return suite


def _failure(check: str, finding: Finding) -> ElementTree.Element:
    line = line_of(finding)
    where = ":".join(filter(None, [finding.file or "(no file)", str(line or "")]))
    first = _name(visible_lines(finding.message)[0])
    case = ElementTree.Element(
        "testcase", classname=check, name=f"{_name(f'{where} {finding.key}'.rstrip())}: {first}"
    )
    failure = ElementTree.SubElement(case, "failure", type=finding.severity.value, message=first)
    failure.text = "\n" + "\n".join(_body(finding, where)) + "\n"
    return case


def _body(finding: Finding, where: str) -> Iterable[str]:
    yield f"{finding.severity.value} at {_name(where)} {_name(finding.key)}".rstrip()
    yield paragraph(finding.message, MESSAGE_LIMIT)
    if finding.remediation.strip():
        yield f"mend: {paragraph(finding.remediation, MESSAGE_LIMIT)}"
    if finding.environments:
        yield f"environments: {_name(', '.join(finding.environments))}"


def _number(element: ElementTree.Element, tests: int, failures: int) -> None:
    """Say the numbers that readers of JUnit expect on suites; a finding is a failure, never an error of the run."""
    element.attrib.update(tests=str(tests), failures=str(failures), errors="0")


def _name(text: str) -> str:
    return name(text, NAME_LIMIT)
