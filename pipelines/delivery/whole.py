"""Whether a release stands in an environment as rendered, whatever is recorded of it. I/O; nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.delivery.places import Silent

if TYPE_CHECKING:
    from pipelines.workspace import Workspace


def is_whole(workspace: Workspace, environment: str, tag: str) -> bool:
    """Tell whether a deployment would leave every live stack as it is.

    A record says what was deployed once; a stack may have been deleted since, or changed by hand. Errors are those of a
    plan.
    """
    from pipelines.plan.planning import Planning

    _, actions = Planning(workspace, environment, tag, Silent()).read()
    return all(action.kind == "skip" for action in actions.values())
