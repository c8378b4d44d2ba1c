"""`lockstep comment`: reports as comments on a pull request (REQ-G7, REQ-V9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import cli
from tests.github_double import ADMIN, Double

PLAN, CHECK = "<!-- lockstep plan dev forward -->", "<!-- lockstep check -->"


@pytest.fixture
def report(double: Double, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GITHUB_API_URL", double.url)
    monkeypatch.setenv("GITHUB_REPOSITORY", f"{double.owner}/{double.name}")
    monkeypatch.setenv("GH_TOKEN", ADMIN)
    path = tmp_path / "plan.md"
    path.write_text(f"{PLAN}\n### Plan\n", encoding="utf-8")
    return path


def bodies(double: Double) -> list[str]:
    return [one["body"] for one in double.delivery.comments.get(7, [])]


def test_each_report_is_a_comment_of_its_own(double: Double, report: Path) -> None:
    """One that is not there, or empty, is left out: what makes it may have failed."""
    check, empty = report.with_name("check.md"), report.with_name("reverse.md")
    check.write_text(f"{CHECK}\nnothing\n", encoding="utf-8")
    empty.touch()
    files = [str(path) for path in (report, empty, check, report.with_name("none.md"))]
    for _ in range(2):
        assert cli.run(["comment", "7", *files]) == cli.SUCCESS
    assert [one.splitlines()[0] for one in bodies(double)] == [PLAN, CHECK]


def test_what_is_no_report_is_refused(
    double: Double, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report.write_text("anything", encoding="utf-8")
    assert cli.run(["comment", "7", str(report)]) == cli.USAGE
    assert "does not begin with the mark of a report" in capsys.readouterr().err
    assert bodies(double) == []


def test_without_a_token_nothing_is_asked(
    double: Double, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GH_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert cli.run(["comment", "7", str(report)]) == cli.USAGE
    assert double.asked == []
