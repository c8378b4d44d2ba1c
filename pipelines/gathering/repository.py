"""What git says of a release: its commit, and which branch has its files. I/O (REQ-G1)."""

from __future__ import annotations

from pathlib import Path

from pipelines.delivery.branches import REMOTE, has_remote
from pipelines.delivery.git import PROJECT, git, resolved, tree_of_tag

OTHER = "a branch with other files"


def branch_of(root: Path, tag: str, branch: str) -> str:
    """Return `branch` where it has the files of a tag, on the remote where there is one; else OTHER.

    A promotion is merged, so that the branch's own commit is another one than the tag's.
    """
    files, place = tree_of_tag(root, tag), f"refs/remotes/{REMOTE}" if has_remote(root) else "refs/heads"
    return branch if files is not None and files == resolved(root, f"{place}/{branch}^{{tree}}") else OTHER


def head(root: Path) -> tuple[str, bool]:
    """Return the commit that is checked out, and whether any file differs from it, or is in no commit."""
    differing = git(root, "status", "--porcelain", "--untracked-files=normal", "--", *PROJECT)
    return git(root, "rev-parse", "--verify", "HEAD"), bool(differing)
