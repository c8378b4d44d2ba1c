"""Whether a deployment that failed left something half done: `python -m pipelines.codepipeline.outcome ENV TAG`.

`lockstep deploy` brings the release before back by itself (REQ-R4). Where that did not end either, or the run was
killed, the pipeline goes on to the stage in which a person takes the environment back (REQ-G10).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal

from pipelines.state.records import EnvironmentRelease

Outcome = Literal["succeeded", "untouched", "failed"]
HALF_DONE = ("deploying", "failed")


def outcome(histories: Iterable[Sequence[EnvironmentRelease]], tag: str) -> Outcome:
    """Return how a release stands where it was to go, by each workload's last two deployments there, the last first.

    `untouched` is whatever needs nobody to take it back: the gates kept it out, somebody else is deploying, or the
    release before is back. A return that did not end stands behind the deployment that it takes the place of.
    """
    recent = [one[:2] for one in histories if one]
    if any(_is_half_done(one[0]) and any(each.tag == tag for each in one) for one in recent):
        return "failed"
    stands = {(one[0].tag, one[0].state) for one in recent}
    return "succeeded" if stands == {(tag, "succeeded")} else "untouched"


def _is_half_done(last: EnvironmentRelease) -> bool:
    return last.state in HALF_DONE or bool(last.awaits)


def main(environment: str, tag: str, root: Path) -> None:
    """Print the outcome, as the home has it."""
    from pipelines.aws import clear_errors
    from pipelines.home import home_of
    from pipelines.workspace import Workspace

    project = Workspace(root).project()
    with clear_errors():
        home = home_of(project)
        workloads = sorted({stack.workload for stack in project.of(environment)}) if home else []
        table = home.table() if home else None
        histories = [
            list(islice(table.environment_releases(one, environment), 2)) for one in workloads if table
        ]
    sys.stdout.write(f"{outcome(histories, tag)}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path.cwd())
