"""Who made a release, on real repositories: under every name that git has, since what last entered (REQ-G2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.delivery.git import GitError
from pipelines.gathering.authors import since_release_before, written
from pipelines.gathering.signatures import Signature
from tests.unit.delivery.repositories import Repository
from validator.errors import ConfigurationError, TechnicalError


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "work")


def by(work: Repository, who: str, text: str, *more: str, tag: str = "") -> str:
    """Commit as somebody, with a tag where one is given, and return the commit."""
    (work.root / "file").write_text(text, encoding="utf-8")
    address = who if "@" in who else f"{who}@example.com"
    identity = ("-c", f"user.name={who}", "-c", f"user.email={address}")
    work.git(*identity, "commit", "-q", "-a", "-m", text, *more)
    if tag:
        work.git("tag", tag)
    return work.git("rev-parse", "HEAD")


def names(work: Repository, tag: str, *since: str) -> set[str]:
    """Return the names before the @ of who made a tag since commits."""
    return {one.removesuffix("@example.com") for one in written(work.root, tag, since).names}


def test_everybody_counts_who_wrote_since_what_last_entered(work: Repository) -> None:
    by(work, "kim", "three")
    last = by(work, "sam", "four", tag="v3")
    assert names(work, "v3", "v2") == {"kim", "sam"}
    assert names(work, "v3") == {"alex", "kim", "sam"}, "where nothing ever entered, all that ever wrote"
    assert written(work.root, "v3", ("v2",)).commits == (last, work.git("rev-parse", "v3~1"))


def test_a_tag_over_ones_own_commits_hides_nobody(work: Repository) -> None:
    """Somebody pushes v3 over what they wrote, and lets others release v4: they are still an author of that."""
    by(work, "mallory", "three", tag="v3")
    commit = by(work, "sam", "four", tag="v4")
    assert names(work, "v4", "v2") == {"mallory", "sam"}
    assert since_release_before(work.root, "v4", commit).names == {"sam@example.com"}, (
        "which is why the gate does not ask for tags"
    )


def test_of_several_workloads_all_that_is_new_to_one_counts(work: Repository) -> None:
    by(work, "kim", "three", tag="v3")
    by(work, "sam", "four", tag="v4")
    assert names(work, "v4", "v3", "v2") == {"kim", "sam"}


def test_committers_co_authors_and_who_made_the_tag_are_authors_too(work: Repository) -> None:
    trailers = "three\n\nCo-authored-by: Pat <pat@example.com>\nco-authored-by: Jo <jo@example.com>"
    by(work, "alex", "three", "--author", "Kim <kim@example.com>", "-m", trailers)
    work.git("-c", "user.name=lou", "-c", "user.email=lou@example.com", "tag", "-a", "-m", "three", "v3")
    assert names(work, "v3", "v2") == {"alex", "kim", "pat", "jo", "lou"}


def test_a_co_author_without_an_address_is_a_name_that_nobody_knows(work: Repository) -> None:
    by(work, "kim", "three", "-m", "Co-authored-by: somebody", tag="v3")
    assert names(work, "v3", "v2") == {"kim", "somebody"}


def test_who_signed_is_an_author_whatever_address_the_commit_has(work: Repository) -> None:
    commit = by(work, "kim", "three", tag="v3")
    found = written(work.root, "v3", ("v2",), (Signature(commit, "mallory@example.com"), Signature("b", "")))
    assert found.names == {"kim@example.com", "mallory@example.com"}


def test_a_merge_brings_the_authors_of_what_it_merges(work: Repository) -> None:
    work.git("switch", "-q", "-c", "feature", "v2")
    by(work, "kim", "feature")
    work.git("switch", "-q", "main")
    work.git("merge", "-q", "--no-ff", "-m", "merge", "feature")
    work.git("tag", "v3")
    assert names(work, "v3", "v2") == {"alex", "kim"}


def test_who_merged_on_a_page_of_github_is_nobody_and_its_author_is_somebody(work: Repository) -> None:
    """GitHub commits what people merge there. As an author that address says nothing, which may be on purpose."""
    by(work, "noreply@github.com", "three", "--author", "Kim <kim@example.com>", tag="v3")
    assert names(work, "v3", "v2") == {"kim"}
    by(work, "noreply@github.com", "four", tag="v4")
    assert names(work, "v4", "v3") == {"noreply@github.com"}


def test_a_commit_without_an_address_is_by_nobody_who_could_be_told_apart(work: Repository) -> None:
    by(work, "kim", "three", "--author", "Kim <>", tag="v3")
    with pytest.raises(TechnicalError, match="has no author's address"):
        written(work.root, "v3", ("v2",))


def test_a_replaced_commit_is_what_was_committed(work: Repository) -> None:
    """`git replace` shows other commits in the place of those that a tag has."""
    bad = by(work, "mallory", "three", tag="v3")
    good = work.git("commit-tree", f"{bad}^{{tree}}", "-p", "v2", "-m", "three")
    work.git("replace", bad, good)
    assert names(work, "v3", "v2") == {"mallory"}


def test_a_commit_with_other_parents_here_has_those_that_it_had(work: Repository) -> None:
    """What `git replace --graft` does, and what did that before."""
    by(work, "mallory", "three")
    commit = by(work, "sam", "four", tag="v3")
    grafts = work.root / ".git" / "info" / "grafts"
    grafts.write_text(f"{commit} {work.git('rev-parse', 'v2')}\n", encoding="utf-8")
    assert work.git("log", "--format=%ae", "v2..v3") == "sam@example.com", (
        "git still takes them for its parents"
    )
    assert names(work, "v3", "v2") == {"mallory", "sam"}


def test_a_shallow_clone_cannot_tell_who_made_a_release(work: Repository, tmp_path: Path) -> None:
    """It has the commits of two tags, and none in between, so that git finds nobody there."""
    by(work, "mallory", "three")
    commit = by(work, "sam", "four", tag="v3")
    shallow = Repository(tmp_path / "shallow")
    work.git("init", "-q", str(shallow.root))
    shallow.git("remote", "add", "origin", f"file://{work.root}")
    for tag in ("v2", "v3"):
        shallow.git("fetch", "-q", "--depth", "1", "origin", "tag", tag)
    for ask in (lambda: names(shallow, "v3", "v2"), lambda: since_release_before(shallow.root, "v3", commit)):
        with pytest.raises(ConfigurationError, match="this clone is shallow") as raised:
            ask()
        assert "`git fetch --unshallow --tags`" in str(raised.value)
    shallow.git("fetch", "-q", "--unshallow", "--tags")
    assert names(shallow, "v3", "v2") == {"mallory", "sam"}


def test_of_the_first_release_everybody_is_an_author(work: Repository) -> None:
    commit = work.git("rev-parse", "v1")
    assert since_release_before(work.root, "v1", commit).names == {"alex@example.com"}


def test_where_git_cannot_be_asked_nobody_can_tell(work: Repository, tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not a git repository"):
        written(tmp_path, "v1", ())
    with pytest.raises(GitError):
        written(work.root, "v1", ("0" * 40,))
