"""Every check finds what its bad cases expect, exactly, and nothing in its good ones.

After a change of what a check says: `python -m tests.unit.checks.expect`, then read the difference in git.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from validator.checks import CHECKS

from .corpus import BASES, CASES, CORPUS, Case, assemble, findings


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_findings_are_those_expected(case: Case, tmp_path: Path, tools: Path) -> None:
    """All of them, every field, and no other."""
    found = findings(case.assemble(tmp_path / "project"), tools)
    assert found == case.description["findings"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_what_its_folder_says(case: Case) -> None:
    """A bad one expects a finding of its check, a good one expects none at all; each says what it is about."""
    said = case.description
    assert said["about"]
    assert (case.check in {finding["check"] for finding in said["findings"]}) == case.is_bad
    assert case.is_bad or said["findings"] == []
    for finding in said["findings"]:
        assert finding["message"] and finding["remediation"], (
            "a finding says what is wrong and how to mend it"
        )
        assert finding["file"] or finding["key"], "a finding has a place"


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_has_a_good_and_a_bad_case(check: str) -> None:
    """A check without cases is half done."""
    assert {case.is_bad for case in CASES if case.check == check} == {True, False}


def test_every_case_belongs_to_a_check() -> None:
    """No case lies where nobody looks."""
    assert {path.name for path in CORPUS.iterdir()} == {*CHECKS, BASES}
    described = {path for path in CORPUS.rglob("case.json") if path.relative_to(CORPUS).parts[0] != BASES}
    assert described == {case.file for case in CASES}


@pytest.mark.parametrize("base", sorted(path.name for path in (CORPUS / BASES).iterdir()))
def test_what_a_case_changes_is_what_makes_it_bad(base: str, tmp_path: Path, tools: Path) -> None:
    """No base has a finding of its own."""
    assert findings(assemble(CORPUS / BASES / base, tmp_path / "project"), tools) == []
