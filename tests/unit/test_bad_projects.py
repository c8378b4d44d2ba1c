"""Every bad project of the corpus ends in a clear error: file, key, mend, exit code 2, no traceback (REQ-P2, X2)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipelines import cli

PROJECTS = Path(__file__).parents[1] / "corpus" / "projects"
BAD = sorted(path.parent for path in (PROJECTS / "bad").glob("*/case.json"))


def assemble(case: Path, target: Path) -> Path:
    """Lay a case over a good project, as its `case.json` says."""
    said = json.loads((case / "case.json").read_text(encoding="utf-8"))
    shutil.copytree(PROJECTS / "good" / said.get("base", "base"), target, symlinks=True)
    for name in said["remove"]:
        path = target / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(
        case, target, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns("case.json")
    )
    return target


@pytest.mark.parametrize("name", ["base", "home"])
def test_the_good_project_is_good(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the cases change is what makes them bad."""
    project = shutil.copytree(PROJECTS / "good" / name, tmp_path / "project", symlinks=True)
    assert cli.run(["render", "--project", str(project)]) == cli.SUCCESS
    captured = capsys.readouterr()
    assert {"base": "prod/orders/queue", "home": "shared/control/bus"}[name] in captured.out
    assert captured.err == ""


@pytest.mark.parametrize("case", BAD, ids=lambda path: path.name)
def test_a_bad_project_is_refused(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The problems are exactly those that the case expects, each with its place and its mend."""
    expected = json.loads((case / "case.json").read_text(encoding="utf-8"))["problems"]
    project = assemble(case, tmp_path / "project")
    assert cli.run(["render", "--project", str(project), "--format", "json"]) == cli.USAGE
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "lockstep/error/v1"
    assert answer["problems"] == expected
    assert expected, "the case expects nothing"
    for problem in expected:
        assert problem["file"], "no file is named"
        assert problem["hint"], "no mend is named"


@pytest.mark.parametrize("case", BAD, ids=lambda path: path.name)
def test_people_see_words_and_no_traceback(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The text says the same as the JSON, on standard error."""
    project = assemble(case, tmp_path / "project")
    assert cli.run(["render", "--project", str(project)]) == cli.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert "error: " in captured.err
    assert "mend: " in captured.err
