"""What is rendered is kept, and never used for anything but the files it came from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import workspace
from pipelines.workspace import KEPT, Workspace
from tests.unit.test_bad_projects import PROJECTS
from validator.errors import ConfigurationError
from validator.model import project_from_json, project_to_json


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return shutil.copytree(PROJECTS / "good" / "base", tmp_path / "project", symlinks=True)


def files(root: Path) -> list[Path]:
    return sorted((root / ".lockstep" / "cache" / "rendered").glob("*.json"))


def test_a_second_look_reads_what_is_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same project and the same rendering, without Sceptre."""
    first = Workspace(root)
    project, rendered = first.project(), first.rendered()
    assert len(files(root)) == 1

    def load(_: Path) -> None:
        raise AssertionError("it was loaded again")

    monkeypatch.setattr("validator.loader.survey", load)
    second = Workspace(root)
    assert json.dumps(second.rendered()) == json.dumps(rendered)
    assert [stack.digest for stack in second.project().stacks] == [stack.digest for stack in project.stacks]
    assert [[s.name for s in batch] for batch in second.project().batches("prod")] == [
        [s.name for s in batch] for batch in project.batches("prod")
    ]


def test_the_tools_own_source_is_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not change while it runs, and is more than most projects."""
    before, read = Workspace(root).key, []
    bytes_of = workspace._bytes
    monkeypatch.setattr(workspace, "_bytes", lambda path: read.append(path) or bytes_of(path))
    assert Workspace(root).key == before
    assert read and all(path.is_relative_to(root) for path in read)


def test_a_project_survives_the_way_through_json(root: Path) -> None:
    """Symbols, lists and template texts included."""
    project = Workspace(root).project()
    written = json.loads(json.dumps(project_to_json(project)))
    again = project_from_json(written)
    assert json.dumps(project_to_json(again)) == json.dumps(project_to_json(project))


@pytest.mark.parametrize(
    "change",
    [
        lambda root: edit(root / "templates/queue.yaml", "small as", "large as"),
        lambda root: edit(
            root / "sceptre/config/prod/orders/config.yaml", "memory_mb: 2048", "memory_mb: 3008"
        ),
        lambda root: edit(
            root / "sceptre/stacks/orders/queue.yaml", "retention_seconds", "dead_letter_retention_seconds"
        ),
        lambda root: (root / "functions").mkdir() or (root / "functions" / "new.py").write_text("x = 1\n"),
    ],
    ids=["template", "value", "stack", "function"],
)
def test_any_changed_file_is_rendered_anew(root: Path, change: Callable[[Path], object]) -> None:
    """Another file, another key: nothing stale is ever read."""
    Workspace(root).project()
    change(root)
    Workspace(root).project()
    assert len(files(root)) == 2


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"schema": "lockstep/cache/v1", "digest": "DIGEST", "result": {"stacks": [], "project": {}}}',
        b'{"schema": "lockstep/cache/v3", "digest": "DIGEST", "result": {"stacks": [], "project": {"stacks": 3}}}',
        b'{"schema": "lockstep/cache/v3", "digest": "another", "result": {"stacks": [], "project": {}}}',
    ],
)
def test_a_broken_cache_is_a_miss(root: Path, rubbish: bytes) -> None:
    """It is rendered anew, and mended."""
    expected = Workspace(root).rendered()
    (file,) = files(root)
    file.write_bytes(rubbish.replace(b"DIGEST", file.stem.encode()))
    assert Workspace(root).rendered() == expected
    assert json.loads(file.read_bytes())["result"]["stacks"] == expected


def test_a_bad_project_is_never_kept(root: Path) -> None:
    """The next look says the same."""
    edit(root / "templates/queue.yaml", "!GetAtt Queue.Arn", "!GetAtt Nothing.Arn")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="Nothing"):
            Workspace(root).rendered()
    assert files(root) == []


def test_old_files_go_and_none_is_written_when_switched_off(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most KEPT files beside the present one, and none with LOCKSTEP_CACHE=off."""
    for number in range(KEPT + 3):
        (root / "templates" / f"unused-{number}.yaml").write_text("", encoding="utf-8")
        Workspace(root).project()
    assert len(files(root)) == KEPT + 1
    shutil.rmtree(root / ".lockstep")
    monkeypatch.setenv("LOCKSTEP_CACHE", "off")
    Workspace(root).project()
    assert not (root / ".lockstep").exists()


def test_the_cache_is_not_for_git(root: Path) -> None:
    """It ignores itself, in whatever project it is written to."""
    Workspace(root).project()
    assert (root / ".lockstep" / "cache" / "rendered" / ".gitignore").read_text(encoding="utf-8") == "*\n"
