"""A release is what the remote has under its name, where there is a remote (REQ-G1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.delivery.moved import refuse_unpublished
from tests.unit.delivery.repositories import Repository
from validator.errors import FailureError, TechnicalError


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    """Return a repository whose remote has its releases, and a few that are named alike."""
    made = Repository.made(tmp_path / "work")
    made.git("tag", "--annotate", "--message", "noted", "v3", "v2")
    made.git("tag", "--annotate", "--message", "noted twice", "v4", "v3")
    made.with_remote(tmp_path / "remote")
    made.git("push", "-q", "origin", "v1:refs/other/refs/tags/v2", "v1:refs/tags/v2.1", "v1:refs/heads/v5")
    made.git("tag", "v5", "v1")
    return made


@pytest.mark.parametrize("tag", ["v1", "v2", "v3", "v4", "v9", "--help", "main"])
def test_what_the_remote_has_and_what_is_no_tag_pass(work: Repository, tag: str) -> None:
    """Also an annotated tag, which is an object of its own."""
    refuse_unpublished(work.root, tag)


@pytest.mark.parametrize("tag", ["v5", "v6"])
def test_what_nobody_pushed_is_named_with_the_mend(work: Repository, tag: str) -> None:
    work.git("tag", "--force", "--annotate", "--message", "mine", tag, "v2")
    with pytest.raises(FailureError, match=f"origin has no tag {tag}, which is commit ") as raised:
        refuse_unpublished(work.root, tag)
    assert work.git("rev-parse", "v2") in str(raised.value)
    assert f"mend: `git push origin refs/tags/{tag}`" in str(raised.value)
    work.git("push", "-q", "origin", f"refs/tags/{tag}")
    refuse_unpublished(work.root, tag)


@pytest.mark.parametrize("tag", ["v2", "v3"])
def test_what_is_another_commit_there_is_named_with_both(work: Repository, tag: str) -> None:
    work.git("tag", "--force", tag, "v1")
    with pytest.raises(FailureError, match=f"the tag {tag} is commit ") as raised:
        refuse_unpublished(work.root, tag)
    here, there = (work.git("rev-parse", each) for each in ("v1", "v4^{commit}"))
    assert f"{here} here and {there} at origin" in str(raised.value)
    mend = f"git fetch --force origin refs/tags/{tag}:refs/tags/{tag}"
    assert mend in str(raised.value)
    work.git(*mend.split()[1:])
    refuse_unpublished(work.root, tag)


def test_a_remote_that_does_not_answer_lets_nothing_in(work: Repository, tmp_path: Path) -> None:
    (tmp_path / "remote").rename(tmp_path / "gone")
    with pytest.raises(TechnicalError, match="origin does not say what v1 is: ") as raised:
        refuse_unpublished(work.root, "v1")
    assert "docs/runbooks/rollback.md" in str(raised.value)


def test_without_a_remote_there_is_nothing_to_compare(tmp_path: Path) -> None:
    refuse_unpublished(Repository.made(tmp_path / "work").root, "v1")
