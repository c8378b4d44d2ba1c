"""What git says of a release, on real repositories (REQ-G1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.gathering import repository
from tests.unit.delivery.repositories import Repository


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "work")


def test_a_branch_that_was_merged_has_the_files_of_the_tag(work: Repository) -> None:
    work.git("branch", "env/staging", "v1")
    work.git("switch", "-q", "env/staging")
    work.git("merge", "-q", "--no-ff", "-m", "promote", "v2")
    work.git("switch", "-q", "main")
    assert repository.branch_of(work.root, "v2", "env/staging") == "env/staging"


def test_a_branch_with_other_files_is_not_the_one(work: Repository) -> None:
    work.git("branch", "env/staging", "v1")
    assert repository.branch_of(work.root, "v2", "env/staging") == repository.OTHER
    work.git("switch", "-q", "env/staging")
    assert repository.branch_of(work.root, "v2", "env/staging") == repository.OTHER, "whatever is checked out"
    assert repository.branch_of(work.root, "v2", "env/prod") == repository.OTHER


def test_with_a_remote_its_branch_counts(work: Repository, tmp_path: Path) -> None:
    """A branch that nobody pushed went through no pull request."""
    work.git("branch", "-f", "env/dev", "v1")
    work.with_remote(tmp_path / "remote")
    work.git("branch", "-f", "env/dev", "v2")
    assert repository.branch_of(work.root, "v2", "env/dev") == repository.OTHER
    work.git("push", "-q", "origin", "env/dev")
    assert repository.branch_of(work.root, "v2", "env/dev") == "env/dev"


def test_files_that_differ_are_no_commit(work: Repository) -> None:
    commit = work.git("rev-parse", "HEAD")
    assert repository.head(work.root) == (commit, False)
    (work.root / "file").write_text("mine", encoding="utf-8")
    assert repository.head(work.root) == (commit, True)


@pytest.mark.parametrize("show", ["no", "normal"])
def test_files_that_are_in_no_commit_are_no_commit(work: Repository, show: str) -> None:
    """The checks read them. What git ignores, and what this machine keeps, they do not."""
    work.git("config", "status.showUntrackedFiles", show)
    (work.root / ".git" / "info" / "exclude").write_text("ignored\n", encoding="utf-8")
    (work.root / ".lockstep").mkdir()
    for name in ("ignored", ".lockstep/kept"):
        (work.root / name).write_text("mine", encoding="utf-8")
    assert repository.head(work.root) == (work.git("rev-parse", "HEAD"), False)
    (work.root / "further").write_text("mine", encoding="utf-8")
    assert repository.head(work.root) == (work.git("rev-parse", "HEAD"), True)
