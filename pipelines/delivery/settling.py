"""What git says of a release that came back by itself: the files of its branch, and the tag of its success. I/O.

The branches say what each environment runs, so that what failed does not stay on one (REQ-R1, REQ-R4). Stacks come
first: a remote that takes no push keeps no environment broken. What is left to say is found in branch and table by
every later run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery import branches
from pipelines.delivery.git import commit_of_tag
from pipelines.delivery.moved import refuse_moved
from pipelines.delivery.named import releases_of
from pipelines.delivery.returning import mark_if_taken
from validator.errors import LockstepError

if TYPE_CHECKING:
    from pipelines.delivery.bring import Stage
    from pipelines.state.records import EnvironmentRelease
    from pipelines.state.store import StateStore


def settle(
    root: Path, table: StateStore, workloads: Sequence[str], environment: str, branch: str, stage: Stage
) -> str:
    """Let branch and tag say what came back, where that is the last that happened; return the tag.

    Repeated, it changes nothing. What the remote refuses is told, and is no reason to stop: the next run does it.
    """
    latest = [table.latest_environment_release(workload, environment) for workload in workloads]
    back = [one for one in latest if one is not None]
    bad = dict.fromkeys(tag for one in back for tag in replaced(table, one))
    if not bad or {(one.tag, one.state) for one in back} != {(back[0].tag, "succeeded")}:
        return ""
    marked = mark_if_taken(root, table, back, stage)
    try:
        branches.refresh(root, branch)
        # Another release may stand on the branch by now: then its files are what somebody wants to have there.
        if _has_bad(root, branch, bad):
            refuse_moved(root, table, back[0].tag, environment, [one.workload for one in back])
            branches.put_back(root, branch, back[0].tag, _message(back[0], bad))
            stage.tell(f"{branch}: has the files of {back[0].tag} again, by a new commit")
    except LockstepError as error:
        stage.warn(f"{branch} does not say yet that {environment} runs {back[0].tag} again\n{error}")
    return marked


def _has_bad(root: Path, branch: str, bad: Iterable[str]) -> bool:
    """Tell whether a branch has the files of a bad release, and of none that is another commit.

    A second tag on the commit of a bad one makes no other release of it.
    """
    commits = {commit_of_tag(root, tag) for tag in bad}
    found = {commit_of_tag(root, tag) for tag in releases_of(root, f"refs/heads/{branch}")}
    return bool(found) and found <= commits


def replaced(table: StateStore, one: EnvironmentRelease) -> list[str]:
    """Return the releases whose place one took again, the newest first."""
    history = table.environment_releases(one.workload, one.environment)
    return [
        each.tag for each in history if each.state == "rolled_back" and each.back_to == one.tag != each.tag
    ]


def _message(back: EnvironmentRelease, bad: Iterable[str]) -> str:
    return (
        f"Back to {back.tag} in {back.environment}\n\n"
        f"It takes the place of {', '.join(bad)}.\nBy {back.by}, with `lockstep deploy`.\n"
    )
