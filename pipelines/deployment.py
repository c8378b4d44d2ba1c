"""What a deployment does with each stack: decided from what is rendered and what is live. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pipelines.live import LiveStack
from validator.model import Stack

Kind = Literal["create", "recreate", "update", "skip", "wait", "blocked"]

RECREATE = frozenset({"CREATE_FAILED", "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"})
"""Stacks that were never complete hold nothing worth keeping: made again from the start, as Sceptre does."""

MENDS = {
    "UPDATE_ROLLBACK_FAILED": "mend what the reason names, then `aws cloudformation continue-update-rollback`",
    "ROLLBACK_FAILED": "delete it by hand, and keep what it must not delete (`--retain-resources`)",
    "DELETE_FAILED": "decide whether it should go: delete it again, or keep what blocks (`--retain-resources`)",
}
"""What only a person can decide: such a stack may hold data, so nothing here deletes it."""


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to one stack, and why, in words for the user."""

    kind: Kind
    reason: str


def decide(stack: Stack, live: LiveStack | None, values: Mapping[str, str]) -> Action:
    """Return the action for a stack.

    `values` holds what stands under each name in Parameter Store: a stack is touched when one of its inputs moved, even
    though its own template and parameters are what is deployed.
    """
    if live is None or live.status == "DELETE_COMPLETE":
        return Action("create", "it is not deployed")
    if live.status in RECREATE:
        return Action("recreate", f"its last attempt ended {live.status}")
    if live.status.endswith("_IN_PROGRESS"):
        return Action("wait", f"it is {live.status} from an earlier run")
    if not live.stands:
        mend = MENDS.get(live.status, "look at its events, and bring it to a COMPLETE status")
        reason = live.reason or "no reason given"
        return Action("blocked", f"it is {live.status}: {reason}; {mend} (docs/runbooks/deployment.md)")
    if live.digest != stack.digest:
        return Action("update", _difference(stack, live))
    moved = [
        key
        for key, value in live.resolved.items()
        if values.get(live.parameters.get(key, ""), value) != value
    ]
    if moved:
        return Action("update", f"what it reads has changed: {', '.join(sorted(moved))}")
    return Action("skip", "unchanged")


def published(stacks: Iterable[Stack], live: Mapping[str, LiveStack]) -> dict[str, str]:
    """Return what live stacks publish in Parameter Store, by name (REQ-P7).

    Read from their outputs rather than from Parameter Store: a value that somebody changed there by hand is drift,
    and no reason to deploy it further.
    """
    return {
        f"{stack.parameter_path}/{output}": value
        for stack in stacks
        if stack.name in live
        for output, value in live[stack.name].outputs.items()
    }


def _difference(stack: Stack, live: LiveStack) -> str:
    if live.body != stack.sent:
        return "its template differs"
    wanted = {k: ",".join(v) if isinstance(v, list) else str(v) for k, v in stack.parameters.items()}
    keys = sorted(
        k for k in wanted.keys() | live.parameters.keys() if wanted.get(k) != live.parameters.get(k)
    )
    return f"parameters differ: {', '.join(keys)}" if keys else "its tags differ"
