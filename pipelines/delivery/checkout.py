"""The files of a release, apart from what somebody works on: a work tree of its own for each. I/O (REQ-G1).

What is deployed is what the tag names, whatever lies in the folder that the command runs in.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.workspace import KEPT_IN, Workspace
from validator.errors import ConfigurationError

from .git import PROJECT, commit_of_tag, git, resolved

FOLDER = Path(KEPT_IN) / "releases"
SHARED = ("cache", "packages")
"""What a release keeps where its repository does: results of checks and wheels are known by their content."""


def commit_of(root: Path, tag: str) -> str:
    """Return the commit of a tag. Raises ConfigurationError for a name that is no tag."""
    commit = commit_of_tag(root, tag)
    if commit is None:
        hint = (
            "name a release: `git tag --list 'v*'` shows them; `git fetch --tags` brings those of the remote"
        )
        raise ConfigurationError.single(f"{tag[:80]!r} is no tag", key="--release", hint=hint)
    return commit


def files_of(root: Path, tag: str) -> Path:
    """Return the folder with the files of a tag, as committed; made once, and made again where it was changed.

    Of two commands at once one makes it, and the other waits. Raises ConfigurationError for a name that is no tag,
    GitError where git cannot make it.
    """
    commit = commit_of(root, tag)
    folder = root / FOLDER / commit
    with _alone(root):
        if folder.is_dir() and _is_whole(folder, commit):
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        git(root, "worktree", "prune")
        # Twice: a run that was killed meanwhile left it locked, and git would never make it again.
        git(root, "worktree", "add", "--force", "--force", "--detach", "--quiet", str(folder), commit)
        _share(root, folder)
    return folder


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep other commands of this machine from making files of releases meanwhile; the lock ends with its process."""
    if not (root / FOLDER).is_dir():
        (root / FOLDER).mkdir(parents=True, exist_ok=True)
    with (root / FOLDER / "lock").open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _share(root: Path, folder: Path) -> None:
    """Let the checks of a release know what those of its repository found, and fetch no wheel twice.

    What is committed counts neither way: it came with a branch.
    """
    own = folder / KEPT_IN
    if own.exists() or Workspace(root).is_committed:
        return
    own.mkdir()
    for name in SHARED:
        (root / KEPT_IN / name).mkdir(exist_ok=True)
        (own / name).symlink_to(Path("../../..") / name)


def _is_whole(folder: Path, commit: str) -> bool:
    """Whether a folder is a work tree of its own, at the commit, with nothing changed in it but what is kept there.

    That counts as a change otherwise where the project does not ignore it, and another run may be using the files.
    """
    if not (folder / ".git").is_file() or resolved(folder, "HEAD") != commit:
        return False
    return not git(
        folder, "status", "--porcelain", "--ignored=no", "--untracked-files=normal", "--", *PROJECT
    )
