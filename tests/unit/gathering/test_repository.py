"""What git says of a release, on real repositories (REQ-G1, REQ-G2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.delivery.git import GitError
from pipelines.gathering import repository
from tests.unit.delivery.repositories import Repository


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "work")


def _by(work: Repository, who: str, text: str, tag: str = "") -> str:
    (work.root / "file").write_text(text, encoding="utf-8")
    address = f"{who}@example.com"
    work.git("-c", f"user.name={who}", "-c", f"user.email={address}", "commit", "-q", "-a", "-m", text)
    if tag:
        work.git("tag", tag)
    return work.git("rev-parse", "HEAD")


def test_a_tag_is_its_commit_and_everybody_who_wrote_since_the_release_before(work: Repository) -> None:
    _by(work, "kim", "three")
    commit = _by(work, "sam", "four", "v3")
    found = repository.tag_of(work.root, "v3")
    assert found is not None
    assert (found.name, found.commit) == ("v3", commit)
    assert found.authors == {"kim@example.com", "sam@example.com"}


def test_of_the_first_release_everybody_is_an_author(work: Repository) -> None:
    found = repository.tag_of(work.root, "v1")
    assert found is not None
    assert found.authors == {"alex@example.com"}


def test_who_committed_for_another_and_who_made_the_tag_are_authors_too(work: Repository) -> None:
    (work.root / "file").write_text("three", encoding="utf-8")
    work.git("commit", "-q", "-a", "-m", "three", "--author", "Kim <kim@example.com>")
    work.git("-c", "user.name=lou", "-c", "user.email=lou@example.com", "tag", "-a", "-m", "three", "v3")
    found = repository.tag_of(work.root, "v3")
    assert found is not None
    assert found.authors == {"alex@example.com", "kim@example.com", "lou@example.com"}


def test_a_merge_brings_the_authors_of_what_it_merges(work: Repository) -> None:
    work.git("switch", "-q", "-c", "feature", "v2")
    _by(work, "kim", "feature")
    work.git("switch", "-q", "main")
    work.git("merge", "-q", "--no-ff", "-m", "merge", "feature")
    work.git("tag", "v3")
    found = repository.tag_of(work.root, "v3")
    assert found is not None
    assert found.authors == {"alex@example.com", "kim@example.com"}


@pytest.mark.parametrize("name", ["v9", "main", "HEAD", "", "-h", "v2^", "v2~1", "v2^{}", "a\nb"])
def test_what_is_no_tag_is_none(work: Repository, name: str) -> None:
    assert repository.tag_of(work.root, name) is None


def test_where_git_cannot_be_asked_nobody_can_tell(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not a git repository"):
        repository.tag_of(tmp_path, "v1")


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


def test_who_merged_on_a_page_of_github_is_nobody(work: Repository) -> None:
    (work.root / "file").write_text("three", encoding="utf-8")
    command = ("-c", "user.email=noreply@github.com", "commit", "-q", "-a", "-m", "three")
    work.git(*command, "--author", "Kim <kim@example.com>")
    work.git("tag", "v3")
    found = repository.tag_of(work.root, "v3")
    assert found is not None
    assert found.authors == {"kim@example.com"}


def test_files_that_differ_are_no_commit(work: Repository) -> None:
    commit = work.git("rev-parse", "HEAD")
    assert repository.head(work.root) == (commit, False)
    (work.root / "file").write_text("mine", encoding="utf-8")
    assert repository.head(work.root) == (commit, True)
