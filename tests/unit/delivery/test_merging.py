"""What git itself makes of a promotion's branch, after a release was taken back (REQ-G1, REQ-R1).

GitHub merges as `git merge --no-ff` does.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.delivery import branches
from pipelines.delivery.merging import prepare
from validator.errors import FailureError

from .repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return a repository where v2 entered dev and staging by merges and was taken back; v3 adds another file."""
    made = Repository.made(tmp_path / "repository")
    made.git("branch", "-D", "env/dev")
    made.with_remote_of_main(tmp_path / "remote")
    for name in ("env/dev", "env/staging"):
        made.git("branch", name, "v1")
        merge(made, name, "v2")
        branches.put_back(made.root, name, "v1", "Back to v1")
        made.git("push", "-q", "origin", name)
    made.git("checkout", "-q", "main")
    (made.root / "mend").write_text("mend", encoding="utf-8")
    made.git("add", "mend")
    made.git("commit", "-q", "-m", "three")
    made.git("tag", "v3")
    made.git("push", "-q", "origin", "main", "v3")
    return made


def merge(repository: Repository, branch: str, other: str) -> None:
    """Merge as GitHub does, and push."""
    repository.git("checkout", "-q", branch)
    repository.git("merge", "-q", "--no-ff", "-m", f"Merge {other}", other)
    repository.git("push", "-q", "origin", branch)
    repository.git("checkout", "-q", "main")


def tree(repository: Repository, name: str) -> str:
    return repository.git("rev-parse", f"{name}^{{tree}}")


def prepared(repository: Repository, name: str, tag: str = "v3") -> branches.Moved:
    branches.refresh(repository.root, f"env/{name}")
    moved = prepare(repository.root, f"promote/{name}", f"env/{name}", tag, f"Promote {tag} to {name}")
    repository.git("fetch", "-q", "origin")
    assert repository.git("rev-parse", f"origin/promote/{name}") == moved.commit
    return moved


def test_a_plain_merge_leaves_out_what_was_taken_back(repository: Repository) -> None:
    """Which is why a promotion has a branch of its own: v3 has v2's file, and the environment would not."""
    merge(repository, "env/dev", "v3")
    assert repository.text("env/dev") == "one"
    assert tree(repository, "env/dev") != tree(repository, "v3")


@pytest.mark.parametrize("name", ["dev", "staging"])
def test_a_promotion_s_branch_gives_the_release_and_nothing_else(repository: Repository, name: str) -> None:
    prepared(repository, name)
    merge(repository, f"env/{name}", f"origin/promote/{name}")
    assert tree(repository, f"env/{name}") == tree(repository, "v3")
    assert repository.git("merge-base", "v3", f"env/{name}") == repository.git("rev-parse", "v3")


def test_a_branch_that_is_right_is_let_be(repository: Repository) -> None:
    """Else each turn of the workflow would take its approvals away."""
    first = prepared(repository, "dev")
    again = prepared(repository, "dev")
    assert (first.was_moved, again.was_moved, again.commit) == (True, False, first.commit)


def test_it_follows_where_the_environment_went_and_another_release(repository: Repository) -> None:
    """Forward alone, and merged it gives what was asked for last."""
    first = prepared(repository, "dev", "v2")
    merge(repository, "env/dev", "v3")  # by somebody, past the promotion
    second = prepared(repository, "dev", "v2")
    third = prepared(repository, "dev", "v3")
    assert second.was_moved and third.was_moved
    history = repository.git("rev-list", third.commit).split()
    assert {first.commit, second.commit} < set(history)
    merge(repository, "env/dev", "origin/promote/dev")
    assert tree(repository, "env/dev") == tree(repository, "v3")
    fourth = prepared(repository, "dev", "v2")
    assert len(repository.git("show", "-s", "--format=%P", fourth.commit).split()) == 2, (
        "the old one was merged"
    )


def test_what_is_not_there_is_named(repository: Repository) -> None:
    for target, tag, lacking in (("env/none", "v3", "env/none"), ("env/dev", "v9", "v9")):
        with pytest.raises(FailureError, match=f"there is no branch {lacking}"):
            prepare(repository.root, "promote/dev", target, tag, "x")
    repository.git("remote", "remove", "origin")
    with pytest.raises(FailureError, match="there is no remote origin"):
        prepare(repository.root, "promote/dev", "env/dev", "v3", "x")
