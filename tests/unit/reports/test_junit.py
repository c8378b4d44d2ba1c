"""JUnit, read by a strict XML parser."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given

from validator.reports import FORMATS, Report
from validator.reports.escaping import visible

from .samples import CLEAN, ORDINARY, SAMPLES
from .test_laws import LAW, reports


def document(report: Report) -> ElementTree.Element:
    """Parse bytes, as a reader of files does."""
    return ElementTree.fromstring(FORMATS["junit"](report).encode("utf-8"))  # noqa: S314


def test_a_finding_fails_and_a_check_without_findings_passes() -> None:
    """One suite a check; a check that nobody named is reported too."""
    suites = {suite.get("name"): suite for suite in document(ORDINARY).iter("testsuite")}
    failures = {name: len(suite.findall("testcase/failure")) for name, suite in suites.items()}
    assert failures == {"cidr": 0, "encryption": 1, "parity": 3, "unused-variance": 1}
    assert len(suites["cidr"].findall("testcase")) == 1


def test_without_findings_every_check_passes() -> None:
    root = document(CLEAN)
    assert len(root.findall("testsuite/testcase")) == len(CLEAN.checks) == int(root.get("tests", ""))
    assert not root.findall(".//failure")


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_numbers_are_those_of_the_cases(sample: str) -> None:
    root = document(SAMPLES[sample])
    for element in (root, *root.iter("testsuite")):
        assert int(element.get("tests", "")) == len(list(element.iter("testcase")))
        assert int(element.get("failures", "")) == len(list(element.iter("failure")))


@LAW
@given(reports())
def test_any_report_is_well_formed(report: Report) -> None:
    """And says each finding once, its lines as they print."""
    root = document(report)
    texts = [failure.text or "" for failure in root.iter("failure")]
    assert len(texts) == len(report.findings)
    for finding in report.findings:
        assert any(
            visible(finding.message.strip().split("\n")[0].split("\r")[0].rstrip()) in text for text in texts
        )
    assert {element.tag for element in root.iter()} <= {"testsuites", "testsuite", "testcase", "failure"}
