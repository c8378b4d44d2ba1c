"""Running checks: what fails is a finding beside what was found, never silence."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines import cli
from validator import checks
from validator.checks import CHECKS, Check, Subject, run
from validator.errors import ConfigurationError, Problem, TechnicalError
from validator.findings import Finding, Severity

from .corpus import BASES, CORPUS
from .subjects import subject_of


def half_way(error: Exception) -> Callable[[Subject], Iterator[Finding]]:
    """Return a check's `run` that finds one thing and fails."""

    def fail(subject: Subject) -> Iterator[Finding]:
        yield Finding("tags", Severity.WARNING, "a.yaml", "key", 3, "is wrong", "mend it")
        raise error

    return fail


def failing(error: Exception) -> Check:
    """Return the check `tags`, which finds one thing and fails."""
    return replace(CHECKS["tags"], run=half_way(error))


@pytest.mark.parametrize(
    ("error", "message", "mend"),
    [
        (
            ZeroDivisionError("division by zero"),
            "the check failed with ZeroDivisionError: division by zero",
            "report",
        ),
        (TechnicalError("cfn-lint died\n  mend: install it"), "cfn-lint died", "install it"),
        (TechnicalError("cfn-lint died"), "cfn-lint died", "see the message"),
        (ConfigurationError.single("is no list", file="b.yaml", hint="write one"), "is no list", "write one"),
    ],
    ids=["a fault", "a tool that failed", "without a mend", "a file that cannot be read"],
)
def test_a_check_that_fails_is_an_error_beside_what_it_found(
    error: Exception, message: str, mend: str
) -> None:
    """Whatever it fails with, and whatever the others find."""
    other = replace(CHECKS["naming"], run=lambda subject: iter(()))
    ran: list[str] = []
    found = run(subject_of(), [failing(error), other], lambda check: ran.append(check.id))
    assert ran == ["tags", "naming"]
    (kept,) = (one for one in found if one.message == "is wrong")
    (said,) = (one for one in found if one != kept)
    assert kept.severity == Severity.WARNING
    assert (said.check, said.severity) == ("tags", Severity.ERROR)
    assert said.message.startswith(message)
    assert said.remediation.startswith(mend)


def test_a_fault_names_the_line_that_it_came_from() -> None:
    """So that a report of it is of use."""
    found = run(subject_of(), [failing(KeyError("x"))])
    assert any("(test_run.py:" in one.message for one in found)


def test_the_command_fails_where_a_check_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`lockstep check` shows both, ends with 1, and keeps nothing of a run that could be different next time."""
    monkeypatch.setattr(checks, "CHECKS", {"tags": failing(RuntimeError("broken"))})
    monkeypatch.setattr("pipelines.check._guard", lambda stacks, cache: ())
    monkeypatch.setattr("pipelines.linting.lint", lambda *arguments: [])
    project = shutil.copytree(CORPUS / BASES / "house", tmp_path / "project", symlinks=True)
    for _ in range(2):
        assert cli.run(["check", "--project", str(project), "--format", "json"]) == cli.FAILURE
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
        assert [(one["check"], one["severity"]) for one in found] == [("tags", "error"), ("tags", "warning")]
    assert list((project / ".lockstep").rglob("checked/*.json")) == []


def test_a_warning_alone_does_not_fail_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is shown."""

    def warn(subject: Subject) -> Iterator[Finding]:
        yield Finding("tags", Severity.WARNING, "a.yaml", "key", 3, "is odd", "look at it")

    monkeypatch.setattr(checks, "CHECKS", {"tags": replace(CHECKS["tags"], run=warn)})
    monkeypatch.setattr("pipelines.check._guard", lambda stacks, cache: ())
    monkeypatch.setattr("pipelines.linting.lint", lambda *arguments: [])
    project = shutil.copytree(CORPUS / BASES / "house", tmp_path / "project", symlinks=True)
    assert cli.run(["check", "--project", str(project)]) == cli.SUCCESS
    assert "is odd" in capsys.readouterr().out


def test_house_checks_do_not_run_on_another_project() -> None:
    """Its conventions are its own."""
    ran: list[str] = []
    run(subject_of(house=False), CHECKS.values(), lambda check: ran.append(check.id))
    assert ran == [name for name, check in CHECKS.items() if not check.house]
    house = {"known-types", "needless-values", "promotion-policy", "protection", "settings", "template-style"}
    assert set(CHECKS) - set(ran) == house


def test_the_same_finding_of_several_environments_is_one() -> None:
    """With all of their names."""

    def twice(subject: Subject) -> Iterator[Finding]:
        for name in ("dev", "prod"):
            yield Finding("tags", Severity.ERROR, "a.yaml", "key", 3, "is wrong", "mend it", (name,))

    (found,) = run(subject_of(), [replace(CHECKS["tags"], run=twice)])
    assert found.environments == ("dev", "prod")


def test_today_is_the_day_that_is_given() -> None:
    """No check looks at the clock."""
    assert subject_of().day == datetime.date(2026, 6, 30)


@pytest.mark.parametrize(
    "name", ["stack-files", "config-files", "sceptre-keys", "settings", "interfaces", "template"]
)
def test_what_loading_found_is_said_by_its_own_check(name: str) -> None:
    """And by no other, so that a project that leaves a check out has none of its findings."""
    problems = tuple(Problem("a.yaml", "key", "is wrong", check=one) for one in CHECKS)
    found = list(CHECKS[name].run(replace(subject_of(), problems=problems)))
    assert [finding.check for finding in found] == [name]
