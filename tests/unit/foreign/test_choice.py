"""Whether a project is Lockstep's own or another, and what is kept of another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipelines import cli
from pipelines.workspace import Workspace
from tests.unit.test_bad_projects import PROJECTS
from validator.errors import ConfigurationError
from validator.layout import is_own

from .projects import STACK, write


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROJECTS / "good" / "base", tmp_path / "own", symlinks=True))


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write(tmp_path / "other", {"config/dev/topic.yaml": STACK, "config/prod/topic.yaml": STACK})


def test_a_lockstep_file_in_a_project_of_our_own_is_a_problem(own: Path) -> None:
    """It changes nothing, whatever it says."""
    expected = Workspace(own).survey().project.environments
    (own / "lockstep.yaml").write_text("environments: [nowhere]\nrubbish: [\n", encoding="utf-8")
    loaded = Workspace(own).survey()
    assert (loaded.house, loaded.project.environments) == (True, expected)
    (problem,) = loaded.problems
    assert (problem.file, problem.check) == ("lockstep.yaml", "config-files")


def test_environments_of_our_own_are_fixed(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["render", "--environment", "dev=dev", "--project", str(own)]) == cli.USAGE
    assert "dev, staging, prod" in capsys.readouterr().err


def test_broken_yaml_does_not_make_a_project_another(own: Path) -> None:
    root = own / "sceptre/config/config.yaml"
    assert is_own(own)
    root.write_text(root.read_text(encoding="utf-8") + "\n[\n", encoding="utf-8")
    assert is_own(own)
    assert Workspace(own).survey().house


def test_another_project_has_no_workloads(other: Path) -> None:
    assert not is_own(other)
    write(other, {"sceptre/config/config.yaml": "nested:\n  workloads: {}\n"})
    assert not is_own(other)


FILES = ("config/dev/topic.yaml", "templates/topic.yaml", "config/config.yaml", "lockstep.yaml")


@pytest.mark.parametrize("name", FILES)
def test_any_changed_file_is_read_anew(other: Path, name: str) -> None:
    before = Workspace(other).key
    path = other / name
    path.write_text(
        (path.read_text(encoding="utf-8") if path.exists() else "") + "# more\n", encoding="utf-8"
    )
    assert Workspace(other).key != before


def test_what_lies_behind_a_link_counts_and_so_do_the_environments(other: Path) -> None:
    write(other, {"shared/topic.yaml": STACK})
    (other / "config/test").symlink_to("../shared")
    before = Workspace(other).key
    write(other, {"shared/topic.yaml": STACK + "protect: true\n"})
    after = Workspace(other).key
    assert len({before, after, Workspace(other, {"dev": "dev"}).key}) == 3


def test_what_cannot_be_read_is_part_of_the_key_too(other: Path) -> None:
    """It is loading that says what is wrong with it."""
    (other / "config/dev/nowhere.yaml").symlink_to("missing.yaml")
    assert Workspace(other).key
    with pytest.raises(ConfigurationError, match="points at no file"):
        Workspace(other).loaded()


def test_a_stack_that_is_not_covered_hides_no_other(other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rendering goes on without it, and says so."""
    write(
        other,
        {"config/dev/code.yaml": "template: {path: code.py}\n", "templates/code.py": "raise SystemExit\n"},
    )
    assert cli.run(["render", "dev", "--project", str(other), "--format", "json"]) == cli.SUCCESS
    captured = capsys.readouterr()
    assert [stack["name"] for stack in json.loads(captured.out)["stacks"]] == ["dev/topic"]
    assert "code.py is Python code, which is not run" in captured.err


def test_another_project_is_not_deployed(other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["deploy", "dev", "--project", str(other)]) == cli.USAGE
    assert "not born here" in capsys.readouterr().err
