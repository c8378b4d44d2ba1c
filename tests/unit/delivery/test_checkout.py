"""The files of a release are what its tag names, whatever somebody works on (REQ-G1)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipelines.delivery import checkout
from pipelines.delivery.git import git
from pipelines.release import named
from pipelines.workspace import Workspace
from tests.unit.delivery.repositories import Repository
from validator.errors import ConfigurationError


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "work")
    (made.root / ".git" / "info" / "exclude").write_text(".lockstep/\n", encoding="utf-8")
    return made


def test_the_files_are_those_of_the_tag_and_not_of_the_folder(repository: Repository) -> None:
    (repository.root / "file").write_text("mine", encoding="utf-8")
    folder = checkout.files_of(repository.root, "v1")
    assert (folder / "file").read_text(encoding="utf-8") == "one"
    assert (repository.root / "file").read_text(encoding="utf-8") == "mine"
    assert repository.git("status", "--porcelain") == "M file"


def test_they_are_made_once(repository: Repository) -> None:
    folder = checkout.files_of(repository.root, "v1")
    before = (folder / "file").stat().st_ino
    assert checkout.files_of(repository.root, "v1") == folder
    assert (folder / "file").stat().st_ino == before


@pytest.mark.parametrize("spoil", ["change", "add", "remove", "half", "other"])
def test_files_that_somebody_changed_are_made_again(repository: Repository, spoil: str) -> None:
    repository.git("config", "status.showUntrackedFiles", "no")
    folder = checkout.files_of(repository.root, "v1")
    if spoil == "change":
        (folder / "file").write_text("mine", encoding="utf-8")
    elif spoil == "add":
        (folder / "further").write_text("mine", encoding="utf-8")
    elif spoil == "remove":
        (folder / "file").unlink()
    elif spoil == "half":
        (folder / ".git").unlink()
    else:
        Repository(folder).git("checkout", "-q", "v2")
    again = checkout.files_of(repository.root, "v1")
    assert again == folder
    assert (folder / "file").read_text(encoding="utf-8") == "one"
    assert not (folder / "further").exists()


def test_a_folder_that_went_is_made_again(repository: Repository) -> None:
    import shutil

    shutil.rmtree(checkout.files_of(repository.root, "v1"))
    assert (checkout.files_of(repository.root, "v1") / "file").read_text(encoding="utf-8") == "one"


def test_a_run_that_was_killed_meanwhile_keeps_no_other_from_the_files(repository: Repository) -> None:
    """git locks a work tree while it checks it out, and a kill leaves it so."""
    folder = checkout.files_of(repository.root, "v1")
    repository.git("worktree", "lock", "--reason", "initializing", str(folder))
    (folder / "file").unlink()
    assert (checkout.files_of(repository.root, "v1") / "file").read_text(encoding="utf-8") == "one"


def test_two_commands_at_once_make_the_files_once(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[str]()

    def counted(root: Path, *arguments: str, **more: Any) -> str:
        made.extend(arguments[1:2] if arguments[0] == "worktree" else ())
        return git(root, *arguments, **more)

    monkeypatch.setattr(checkout, "git", counted)
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: checkout.files_of(repository.root, "v1"), range(4)))
    assert len(folders) == 1
    assert made == ["prune", "add"]


def test_what_is_kept_with_a_release_is_no_change_where_nobody_ignores_it(repository: Repository) -> None:
    """Another run may be deploying from there."""
    (repository.root / ".git" / "info" / "exclude").write_text("", encoding="utf-8")
    folder = checkout.files_of(repository.root, "v1")
    (folder / ".lockstep" / "rendered").write_text("by a run", encoding="utf-8")
    assert (checkout.files_of(repository.root, "v1") / ".lockstep" / "rendered").exists()
    (folder / "further").write_text("mine", encoding="utf-8")
    assert not (checkout.files_of(repository.root, "v1") / "further").exists()


@pytest.mark.parametrize("name", ["v9", "main", "--help", "v2^", "v2~1", "HEAD", "", "v1\n"])
def test_what_is_no_tag_is_refused(repository: Repository, name: str) -> None:
    with pytest.raises(ConfigurationError, match="is no tag"):
        checkout.files_of(repository.root, name)


def kept(repository: Repository) -> Path:
    """Return a result that a check keeps in the repository's own folder."""
    path = repository.root / ".lockstep" / "cache" / "lint" / "known.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}", encoding="utf-8")
    return path


def test_a_release_knows_what_its_repository_found_and_fetched(repository: Repository) -> None:
    """What is known by its content is worked out once, and not for each release again."""
    path = kept(repository)
    folder = checkout.files_of(repository.root, "v1")
    shared = Workspace(folder).cache("lint")
    assert shared is not None
    assert (shared / "known.json").samefile(path)
    assert (folder / ".lockstep/packages").samefile(repository.root / ".lockstep/packages")
    assert checkout.files_of(repository.root, "v1") == folder
    assert repository.git("status", "--porcelain") == ""


def test_results_that_somebody_committed_are_no_release_s(repository: Repository) -> None:
    """They came with a branch: whoever may write one would write what the checks say of a release."""
    path = kept(repository)
    repository.git("add", "--force", str(path))
    folder = checkout.files_of(repository.root, "v1")
    assert not (folder / ".lockstep").exists()


def test_a_release_that_has_results_in_it_keeps_them_to_itself(repository: Repository) -> None:
    path = kept(repository)
    repository.git("add", "--force", str(path))
    repository.git("commit", "-qm", "results")
    repository.git("tag", "v3")
    repository.git("rm", "-q", "--cached", str(path))
    folder = checkout.files_of(repository.root, "v3")
    assert not (folder / ".lockstep/cache").is_symlink()
    assert Workspace(folder).cache("lint") is None


def test_a_commit_that_this_clone_puts_in_the_place_of_another_is_not_deployed(
    repository: Repository,
) -> None:
    """`git replace`: what is recorded, who wrote it and what is deployed would be of different commits."""
    commit = repository.git("rev-parse", "v1")
    repository.git("replace", commit, repository.git("rev-parse", "v2"))
    assert repository.git("show", "v1:file") == "two", "git takes the one for the other"
    folder = checkout.files_of(repository.root, "v1")
    assert (folder / "file").read_text(encoding="utf-8") == "one"
    found = named(folder, "v1")
    assert (found.version, found.commit) == ("v1", commit)
