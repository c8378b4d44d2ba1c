"""Whether a tag names what was recorded under it, and what the remote has: anybody may move it (REQ-G1). I/O."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery import branches
from pipelines.delivery.git import GitError, commit_of_tag, git
from validator.errors import FailureError

if TYPE_CHECKING:
    from pipelines.state.store import StateStore


def refuse_moved(root: Path, table: StateStore, tag: str, environment: str, workloads: Iterable[str]) -> None:
    """Raise FailureError where a release is recorded in an environment with another commit than its tag has.

    Nothing is said of one that is not recorded there yet, nor of a name that is no tag.
    """
    commit = commit_of_tag(root, tag)
    for workload in workloads:
        recorded = table.release(workload, tag, environment)
        if commit is None or recorded is None or recorded.commit == commit:
            continue
        push = (
            f", then `git push --force {branches.REMOTE} refs/tags/{tag}`"
            if branches.has_remote(root)
            else ""
        )
        raise FailureError(
            f"the tag {tag} was moved: {tag} of {workload} is recorded in {environment} as commit {recorded.commit}, "
            f"and the tag names {commit} by now\n"
            f"  mend: find out who moved it, and put it back: `git tag --force {tag} {recorded.commit}`{push}; what it "
            "names by now needs another tag"
        )


def refuse_unpublished(root: Path, tag: str) -> None:
    """Raise FailureError where the remote does not have a tag, or has it on another commit than here.

    Nobody else could see such a release, and what is under its name could be changed unseen. Without a remote there is
    nothing to compare. Raises TechnicalError where the remote does not answer.
    """
    here = commit_of_tag(root, tag)
    if here is None or not branches.has_remote(root):
        return
    name = f"refs/tags/{tag}"
    try:
        listed = git(root, "ls-remote", branches.REMOTE, name, f"{name}^{{}}")
    except GitError as error:
        raise branches.no_answer(tag, error) from None
    found = {reference: commit for commit, reference in (line.split("\t") for line in listed.splitlines())}
    there = found.get(f"{name}^{{}}") or found.get(name)  # An annotated tag is an object of its own.
    if there is None:
        raise FailureError(
            f"{branches.REMOTE} has no tag {tag}, which is commit {here} here: it is not let in\n"
            f"  mend: `git push {branches.REMOTE} {name}`, then run the same command again"
        )
    if there != here:
        raise FailureError(
            f"the tag {tag} is commit {here} here and {there} at {branches.REMOTE}: it is not let in\n"
            f"  mend: find out who moved it; where the one at {branches.REMOTE} is right, "
            f"`git fetch --force {branches.REMOTE} {name}:{name}`, else another tag for what is here"
        )
