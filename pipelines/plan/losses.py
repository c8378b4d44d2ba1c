"""What a plan takes away that holds data (REQ-R3), and what cannot be undone afterwards (REQ-R5). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipelines.promotion.evidence import Loss

from .model import Change, PlannedStack

NESTED = "AWS::CloudFormation::Stack"


def losses(changes: Iterable[Change], stateful: Collection[str]) -> tuple[Loss, ...]:
    """Return the resources of stateful types that would be deleted, or replaced by an empty one.

    A removal that leaves the resource behind (`Retain`) is no loss. A replacement always is: even where the old
    resource is left behind, what runs goes on without its data. One that may happen counts as one that does. So does
    what a nested stack changes: no change set of its parent tells of that.
    """
    return tuple(
        Loss(change.stack, change.logical_id, change.resource_type, _how(change))
        for change in changes
        if (change.resource_type in stateful and _goes(change)) or _is_out_of_sight(change)
    )


def _how(change: Change) -> str:
    if change.action == "remove":
        return "deleted"
    return "changed out of sight" if change.resource_type == NESTED else "replaced"


def _is_out_of_sight(change: Change) -> bool:
    """Whether a change is one inside a nested stack, or of all of it; tags alone take nothing along."""
    if change.resource_type != NESTED or change.action not in {"modify", "remove"}:
        return False
    return change.policy != "Retain" if change.action == "remove" else change.kind != "retagged"


def left_behind(changes: Iterable[Change], stateful: Collection[str]) -> tuple[Change, ...]:
    """Return the changes after which a resource with data is there still, and belongs to no stack."""
    return tuple(
        change
        for change in changes
        if change.resource_type in stateful and change.policy in {"Retain", "ReplaceAndRetain"}
    )


def _goes(change: Change) -> bool:
    if change.action == "remove":
        return change.policy != "Retain"
    return change.action == "modify" and change.replacement != "never"


@dataclass(frozen=True, slots=True)
class Irreversible:
    """A resource that holds data and does not come back as it was, and why."""

    stack: str
    logical_id: str
    resource_type: str
    why: str

    @property
    def name(self) -> str:
        """Stack and logical id: `prod/orders/table/Table`."""
        return f"{self.stack}/{self.logical_id}"


def irreversible(
    forward: PlannedStack, backward: Iterable[Change], stateful: Collection[str]
) -> tuple[Irreversible, ...]:
    """Return what of a stack the way back cannot undo, of what the way forward does to resources with data.

    `forward` has the changes of the deployment, `backward` those that lead back.
    """
    back = {change.logical_id: change for change in backward}
    found = []
    for change in forward.changes:
        why = _why(forward, change, back.get(change.logical_id)) if change.resource_type in stateful else ""
        if why:
            found.append(Irreversible(change.stack, change.logical_id, change.resource_type, why))
    return tuple(found)


def _why(forward: PlannedStack, change: Change, back: Change | None) -> str:
    kept = change.policy.endswith("Retain")
    snapshot = change.policy.endswith("Snapshot")
    old = "is left behind, outside the stack" if kept else "is in a snapshot" if snapshot else "is deleted"
    if change.action == "remove":
        more = "; while its name is taken, the way back fails until it is imported" if kept else ""
        return f"the deployment removes it: what it holds {old}, and the way back makes an empty one{more}"
    if change.action == "modify" and change.replacement != "never":
        perhaps = "may replace" if change.replacement == "conditional" else "replaces"
        more = "; it fails while the name of the old one is taken" if kept else ""
        return f"the deployment {perhaps} it: what it holds {old}, and the way back makes another, empty one{more}"
    if change.action == "add":
        return _added(forward, back)
    return ""


def _added(forward: PlannedStack, back: Change | None) -> str:
    if forward.kind in {"create", "recreate"}:
        return "it is new with its stack, which the way back leaves: a deployment deletes no stack"
    if back is not None and back.policy == "Retain":
        return "it is new: the way back leaves it behind, and its name is taken at the next try"
    return "it is new: the way back deletes it, with what was written to it until then"
