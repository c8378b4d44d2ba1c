"""Environment branches on real git repositories: only ever forward, and never twice (REQ-R1)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.delivery import branches
from tests.unit.delivery.repositories import Repository
from validator.errors import ConfigurationError, FailureError, TechnicalError

BRANCH, HEAD = "env/dev", "refs/heads/env/dev"
ROLES = ("AUTHOR", "COMMITTER")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "work")


def test_an_older_release_comes_back_by_a_new_commit(repository: Repository) -> None:
    before = repository.git("rev-parse", BRANCH)
    moved = branches.put_back(repository.root, BRANCH, "v1", "Roll back to v1")
    assert moved.was_moved
    assert repository.text(BRANCH) == "one"
    assert repository.git("rev-parse", f"{BRANCH}^") == before, "history is kept"
    assert repository.git("log", "-1", "--format=%s", BRANCH) == "Roll back to v1"


def test_restoring_twice_is_restoring_once(repository: Repository) -> None:
    first = branches.put_back(repository.root, BRANCH, "v1", "Roll back")
    again = branches.put_back(repository.root, BRANCH, "v1", "Roll back")
    assert (again.commit, again.was_moved) == (first.commit, False)


def test_a_branch_that_is_checked_out_takes_its_files_along(repository: Repository) -> None:
    repository.git("switch", "-q", BRANCH)
    branches.put_back(repository.root, BRANCH, "v1", "Roll back")
    assert (repository.root / "file").read_text(encoding="utf-8") == "one"
    assert repository.git("status", "--porcelain") == ""


def test_changes_that_nobody_committed_are_not_lost(repository: Repository) -> None:
    repository.git("switch", "-q", BRANCH)
    (repository.root / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"env/dev is checked out here, and would lose .* of file;"):
        branches.put_back(repository.root, BRANCH, "v1", "Roll back")
    assert (repository.root / "file").read_text(encoding="utf-8") == "mine"
    assert repository.text(BRANCH) == "two"


def test_what_nobody_committed_is_known_before_anything_is_pushed(
    repository: Repository, tmp_path: Path
) -> None:
    """Also a new file in the place of one; what is in nobody's way is no matter, nor where another branch is out."""
    remote = repository.with_remote(tmp_path / "remote")
    repository.git("switch", "-q", "main")
    (repository.root / "new").write_text("released", encoding="utf-8")
    repository.commit("three", "v3")
    repository.git("switch", "-q", BRANCH)
    (repository.root / "other").write_text("mine", encoding="utf-8")
    (repository.root / "new").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="what is not committed of new; nothing is changed"):
        branches.put_back(repository.root, BRANCH, "v3", "Back")
    assert remote.text(BRANCH) == repository.text(BRANCH) == "two"
    (repository.root / "new").unlink()
    assert branches.put_back(repository.root, BRANCH, "v3", "Back").was_moved
    repository.git("switch", "-q", "main")
    (repository.root / "file").write_text("mine", encoding="utf-8")
    assert branches.put_back(repository.root, BRANCH, "v1", "Back").was_moved


@pytest.mark.parametrize(("branch", "tag"), [("env/staging", "v1"), (BRANCH, "v9")])
def test_what_is_not_there_is_named_with_its_mend(repository: Repository, branch: str, tag: str) -> None:
    with pytest.raises(FailureError, match="mend: `git"):
        branches.put_back(repository.root, branch, tag, "Roll back")


def test_a_push_goes_forward_and_may_be_repeated(repository: Repository, tmp_path: Path) -> None:
    remote = repository.with_remote(tmp_path / "remote")
    branches.put_back(repository.root, BRANCH, "v1", "Roll back")
    assert branches.push(repository.root, HEAD)
    assert branches.push(repository.root, HEAD)
    assert remote.text(BRANCH) == "one"


def test_without_a_remote_nothing_is_pushed(repository: Repository) -> None:
    assert not branches.push(repository.root, HEAD)


def test_a_push_that_is_refused_says_what_to_do_and_changes_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    """Also not here: once somebody else did the same, the two would have gone different ways (REQ-R2)."""
    remote = repository.with_remote(tmp_path / "remote")
    hook = remote.root / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho protected branch >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    with pytest.raises(
        TechnicalError, match=r"(?s)did not take refs/heads/env/dev: .*protected branch.*run the same"
    ):
        branches.put_back(repository.root, BRANCH, "v1", "Roll back")
    assert remote.text(BRANCH) == repository.text(BRANCH) == "two"
    hook.unlink()
    assert branches.put_back(repository.root, BRANCH, "v1", "Roll back").was_moved, "one more run ends right"


def test_a_branch_is_never_pushed_over_what_somebody_else_pushed(
    repository: Repository, tmp_path: Path
) -> None:
    remote = repository.with_remote(tmp_path / "remote")
    _another(remote, tmp_path).commit_on_dev("theirs")
    with pytest.raises(TechnicalError, match="did not take"):
        branches.put_back(repository.root, BRANCH, "v1", "Roll back")
    assert remote.text(BRANCH) == "theirs"
    branches.refresh(repository.root, BRANCH)
    assert branches.put_back(repository.root, BRANCH, "v1", "Roll back").was_moved, "one more run ends right"
    assert remote.text(BRANCH) == "one"


@pytest.mark.parametrize("out", ["main", BRANCH])
def test_what_went_another_way_is_told_with_the_command_that_ends_it(
    repository: Repository, tmp_path: Path, out: str
) -> None:
    remote = repository.with_remote(tmp_path / "remote")
    _another(remote, tmp_path).commit_on_dev("theirs")
    repository.git("switch", "-q", BRANCH)
    repository.commit("mine")
    repository.git("switch", "-q", out)
    with pytest.raises(FailureError, match="have gone different ways") as raised:
        branches.refresh(repository.root, BRANCH)
    command = re.search(r"where the remote's counts, `git ([^`]+)`", str(raised.value))
    assert command is not None
    repository.git(*command[1].split())
    branches.refresh(repository.root, BRANCH)
    assert repository.text(BRANCH) == "theirs"


def test_a_branch_that_is_behind_comes_up_first(repository: Repository, tmp_path: Path) -> None:
    remote = repository.with_remote(tmp_path / "remote")
    _another(remote, tmp_path).commit_on_dev("theirs")
    branches.refresh(repository.root, BRANCH)
    assert repository.text(BRANCH) == "theirs"


def test_a_branch_that_only_the_remote_has_is_made_here(repository: Repository, tmp_path: Path) -> None:
    repository.with_remote(tmp_path / "remote")
    repository.git("branch", "-q", "-D", BRANCH)
    branches.refresh(repository.root, BRANCH)
    assert repository.text(BRANCH) == "two"


def test_a_tag_is_put_once_and_never_moved(repository: Repository) -> None:
    one, two = (repository.git("rev-parse", tag) for tag in ("v1", "v2"))
    branches.mark(repository.root, "deployed/dev/1", one, "v1 succeeded in dev")
    branches.mark(repository.root, "deployed/dev/1", one, "v1 succeeded in dev")
    with pytest.raises(FailureError, match="it is not moved"):
        branches.mark(repository.root, "deployed/dev/1", two, "v2 succeeded in dev")
    assert repository.git("rev-parse", "deployed/dev/1^{commit}") == one


@pytest.fixture
def unknown(repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Repository:
    """A repository where git knows nobody, as in a build."""
    for name in ("user.name", "user.email"):
        repository.git("config", "--unset", name)
    repository.git("config", "user.useConfigOnly", "true")  # whatever this machine is called
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    for name in (
        "GITHUB_ACTOR",
        "EMAIL",
        *(f"GIT_{one}_{key}" for one in ROLES for key in ("NAME", "EMAIL")),
    ):
        monkeypatch.delenv(name, raising=False)
    return repository


def test_a_job_of_github_commits_as_whom_it_runs_for(
    unknown: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "alex")
    branches.put_back(unknown.root, BRANCH, "v1", "Roll back")
    assert unknown.git("log", "-1", "--format=%ae", BRANCH) == "alex@users.noreply.github.com"


def test_a_build_commits_and_tags_as_lockstep_where_git_knows_nobody(unknown: Repository) -> None:
    """REQ-G10: "Committer identity unknown" would end a deployment after it deployed, and a way back before it."""
    branches.put_back(unknown.root, BRANCH, "v1", "Roll back")
    assert unknown.git("log", "-1", "--format=%an %ae %cn", BRANCH) == f"{' '.join(branches.NOBODY)} lockstep"
    branches.mark(unknown.root, "deployed/dev/1", unknown.git("rev-parse", BRANCH), "v1 succeeded in dev")
    assert "lockstep@localhost.invalid" in unknown.git("cat-file", "tag", "deployed/dev/1")


class _Another(Repository):
    def commit_on_dev(self, text: str) -> None:
        """Commit on the environment's branch and push that."""
        self.git("switch", "-q", BRANCH)
        self.commit(text)
        self.git("push", "-q", "origin", BRANCH)


def _another(remote: Repository, tmp_path: Path) -> _Another:
    folder = tmp_path / "another"
    Repository(tmp_path).git("clone", "-q", str(remote.root), str(folder))
    return _Another(folder)


def test_a_remote_that_does_not_answer_says_what_to_do(repository: Repository, tmp_path: Path) -> None:
    repository.with_remote(tmp_path / "remote").root.rename(tmp_path / "gone")
    with pytest.raises(TechnicalError, match="origin does not say what env/dev is") as raised:
        branches.refresh(repository.root, "env/dev")
    assert "  mend: " in str(raised.value)
    assert "docs/runbooks/rollback.md" in str(raised.value)
    assert repository.text("env/dev") == "two"
