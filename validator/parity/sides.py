"""One environment's stack in two readings: with its identity left open, and as it would be deployed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..effective import Context, EffectiveTemplate, Symbol, evaluate
from ..errors import ConfigurationError
from ..model import Stack
from ..rendering import context_of, parsed

Path = tuple[str | int, ...]
Tree = Mapping[str, Mapping[str, Any]]
"""Resources and outputs by name, symbols kept."""


class _Absent:
    """The type of `ABSENT`."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()
"""Stands for a value that one side does not have."""

IDENTITY_CONTEXT = Context(
    account=Symbol.named("account"), region=Symbol.named("region"), stack_name=Symbol.named("stack_name")
)


@dataclass(frozen=True, slots=True)
class Side:
    """One environment's stack: `effective` has its identity left open, `deployed` has it filled in."""

    stack: Stack
    effective: EffectiveTemplate
    deployed: EffectiveTemplate

    def open_tree(self) -> Tree:
        """Return what the template comes to with its identity left open, as `Resources` and `Outputs`."""
        return _tree(self.effective)

    def deployed_tree(self) -> Tree:
        """Return what would be deployed, as `Resources` and `Outputs`."""
        return _tree(self.deployed)


def _tree(effective: EffectiveTemplate) -> Tree:
    resources = {
        name: {"Type": one.type, **one.attributes, "Properties": one.properties}
        for name, one in effective.resources.items()
    }
    return {"Resources": resources, "Outputs": effective.outputs}


def side(stack: Stack) -> Side | None:
    """Evaluate a stack in both readings; None where its template is broken, which evaluating it says."""
    try:
        template = parsed(stack.body, stack.template)
    except ConfigurationError:
        return None
    return Side(
        stack,
        evaluate(template, stack.comparable("parameters"), IDENTITY_CONTEXT),
        evaluate(template, stack.parameters, context_of(stack)),
    )
