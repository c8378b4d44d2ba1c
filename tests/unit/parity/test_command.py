"""`lockstep parity` on the repository, and on a copy of it in which somebody changed something (REQ-V3, V4)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipelines import cli
from pipelines.variances import schema
from tests.unit.pipelines.test_cli import validate

ROOT = Path(__file__).parents[3]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of what parity reads."""
    root = tmp_path / "project"
    for name in ("sceptre", "templates", "functions", "locks"):
        shutil.copytree(ROOT / name, root / name, symlinks=True)
    (root / "pipelines").mkdir()
    shutil.copy(ROOT / "pipelines" / "variance.yaml", root / "pipelines")
    return root


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_repository_is_in_parity(capsys: pytest.CaptureFixture[str]) -> None:
    """Each value that differs is shown with its figures, its owner and its reason."""
    assert cli.run(["parity", "--project", str(ROOT)]) == cli.SUCCESS
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.startswith("orders:settings.functions.memory_mb")]
    assert line.split()[1:5] == ["512", "1024", "2048", "platform"]
    assert "NOBODY" not in out
    assert cli.run(["parity", "--project", str(ROOT), "--format", "json"]) == cli.SUCCESS
    document = validate(capsys.readouterr().out, "parity")
    assert document["findings"] == []
    assert document["differences"]


def test_an_undeclared_difference_is_named_at_the_value_that_caused_it(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, line and key of the hierarchy; both values; exit code 1."""
    config = copy / "sceptre/config/prod/orders/config.yaml"
    edit(config, "  queue:\n", "  queue:\n    visibility_timeout_seconds: 300\n")
    assert cli.run(["parity", "--project", str(copy), "--format", "json"]) == cli.FAILURE
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["file"] == "sceptre/config/prod/orders/config.yaml"
    assert finding["key"] == "settings.queue.visibility_timeout_seconds"
    lines = config.read_text(encoding="utf-8").splitlines()
    assert lines[finding["line"] - 1].strip() == "visibility_timeout_seconds: 300"
    assert "staging 240, prod 300" in finding["message"]
    assert cli.run(["parity", "--project", str(copy)]) == cli.FAILURE
    captured = capsys.readouterr()
    assert "NOBODY" in captured.out
    assert "mend: make the values alike, or declare" in captured.err


def test_a_declaration_that_is_wrong_is_named_with_its_line(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, file, key and line of the policy."""
    edit(copy / "pipelines/variance.yaml", "    owner: on-call\n", "    owner: on-call\n    colour: blue\n")
    assert cli.run(["parity", "--project", str(copy), "--format", "json"]) == cli.USAGE
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["file"] == "pipelines/variance.yaml"
    assert problem["key"].endswith("colour")
    lines = (copy / "pipelines/variance.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[problem["line"] - 1].strip() == "colour: blue"


def test_the_schema_for_editors_is_that_of_the_types() -> None:
    """Write it anew with: python -c "from pipelines.variances import schema; print(schema(), end='')"."""
    assert (ROOT / "pipelines" / "variance.schema.json").read_text(encoding="utf-8") == schema()
