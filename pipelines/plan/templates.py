"""Changes of a stack from its templates, as rendered and as live, in both directions. Pure but for the schemas."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.live import LiveStack
from validator.effective import evaluate, parse
from validator.model import Stack
from validator.rendering import context_of, parsed

from .computed import Resources, computed
from .model import Change
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


def forward(stack: Stack, live: LiveStack | None, ids: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what leads from what stands to what is rendered."""
    return computed(stack.name, standing(stack, live), wanted(stack), recreation, ids)


def backward(stack: Stack, live: LiveStack) -> tuple[Change, ...]:
    """Return what would lead back from what is rendered to what stands now (REQ-R5)."""
    return computed(stack.name, wanted(stack), standing(stack, live), recreation)
