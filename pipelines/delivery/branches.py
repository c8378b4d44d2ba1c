"""The branches that say what each environment runs, and the tags of what was deployed. I/O (REQ-R1).

History is never rewritten: an older state comes back by a new commit, and every push may only go forward.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from validator.errors import FailureError, TechnicalError

from .git import GitError, commit_of_tag, git, resolved, tree_of_tag
from .uncommitted import refuse_uncommitted

REMOTE = "origin"
NOBODY = ("lockstep", "lockstep@localhost.invalid")
"""Name and address of a commit where nobody is known; no address ends in `invalid` (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a branch stands, and whether this call moved it."""

    branch: str
    commit: str
    was_moved: bool


def has_remote(root: Path) -> bool:
    """Whether the repository has a remote to push to."""
    return REMOTE in git(root, "remote").split()


def refresh(root: Path, branch: str) -> None:
    """Bring a branch up to its remote's, where there is one. Raises what `refuse_apart` raises."""
    ours, theirs = refuse_apart(root, branch)
    if theirs is not None and ours != theirs and (ours is None or is_ancestor(root, ours, theirs)):
        move(root, branch, theirs, ours)


def refuse_apart(root: Path, branch: str) -> tuple[str | None, str | None]:
    """Return where a branch stands here and at the remote, as asked now; None where there is none.

    Raises FailureError where both have commits that the other has not: nobody can tell which counts; TechnicalError
    where the remote does not answer.
    """
    ours = resolved(root, f"refs/heads/{branch}")
    if not has_remote(root):
        return ours, None
    try:
        if not git(root, "ls-remote", "--heads", REMOTE, f"refs/heads/{branch}"):
            return ours, None
        wanted = f"+refs/heads/{branch}:refs/remotes/{REMOTE}/{branch}"
        git(root, "fetch", "--quiet", "--no-tags", REMOTE, wanted)
    except GitError as error:
        raise no_answer(branch, error) from None
    theirs = resolved(root, f"refs/remotes/{REMOTE}/{branch}")
    if ours and theirs and not (is_ancestor(root, ours, theirs) or is_ancestor(root, theirs, ours)):
        is_out = git(root, "branch", "--show-current") == branch
        command = "git reset --keep" if is_out else f"git branch --force {branch}"
        raise FailureError(
            f"{branch} and {REMOTE}/{branch} have gone different ways\n"
            f"  mend: look at both (`git log {branch}...{REMOTE}/{branch}`); where the remote's counts, "
            f"`{command} {REMOTE}/{branch}`, then run the same command again"
        )
    return ours, theirs


def no_answer(name: str, error: GitError) -> TechnicalError:
    """Return the error for a remote that does not say what a branch or a tag is."""
    return TechnicalError(
        f"{REMOTE} does not say what {name} is: {error.said}\n"
        f"  mend: see whether it can be reached (`git ls-remote {REMOTE}`), then run the same command again; "
        "what cannot wait goes back without it, as docs/runbooks/rollback.md says"
    )


def refresh_tag(root: Path, name: str) -> None:
    """Have a tag of the remote here too, where it has one and this repository does not."""
    if not has_remote(root) or commit_of_tag(root, name) is not None:
        return
    if git(root, "ls-remote", REMOTE, f"refs/tags/{name}"):
        git(root, "fetch", "--quiet", "--no-tags", REMOTE, f"refs/tags/{name}:refs/tags/{name}")


def put_back(root: Path, branch: str, tag: str, message: str) -> Moved:
    """Give a branch the files of a tag again, by a new commit on top of it; nothing where it has them already.

    It is pushed first: where the remote refuses, nothing is changed here either, and nobody's branch goes another way.
    Raises FailureError where the branch is not there, TechnicalError where the remote refuses, GitError where somebody
    moved it here meanwhile.
    """
    head, commit = _restoring(root, branch, tag, message)
    if commit != head:
        refuse_uncommitted(root, branch, commit)
        push(root, f"refs/heads/{branch}", commit)
        move(root, branch, commit, head)
    return Moved(branch, commit, was_moved=commit != head)


def push(root: Path, reference: str, commit: str = "") -> bool:
    """Push a branch or a tag to the remote, never by force; False where there is none. Repeated, it changes nothing.

    `commit` is what it shall be there, where that is not what it is here. Raises TechnicalError where the remote
    refuses.
    """
    if not has_remote(root):
        return False
    try:
        git(root, "push", "--quiet", REMOTE, f"{commit or reference}:{reference}")
    except GitError as error:
        raise TechnicalError(
            f"{REMOTE} did not take {reference}: {error.said}\n"
            "  mend: see whether you may push there and whether it has moved, then run the same command again"
        ) from None
    return True


def mark(root: Path, name: str, commit: str, message: str) -> None:
    """Put a tag on a commit. Raises FailureError where it stands on another: a tag is never moved (REQ-R1)."""
    there = commit_of_tag(root, name)
    if there is None:
        git(root, "tag", "--annotate", "--message", message, name, commit, environment=identity(root))
    elif there != commit:
        raise FailureError(
            f"the tag {name} is commit {there[:12]}, not {commit[:12]}\n  mend: find out who made it (`git show "
            f"{name}`); it is not moved. Once it is deleted, here and at {REMOTE}, the same command puts it"
        )


def _restoring(root: Path, branch: str, tag: str, message: str) -> tuple[str, str]:
    """Return where a branch stands, and the commit on top that has the files of a tag; the same where it has them."""
    head = resolved(root, f"refs/heads/{branch}")
    if head is None:
        raise FailureError(f"there is no branch {branch}\n  mend: `git branch {branch} {tag}`, then push it")
    tree = tree_of_tag(root, tag)
    if tree is None:
        raise FailureError(f"{tag} is no tag\n  mend: `git fetch --tags`, or name another release")
    if tree == resolved(root, f"{head}^{{tree}}"):
        return head, head
    return head, git(root, "commit-tree", tree, "-p", head, "-m", message, environment=identity(root))


def move(root: Path, branch: str, commit: str, before: str | None) -> None:
    """Move a branch forward, with the files where it is checked out; refused where somebody moved it meanwhile.

    Raises ConfigurationError where that would lose what is not committed.
    """
    refuse_uncommitted(root, branch, commit)
    if git(root, "branch", "--show-current") == branch:
        git(root, "merge", "--ff-only", "--quiet", commit)
        return
    git(root, "update-ref", "-m", "lockstep", f"refs/heads/{branch}", commit, before or "0" * 40)


def is_ancestor(root: Path, older: str, newer: str) -> bool:
    """Tell whether a commit is in the history of another."""
    try:
        return git(root, "merge-base", older, newer) == older
    except GitError as error:
        if error.said:
            raise
        return False  # They have no commit in common.


def identity(root: Path) -> dict[str, str]:
    """Return whom a commit is by: whom git knows, else the account that GitHub runs for, else `lockstep` itself.

    A build of the pipeline has neither: who let it run is what AWS records (REQ-G10).
    """
    try:
        git(root, "var", "GIT_COMMITTER_IDENT")
    except GitError:
        actor = os.environ.get("GITHUB_ACTOR", "")
        name, email = (actor, f"{actor}@users.noreply.github.com") if actor else NOBODY
        who = {"NAME": name, "EMAIL": email}
        return {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    return {}
