"""One environment's stack in two readings: with its identity left open, and as it would be deployed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..effective import Context, EffectiveTemplate, Symbol, evaluate
from ..errors import ConfigurationError
from ..model import Stack, Value
from ..rendering import context_of, parsed
from .reach import Path, Reach, reach_of

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


@dataclass(frozen=True)
class Side:
    """One environment's stack: `effective` has its identity left open, `deployed` has it filled in.

    It takes part in several comparisons, so what each of them needs is worked out once.
    """

    stack: Stack
    effective: EffectiveTemplate
    deployed: EffectiveTemplate

    @cached_property
    def open_tree(self) -> Tree:
        """What the template comes to with its identity left open, as `Resources` and `Outputs`."""
        return _tree(self.effective)

    @cached_property
    def deployed_tree(self) -> Tree:
        """What would be deployed, as `Resources` and `Outputs`."""
        return _tree(self.deployed)

    @cached_property
    def symbols(self) -> tuple[tuple[Path, Symbol], ...]:
        """Every symbol of the open tree, with its path."""
        return tuple(_symbols(self.open_tree, ()))

    @cached_property
    def reach(self) -> Mapping[str, Reach]:
        """Every place that each condition of the template decides."""
        return reach_of(self.effective.template)

    @cached_property
    def json(self) -> Mapping[str, Any]:
        """What the template comes to with its identity left open, as plain data."""
        return self.effective.to_json()

    @cached_property
    def parameters(self) -> Mapping[str, Value]:
        """The stack's parameters with its identity left open."""
        return self.stack.comparable("parameters")


def _tree(effective: EffectiveTemplate) -> Tree:
    resources = {
        name: {"Type": one.type, **one.attributes, "Properties": one.properties}
        for name, one in effective.resources.items()
    }
    return {"Resources": resources, "Outputs": effective.outputs}


def _symbols(value: Any, path: Path) -> Iterator[tuple[Path, Symbol]]:
    if isinstance(value, Symbol):
        yield path, value
    elif isinstance(value, dict):  # Evaluated data: no other mapping is in it.
        for key, item in value.items():
            yield from _symbols(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _symbols(item, (*path, index))


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
