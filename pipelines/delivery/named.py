"""Which release is meant: by its tag, or by the files that are checked out. I/O (REQ-G1).

An environment's branch has the files of a release, and a commit of its own: promotions are merged.
"""

from __future__ import annotations

from pathlib import Path

from validator.errors import ConfigurationError

from .git import git, resolved, tree_of_tag

HERE = "@"
"""As git calls what is checked out."""
RELEASES = "v[0-9]*"


def named(root: Path, tag: str) -> str:
    """Return the release that `tag` names; for `@` the newest whose files are those of what is checked out.

    Raises ConfigurationError where no release has them.
    """
    if tag != HERE:
        return tag
    found = release_of(root, "HEAD")
    if not found:
        raise ConfigurationError.single(
            "what is checked out are the files of no release",
            key="--release",
            hint="check out a release or a branch that has the files of one, with its tags (`git fetch --tags`)",
        )
    return found


def release_of(root: Path, name: str) -> str:
    """Return the newest release that has the files of a commit or a branch; empty for none."""
    return next(iter(releases_of(root, name)), "")


def releases_of(root: Path, name: str) -> tuple[str, ...]:
    """Return every release that has the files of a commit or a branch, the newest first."""
    tree = resolved(root, f"{name}^{{tree}}")
    if tree is None:
        return ()
    tags = git(root, "tag", "--list", RELEASES, "--sort=-version:refname").split()
    return tuple(tag for tag in tags if tree_of_tag(root, tag) == tree)
