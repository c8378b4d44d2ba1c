"""Changes of a stack from its templates, as rendered and as live, in both directions. Pure but for the schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipelines.live import LiveStack
from validator.effective import evaluate, parse
from validator.model import Stack
from validator.rendering import context_of, parsed

from . import stack_sets
from .computed import Resources, computed
from .model import Change, PlannedStack
from .schemas import recreation

_FROM_STORE = "AWS::SSM::Parameter::Value<"


def names_read(stack: Stack) -> frozenset[str]:
    """Return the names in Parameter Store that CloudFormation resolves when it is asked about a stack."""
    declared = parsed(stack.body, stack.template).section("Parameters")
    return frozenset(
        value
        for key, value in stack.parameters.items()
        if isinstance(value, str) and str(declared.get(key, {}).get("Type", "")).startswith(_FROM_STORE)
    )


def wanted(stack: Stack) -> Resources:
    """Return the effective resources of a stack as it is rendered."""
    return evaluate(parsed(stack.body, stack.template), stack.parameters, context_of(stack)).resources


def standing(stack: Stack, live: LiveStack | None) -> Resources:
    """Return those of the stack that stands, of its own template and parameters; none where there is none."""
    if live is None or live.body is None:
        return {}
    return evaluate(parse(live.body, stack.template), live.parameters, context_of(stack)).resources


@dataclass(frozen=True, slots=True)
class Sides:
    """A stack before and after: its effective resources, each with what gives the templates of its StackSets."""

    stack: str
    before: tuple[Resources, stack_sets.Body]
    after: tuple[Resources, stack_sets.Body]

    @property
    def turned(self) -> Sides:
        """The way back (REQ-R5)."""
        return Sides(self.stack, self.after, self.before)

    def inside(self) -> tuple[Change, ...]:
        """Return what changes in the stacks of the StackSets; raises `stack_sets.Unknown`."""
        return stack_sets.within(self.stack, self.before, self.after, recreation)

    def planned(self, one: PlannedStack, note: str, ids: Mapping[str, str] | None = None) -> PlannedStack:
        """Return a stack with all changes, computed; `ids` are the physical ids of what stands before."""
        changes = computed(self.stack, self.before[0], self.after[0], recreation, ids)
        one = replace(one, source="computed", note=note, changes=changes)
        try:
            return replace(one, changes=(*changes, *self.inside()))
        except stack_sets.Unknown as unknown:
            return replace(one, problem=str(unknown))
