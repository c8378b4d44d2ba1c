"""The source of a release: the same bytes of the same tag, with the history that gates ask for (REQ-G10)."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from pipelines.codepipeline.source import source
from tests.unit.delivery.repositories import WHO, Repository
from validator.errors import ConfigurationError


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A history with releases v1.0.0 and v1.1.0, one that is annotated, and a later one."""
    (tmp_path / "made").mkdir()
    made = Repository(tmp_path / "made")
    made.git("init", "-q", "-b", "main")
    made.commit("one\n" * 200, "v1.0.0")
    made.commit("one\n" * 200 + "two\n")
    made.git("tag", "-a", "v1.1.0", "-m", "A release")
    made.git("tag", "other")
    made.commit("one\n" * 200 + "three\n", "v2.0.0")
    return made


def unpacked(content: bytes, folder: Path) -> Path:
    """Return a repository that fetched the bundle, as a build does."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    subprocess.run(["git", "init", "-q", str(folder / "there")], check=True)
    fetch = [
        "git",
        "-C",
        str(folder / "there"),
        "fetch",
        "-q",
        "../repository.bundle",
        "refs/tags/*:refs/tags/*",
    ]
    subprocess.run(fetch, check=True, capture_output=True)
    return folder / "there"


def test_it_holds_the_release_and_those_before_it(repository: Repository, tmp_path: Path) -> None:
    """With their tags as they are, which say who made what; nothing that came later."""
    there = Repository(unpacked(source(repository.root, "v1.1.0"), tmp_path))
    assert (tmp_path / "release").read_text() == "v1.1.0\n"
    assert there.git("tag", "--list").split() == ["v1.0.0", "v1.1.0"]
    for name in ("v1.0.0", "v1.1.0", "v1.1.0^{commit}", "v1.1.0^{tree}"):
        assert there.git("rev-parse", name) == repository.git("rev-parse", name)
    assert there.git("log", "--format=%ae", "v1.1.0") == repository.git("log", "--format=%ae", "v1.1.0")


def test_another_clone_makes_the_same_bytes(repository: Repository, tmp_path: Path) -> None:
    """However its objects lie: packed with differences, or each by itself."""
    wanted = source(repository.root, "v1.1.0")
    clone = tmp_path / "clone"
    subprocess.run(["git", *WHO, "clone", "-q", str(repository.root), str(clone)], check=True)
    assert source(clone, "v1.1.0") == wanted
    repository.git("gc", "-q", "--aggressive", "--prune=now")
    repository.git("config", "core.compression", "1")
    repository.git("config", "pack.window", "50")
    assert source(repository.root, "v1.1.0") == wanted


def test_a_moved_tag_is_another_source(repository: Repository) -> None:
    """So that the store, which keeps one object for good, refuses it."""
    before = source(repository.root, "v1.1.0")
    repository.git("tag", "-f", "v1.1.0", "main")
    assert source(repository.root, "v1.1.0") != before


@pytest.mark.parametrize("name", ["v9.9.9", "main", "-x", "v1.0.0^", ""])
def test_what_is_no_tag_is_refused(repository: Repository, name: str) -> None:
    """With what to do."""
    with pytest.raises(ConfigurationError, match="git has no tag"):
        source(repository.root, name)
