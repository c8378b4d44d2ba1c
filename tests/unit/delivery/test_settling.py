"""What came back by itself is said by branch and tag: once, after every death, and over nobody's work (REQ-R1, R4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.delivery.settling import settle
from pipelines.state.store import StateStore

from .records import deployed, made_table
from .repositories import Repository

MARK, BRANCH = "deployed/dev/3", "env/dev"


class Said:
    """Keeps what a run tells and warns of."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.warned: list[str] = []

    def tell(self, text: str) -> None:
        self.told.append(text)

    def warn(self, text: str) -> None:
        self.warned.append(text)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Make a repository whose branch has what failed, v2, here and at its remote."""
    made = Repository.made(tmp_path / "work")
    made.git("tag", "-d", "v1", "v2")
    made.git("tag", "v1.0.0", "main~1")
    made.git("tag", "v1.1.0", "main")
    made.with_remote(tmp_path / "remote")
    return made


@pytest.fixture
def table(repository: Repository) -> StateStore:
    """Make a table with v1.1.0 that failed, and v1.0.0 that came back."""
    made = made_table()
    good = repository.git("rev-parse", "v1.0.0")
    deployed(made, "v1.0.0", "succeeded", commit=good)
    deployed(made, "v1.1.0", "failed", "rolled_back", back_to="v1.0.0")
    deployed(made, "v1.0.0", "succeeded", commit=good)
    return made


def settled(repository: Repository, table: StateStore) -> tuple[str, Said]:
    said: Any = Said()
    return settle(repository.root, table, ["orders"], "dev", BRANCH, said), said


def remote(repository: Repository) -> Repository:
    return Repository(repository.root.parent / "remote")


def test_branch_and_tag_say_what_came_back_and_twice_is_once(
    repository: Repository, table: StateStore
) -> None:
    for _ in range(2):
        marked, said = settled(repository, table)
        assert (marked, said.warned) == (MARK, [])
        for each in (repository, remote(repository)):
            assert each.text(BRANCH) == "one"
            assert each.git("log", "--format=%s", BRANCH).splitlines() == [
                "Back to v1.0.0 in dev",
                "two",
                "one",
            ]
            assert each.text(MARK) == "one"
    assert "It takes the place of v1.1.0.\nBy alex" in repository.git("log", "-1", "--format=%b", BRANCH)


def test_a_push_that_is_refused_is_told_and_the_next_run_does_it(
    repository: Repository, table: StateStore
) -> None:
    """Nothing of it stays here, so that the branch goes no other way than its remote's."""
    hook = remote(repository).root / "hooks" / "update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/env/dev ]\n', encoding="utf-8")
    hook.chmod(0o755)
    marked, said = settled(repository, table)
    assert marked == MARK
    assert "env/dev does not say yet that dev runs v1.0.0 again" in said.warned[0]
    assert "origin did not take refs/heads/env/dev" in said.warned[0]
    assert [one.text(BRANCH) for one in (repository, remote(repository))] == ["two", "two"]
    hook.unlink()
    assert settled(repository, table)[1].warned == []
    assert remote(repository).text(BRANCH) == "one"


def test_a_tag_that_somebody_pushed_keeps_no_bad_release_on_the_branch(
    repository: Repository, table: StateStore
) -> None:
    remote(repository).git("tag", MARK, "v1.1.0")
    marked, said = settled(repository, table)
    assert marked == ""
    assert "no tag says yet that dev runs v1.0.0" in said.warned[0]
    assert [one.text(BRANCH) for one in (repository, remote(repository))] == ["one", "one"]


@pytest.mark.parametrize("further", ["v1.1.0-rc1", "v9.0.0"])
def test_a_second_tag_keeps_no_bad_release_on_the_branch(
    repository: Repository, table: StateStore, further: str
) -> None:
    """REQ-R4: it is the same commit, whatever it is called besides."""
    repository.git("tag", "-a", "-m", "further", further, "v1.1.0")
    assert settled(repository, table)[0] == MARK
    assert remote(repository).text(BRANCH) == "one"


def test_what_somebody_put_on_the_branch_since_stays(repository: Repository, table: StateStore) -> None:
    """Also where that has the very files of what failed: it is another release, with gates of its own (REQ-G5)."""
    repository.git("checkout", "-q", BRANCH)
    repository.git("commit", "-q", "--allow-empty", "-m", "the same anew")
    repository.git("tag", "v1.1.1")
    repository.git("push", "-q", "origin", BRANCH, "v1.1.1")
    repository.git("checkout", "-q", "main")
    assert settled(repository, table)[0] == MARK
    assert remote(repository).git("log", "-1", "--format=%s", BRANCH) == "the same anew"


@pytest.mark.parametrize("further", ["deploying", "failed", "another"])
def test_nothing_is_said_of_what_is_not_the_last_that_happened(
    repository: Repository, table: StateStore, further: str
) -> None:
    if further == "another":
        deployed(table, "v1.2.0", "succeeded")
    elif further == "failed":
        good = repository.git("rev-parse", "v1.0.0")
        deployed(table, "v1.0.0", "failed", back_to="v1.0.0", commit=good)
    else:
        deployed(table, "v1.0.0", commit=repository.git("rev-parse", "v1.0.0"))
    assert settled(repository, table)[0] == ""
    assert repository.text(BRANCH) == "two"
    assert "deployed/" not in repository.git("tag", "--list")


def test_a_project_without_a_remote_says_it_here(repository: Repository, table: StateStore) -> None:
    repository.git("remote", "remove", "origin")
    assert settled(repository, table)[0] == MARK
    assert repository.text(BRANCH) == "one"


def test_a_tag_that_was_moved_brings_nothing_onto_the_branch(
    repository: Repository, table: StateStore
) -> None:
    """REQ-G1: whoever may push a tag could have anything on it; once the tag is back, the next run does it all."""
    good = repository.git("rev-parse", "v1.0.0")
    repository.commit("evil")
    evil = repository.git("rev-parse", "HEAD")
    repository.git("tag", "--force", "v1.0.0")
    marked, said = settled(repository, table)
    assert marked == ""
    assert len(said.warned) == 2
    for warned in said.warned:
        assert f"recorded in dev as commit {good}, and the tag names {evil} by now" in warned
        assert f"`git tag --force v1.0.0 {good}`, then `git push --force origin refs/tags/v1.0.0`" in warned
    assert [one.text(BRANCH) for one in (repository, remote(repository))] == ["two", "two"]
    assert "deployed/" not in repository.git("tag", "--list")
    repository.git("tag", "--force", "v1.0.0", good)
    assert settled(repository, table)[0] == MARK
    assert remote(repository).text(BRANCH) == "one"
