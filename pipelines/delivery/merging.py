"""Giving an environment's branch the files of a release by a merge: here, or for a pull request to make. I/O (REQ-G1).

Git merges what both sides changed. A branch that took a release back changed what that release brought, so that a plain
merge would leave it out of what comes next. Here a merge has the files of what is merged and no mixture.
"""

from __future__ import annotations

from pathlib import Path

from validator.errors import FailureError

from . import branches
from .branches import REMOTE, Moved
from .git import commit_of_tag, git, resolved


def merge(root: Path, branch: str, source: str, message: str) -> Moved:
    """Give a branch the files of another, or of a tag, by a merge of that; nothing where it has them already.

    Raises FailureError where either is not there, GitError where somebody moved the branch meanwhile.
    """
    head, other = _both(root, "refs/heads", branch, source)
    if _tree(root, head) == _tree(root, other):
        return Moved(branch, head, was_moved=False)
    commit = _merged(root, (head, other), message)
    branches.move(root, branch, commit, head)
    return Moved(branch, commit, was_moved=True)


def prepare(root: Path, name: str, target: str, tag: str, message: str) -> Moved:
    """Have a branch `name` at the remote whose merge gives `target` the files of a tag, whatever was changed there.

    It holds where `target` stands, so that whoever merges it gets nothing else; it is pushed forward alone, and only
    where it does not do so already. Raises FailureError where the branch, the tag or the remote is not there, and what
    `branches.refuse_apart` and `branches.push` raise.
    """
    if not branches.has_remote(root):
        raise FailureError(
            f"there is no remote {REMOTE} to push {name} to\n  mend: `git remote add {REMOTE} ADDRESS`"
        )
    head, commit = _both(root, f"refs/remotes/{REMOTE}", target, tag)
    _, there = branches.refuse_apart(root, name)
    if there and _tree(root, there) == _tree(root, commit) and _holds(root, there, head, commit):
        return Moved(name, there, was_moved=False)
    parents = (head, commit) if there is None or _holds(root, head, there) else (head, commit, there)
    made = _merged(root, parents, message)
    branches.push(root, f"refs/heads/{name}", made)
    return Moved(name, made, was_moved=True)


def _both(root: Path, place: str, branch: str, source: str) -> tuple[str, str]:
    """Return the commits of a branch, and of another or of a tag, as `place` has them."""
    head = resolved(root, f"{place}/{branch}")
    other = resolved(root, f"{place}/{source}") or commit_of_tag(root, source)
    if head is None or other is None:
        lacking = branch if head is None else source
        raise FailureError(
            f"there is no branch {lacking}\n  mend: `git branch {lacking}` from a release, then push it"
        )
    return head, other


def _merged(root: Path, parents: tuple[str, ...], message: str) -> str:
    """Make a merge that has the files of the second of its parents."""
    named = [word for parent in dict.fromkeys(parents) for word in ("-p", parent)]
    tree = _tree(root, parents[1])
    return git(root, "commit-tree", tree, *named, "-m", message, environment=branches.identity(root))


def _tree(root: Path, commit: str) -> str:
    return resolved(root, f"{commit}^{{tree}}") or ""


def _holds(root: Path, commit: str, *others: str) -> bool:
    """Tell whether the history of a commit has all others."""
    return all(branches.is_ancestor(root, other, commit) for other in others)
