"""Findings are sorted for a report, and the same one of several environments is one (REQ-V9)."""

from __future__ import annotations

from dataclasses import replace

from validator.findings import Finding, Severity, merged

FINDING = Finding(
    "naming", Severity.ERROR, "templates/queue.yaml", "Resources.Queue", 12, "is wrong", "mend it", ("dev",)
)


def test_the_same_finding_of_several_environments_is_one() -> None:
    """With every environment named once, in the order in which they came."""
    again = [FINDING, replace(FINDING, environments=("prod",)), FINDING]
    assert merged(again) == (replace(FINDING, environments=("dev", "prod")),)


def test_a_report_goes_by_file_and_down_the_file() -> None:
    """Lines as numbers, findings without a line first."""
    later, nowhere = replace(FINDING, line=100), replace(FINDING, line=None)
    other = replace(FINDING, file="sceptre/config/config.yaml", line=900)
    assert merged([later, FINDING, nowhere, other]) == (other, nowhere, FINDING, later)
