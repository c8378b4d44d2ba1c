"""What holds data in an environment, and what of it may go: asked once more of each change set (REQ-R3). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Data:
    """`stateful` are the types that hold data, `accepted` the resources that may go, by stack and logical id.

    A plan that was made of templates, or the world as it was, may have said otherwise than the change set that is going
    to be executed.
    """

    stateful: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    met: set[str] = field(default_factory=set, compare=False)
    """The resources that any change set would have taken, so far."""

    @property
    def passed_over(self) -> tuple[str, ...]:
        """What was accepted, and nothing of that name would have gone."""
        return tuple(sorted(self.accepted - self.met))

    def objection(self, stack: str, changes: Sequence[Mapping[str, Any]]) -> str:
        """Return why changes of a stack, as DescribeChangeSet has them, may not be made; empty where they may."""
        from pipelines.plan.change_sets import changes_of
        from pipelines.plan.losses import losses

        found = losses(changes_of(stack, changes), self.stateful)
        self.met.update(one.name for one in found)
        left = [one for one in found if one.name not in self.accepted]
        if not left:
            return ""
        lines = [f"{one.name} ({one.resource_type}) would be {one.action}" for one in left]
        options = " ".join(f"--accept-loss {one.name}" for one in left)
        return (
            f"{'; '.join(lines)}: nobody said that it may go, so that nothing of the stack was changed\n"
            f"  mend: save what it holds; if it may go, run the same command again with {options}"
        )
