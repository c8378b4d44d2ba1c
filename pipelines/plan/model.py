"""A plan as values: what each stack would become, every resource that changes, and the digest of it all. Pure.

The words of a change are those of CloudFormation:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Action = Literal["add", "modify", "remove", "import"]
Replacement = Literal["never", "conditional", "always"]
Kind = Literal["create", "recreate", "update", "unchanged", "wait", "blocked", "stays"]
Source = Literal["asked", "computed", "none"]
Direction = Literal["forward", "reverse"]

KINDS = ("added", "imported", "modified", "retagged", "replaced", "may be replaced", "removed")
"""The kinds of change, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property that would change; `before` and `after` are None where they are not known, and hold no secret.

    `requires` says whether a change of it makes the resource anew.
    """

    name: str
    requires: Replacement = "never"
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to one resource.

    `policy` is CloudFormation's PolicyAction, what becomes of the present physical resource; empty where it gives none.
    `scope` names what of the resource changes: Properties, Tags, Metadata, DeletionPolicy and so on.
    """

    stack: str
    logical_id: str
    physical_id: str
    resource_type: str
    action: Action
    replacement: Replacement = "never"
    policy: str = ""
    properties: tuple[PropertyChange, ...] = ()
    scope: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """One of `KINDS`; `retagged` where nothing but tags changes, as it does at every release (REQ-P6)."""
        if self.action != "modify":
            return {"add": "added", "import": "imported", "remove": "removed"}[self.action]
        if self.replacement != "never":
            return "replaced" if self.replacement == "always" else "may be replaced"
        return "retagged" if self.scope == ("Tags",) and not self.properties else "modified"

    @property
    def name(self) -> str:
        """Stack and logical id: `prod/orders/table/Table`."""
        return f"{self.stack}/{self.logical_id}"


@dataclass(frozen=True, slots=True)
class PlannedStack:
    """One stack of the environment: what a deployment would do with it, why, and what that changes.

    `source` says where the changes are from: `asked` of CloudFormation, or `computed` from templates, as `note` says
    why. `change_set` is the ARN of the change set that was asked, empty for none: it says nothing of the changes, so
    that the digest leaves it out. `problem` is why the stack cannot be planned; `live_id`, `live_digest` and
    `operation_at` are of the stack that stands, all empty where none does.
    """

    name: str
    region: str
    kind: Kind
    reason: str
    digest_wanted: str
    live_id: str = ""
    live_digest: str = ""
    operation_at: str = ""
    source: Source = "none"
    note: str = ""
    problem: str = ""
    changes: tuple[Change, ...] = ()
    change_set: str = ""

    @property
    def digest(self) -> str:
        """Digest of what would be done to the stack, and of how it stood: equal digests are the same plan."""
        content = asdict(self)
        for words in ("reason", "note", "problem", "source", "change_set"):
            del content[words]
        return _digest(content)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen to an environment; `release` is the version that is checked out.

    `direction` is `reverse` for the way back from it (REQ-R5).
    """

    environment: str
    release: str
    stacks: tuple[PlannedStack, ...]
    direction: Direction = "forward"

    @property
    def digest(self) -> str:
        """The digest that is approved, and that a deployment has to find again before it changes anything."""
        stacks = {stack.name: stack.digest for stack in self.stacks}
        return _digest([self.environment, self.direction, stacks])

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change of every stack, in the order of the stacks."""
        return tuple(change for stack in self.stacks for change in stack.changes)

    @property
    def change_sets(self) -> Mapping[str, str]:
        """The change set that each stack was asked with, by the stack's name."""
        return {stack.name: stack.change_set for stack in self.stacks if stack.change_set}

    @property
    def problems(self) -> tuple[PlannedStack, ...]:
        """The stacks that cannot be planned, and that a deployment could not change either."""
        return tuple(stack for stack in self.stacks if stack.problem)


def differing(expected: Mapping[str, str], plan: Plan) -> dict[str, str]:
    """Return what differs from what was planned, by stack name; `expected` are the digests of stacks then.

    Empty where the plan is the one that was approved: a deployment executes nothing else (REQ-G7).
    """
    found = {stack.name: stack.digest for stack in plan.stacks}
    return {
        name: "it was not planned"
        if name not in expected
        else "it is not there any more"
        if name not in found
        else "it, or what would change in it, is another than was planned"
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    }


def counts(changes: tuple[Change, ...]) -> dict[str, int]:
    """Return how many changes there are of each kind; kinds without any are left out."""
    found = [change.kind for change in changes]
    return {kind: found.count(kind) for kind in KINDS if kind in found}


def counts_by_type(changes: tuple[Change, ...]) -> dict[str, dict[str, int]]:
    """Return the same for each resource type, by name."""
    types = sorted({change.resource_type for change in changes})
    return {one: counts(tuple(c for c in changes if c.resource_type == one)) for one in types}


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
