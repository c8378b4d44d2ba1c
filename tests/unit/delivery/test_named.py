"""A release has the name that it was asked for by, whatever other tags somebody puts on its commit (REQ-R1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.delivery.checkout import files_of
from pipelines.release import checked_out, named
from tests.unit.delivery.repositories import Repository
from validator.errors import ConfigurationError


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "work")
    (made.root / ".git" / "info" / "exclude").write_text(".lockstep/\n", encoding="utf-8")
    return made


@pytest.mark.parametrize("further", ["v0.0.2-x", "v9", "another"])
def test_a_further_tag_renames_nothing(repository: Repository, further: str) -> None:
    repository.git("tag", "-a", "-m", "further", further, "v1")
    folder = files_of(repository.root, "v1")
    assert named(folder, "v1").version == "v1"
    assert checked_out(folder).version == "v1", "what is deployed bears that name too"


def test_what_is_not_checked_out_has_no_such_name(repository: Repository) -> None:
    with pytest.raises(ConfigurationError, match="v2 is not what is checked out"):
        named(files_of(repository.root, "v1"), "v2")


def test_without_a_name_it_is_the_nearest_release(repository: Repository) -> None:
    repository.commit("three")
    assert checked_out(repository.root).version.startswith("v2-1-g")
