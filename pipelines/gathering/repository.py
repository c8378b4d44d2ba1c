"""What git says of a release: its commit, who made it, and which branch has its files. I/O (REQ-G1, REQ-G2)."""

from __future__ import annotations

from pathlib import Path

from pipelines.delivery.branches import REMOTE, has_remote
from pipelines.delivery.git import commit_of_tag, git, resolved, tree_of_tag
from pipelines.promotion.evidence import Tag

NOBODY = frozenset(("", "noreply@github.com"))
"""Who commits what people merge and write on GitHub's pages; the author of that is somebody."""
OTHER = "a branch with other files"
RELEASES = "v[0-9]*"
"""How the tags of releases begin, as `pipelines.release` has it."""


def tag_of(root: Path, name: str) -> Tag | None:
    """Return a release's tag, None where git has none of that name.

    Its authors are whoever wrote or committed anything since the release before it, and who made the tag: none of them
    may approve it. Raises GitError where git cannot be asked.
    """
    commit = commit_of_tag(root, name)
    return Tag(name, commit, _authors(root, name, commit)) if commit else None


def branch_of(root: Path, tag: str, branch: str) -> str:
    """Return `branch` where it has the files of a tag, on the remote where there is one; else OTHER.

    A promotion is merged, so that the branch's own commit is another one than the tag's.
    """
    files, place = tree_of_tag(root, tag), f"refs/remotes/{REMOTE}" if has_remote(root) else "refs/heads"
    return branch if files is not None and files == resolved(root, f"{place}/{branch}^{{tree}}") else OTHER


def head(root: Path) -> tuple[str, bool]:
    """Return the commit that is checked out, and whether any file differs from it."""
    return git(root, "rev-parse", "--verify", "HEAD"), bool(git(root, "status", "--porcelain", "-uno"))


def _authors(root: Path, name: str, commit: str) -> frozenset[str]:
    since = [commit]
    if resolved(root, f"{commit}^") and (before := _release_before(root, commit)):
        since = [commit, f"^{before}"]
    written = git(root, "log", "--no-show-signature", "--format=%ae%n%ce", *since, "--")
    tagged = git(root, "for-each-ref", "--format=%(taggeremail:trim)", f"refs/tags/{name}")
    return frozenset(each.strip() for text in (written, tagged) for each in text.splitlines()) - NOBODY


def _release_before(root: Path, commit: str) -> str:
    """Return the nearest release before a commit; empty where there is none: everybody who ever wrote is an author."""
    if not git(root, "tag", "--list", RELEASES, "--merged", f"{commit}^"):
        return ""
    return "refs/tags/" + git(root, "describe", "--tags", "--match", RELEASES, "--abbrev=0", f"{commit}^")
