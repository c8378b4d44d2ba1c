"""`lockstep check`, `render` and `parity` on Sceptre projects that were not born here."""

from __future__ import annotations

import datetime
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipelines import cli
from pipelines.check import check

from .projects import CASES, EXPECTED, GOOD

SCHEMAS = Path(__file__).parents[2] / "schemas"


def checked(case: Path) -> dict[str, Any]:
    """Return the findings of a case and the stacks of each environment, as `expected.json` has them."""
    os.environ["LOCKSTEP_CACHE"] = "off"
    found = check(case, datetime.date(2026, 1, 1), workers=1)
    findings = [{**asdict(one), "environments": list(one.environments)} for one in found.findings]
    return {"stacks": dict(found.counts), "findings": findings}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_the_findings_are_those_expected(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each at its file and line. Renew them with: python -m tests.unit.foreign.expect."""
    monkeypatch.setenv("LOCKSTEP_CACHE", "off")
    assert checked(case) == json.loads((case / EXPECTED).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", GOOD)
def test_a_project_renders(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the contract of `lockstep/render/v1`, and the same again from what is kept."""
    case = next(path for path in CASES if path.name == name)
    project = shutil.copytree(case, tmp_path / name)
    if name == "nested":
        (project / "sceptre/config/live/dns/zone.yaml").unlink()  # It depends on a stack that does not exist.
    answers = []
    for _ in range(2):
        assert cli.run(["render", "--project", str(project), "--format", "json"]) == cli.SUCCESS
        answers.append(json.loads(capsys.readouterr().out))
    jsonschema.validate(answers[0], json.loads((SCHEMAS / "render.json").read_text(encoding="utf-8")))
    assert answers[0] == answers[1]
    assert answers[0]["stacks"]


def test_names_are_compared_by_structure(capsys: pytest.CaptureFixture[str]) -> None:
    """Accounts, regions, names and outputs of an environment's own are equal; what somebody wrote otherwise is not."""
    case = next(path for path in CASES if path.name == "typical")
    assert cli.run(["parity", "dev", "prod", "--project", str(case), "--format", "json"]) == cli.FAILURE
    keys = {(row["stack"], row["key"]) for row in json.loads(capsys.readouterr().out)["differences"]}
    assert ("app/queue", "Parameters.RetentionSeconds") in keys
    assert not {
        (stack, key) for stack, key in keys if stack == "network/vpc" or "QueueName" in key or "VpcId" in key
    }


@pytest.mark.parametrize("command", ["check", "render"])
def test_an_environment_that_does_not_exist_is_refused(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = shutil.copytree(next(path for path in CASES if path.name == "typical"), tmp_path / "project")
    assert cli.run([command, "prd", "--project", str(case), "--format", "json"]) == cli.USAGE
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["key"] == "prd"
    assert problem["hint"] == "did you mean `prod`? the environments are dev, prod"


def test_environments_by_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The option wins over lockstep.yaml, and names folders as that does."""
    case = shutil.copytree(next(path for path in CASES if path.name == "typical"), tmp_path / "project")
    given = ["--environment", "one=dev", "--environment", "two=prod"]
    assert cli.run(["render", "two", *given, "--project", str(case), "--format", "json"]) == cli.SUCCESS
    stacks = json.loads(capsys.readouterr().out)["stacks"]
    assert {stack["environment"] for stack in stacks} == {"two"}
    assert cli.run(["render", "--environment", "one=dve", "--project", str(case)]) == cli.USAGE
    assert "did you mean `dev`?" in capsys.readouterr().err
    assert cli.run(["render", "--environment", "one", "--project", str(case)]) == cli.USAGE
    assert "NAME=FOLDER" in capsys.readouterr().err
