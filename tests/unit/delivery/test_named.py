"""A release has the name that it was asked for by, whatever other tags somebody puts on its commit (REQ-R1)."""

from __future__ import annotations

from collections.abc import Callable
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


def _further(root: Path, name: str = "further", text: str = "mine") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _linked(root: Path, target: str) -> None:
    (root / "further").symlink_to(target)


def _nested(root: Path, text: str) -> None:
    _further(Repository.made(root / "nested").root, "file", text)


DIFFERENT: dict[str, Callable[[Path], None]] = {
    "a file": _further,
    "another content": lambda root: _further(root, text="other"),
    "another name": lambda root: _further(root, " other"),
    "a name that is no text": lambda root: _further(root, "further\udcff"),
    "a file in a new folder": lambda root: _further(root, "new/further"),
    "a link": lambda root: _linked(root, "file"),
    "a link to elsewhere": lambda root: _linked(root, "nowhere"),
    "another repository": lambda root: _nested(root, "mine"),
    "another repository with other files": lambda root: _nested(root, "other"),
    "a change besides": lambda root: (_further(root), _further(root, "file", "changed"))[0],
    "a change alone": lambda root: _further(root, "file", "changed"),
}
"""What nobody committed, each another content."""


def test_what_nobody_committed_has_a_name_of_its_own(tmp_path: Path) -> None:
    """REQ-C8, REQ-P8: with the release's own name, that release could not enter any more."""
    found = {}
    for number, (about, change) in enumerate(DIFFERENT.items()):
        made = Repository.made(tmp_path / str(number))
        change(made.root)
        found[about] = checked_out(made.root).version
    assert all(name.startswith("v2-dirty.") for name in found.values()), found
    assert len(set(found.values())) == len(DIFFERENT), found


def test_the_same_files_have_the_same_name_though_git_shows_none(tmp_path: Path) -> None:
    """Whatever somebody's git shows, and in whichever repository."""
    names = set()
    for show in ("no", "all"):
        made = Repository.made(tmp_path / show)
        made.git("config", "status.showUntrackedFiles", show)
        _further(made.root)
        names.add(checked_out(made.root).version)
    assert len(names) == 1
    assert names != {"v2"}


def test_a_release_with_further_files_is_not_that_release(repository: Repository) -> None:
    folder = files_of(repository.root, "v1")
    _further(folder)
    assert named(folder, "v1").version.startswith("v1-dirty.")


def test_what_git_ignores_or_this_machine_keeps_counts_for_nothing(tmp_path: Path) -> None:
    made = Repository.made(tmp_path / "work")
    (made.root / ".git" / "info" / "exclude").write_text("ignored\n", encoding="utf-8")
    _further(made.root, "ignored")
    _further(made.root, ".lockstep/cache/kept")
    assert checked_out(made.root).version == "v2"


def test_a_further_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Repository.made(tmp_path / "work")
    _further(made.root)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(ConfigurationError, match="further: cannot be read: Permission denied"):
        checked_out(made.root)


def test_a_tag_is_what_it_is_called_whatever_name_it_says(repository: Repository) -> None:
    """REQ-G1: else a bad release would be recorded, and kept out, under another one's name."""
    commit = repository.git("rev-parse", "v2")
    path = repository.root.parent / "tag"
    path.write_text(
        f"object {commit}\ntype commit\ntag v0\ntagger sam <sam@example.com> 1700000000 +0000\n\nx\n",
        encoding="utf-8",
    )
    repository.git("tag", "-d", "v2")
    repository.git("update-ref", "refs/tags/v2", repository.git("hash-object", "-t", "tag", "-w", str(path)))
    folder = files_of(repository.root, "v2")
    assert named(folder, "v2").version == "v2"
