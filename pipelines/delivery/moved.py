"""Whether a tag still names what was recorded under it: whoever may push can move it (REQ-G1). I/O."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery import branches
from pipelines.delivery.git import commit_of_tag
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
