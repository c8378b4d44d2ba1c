"""Compare an effective template with the oracle's, value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from validator.effective import NO_VALUE, Context, EffectiveTemplate, Path, Symbol, symbolic
from validator.effective import dotted as _dotted

from .meaning import canonical, meaning
from .oracle import ATTRIBUTES, NOTHING, STACK_ID

_ABSENT = object()


def identity(name: str, account: str = "111111111111", region: str = "us-east-1") -> Context:
    """Return a stack's identity with an id that both evaluators know."""
    return Context(account=account, region=region, stack_name=name, stack_id=STACK_ID)


@dataclass(slots=True)
class Agreement:
    """How many values were compared, how many of them hold symbols on our side, and where the two differ."""

    values: int = 0
    symbols: int = 0
    differences: list[str] = field(default_factory=list)
    left_in: list[str] = field(default_factory=list)
    """Where the oracle leaves an item in a list that is `AWS::NoValue`: known, and taken out before comparing."""

    def compare(self, ours: EffectiveTemplate, theirs: Mapping[str, Any]) -> None:
        """Compare the conditions, resources and outputs of two results."""
        self._node(_comparable(ours), theirs, ())

    def _node(self, ours: Any, theirs: Any, path: Path) -> None:
        known = canonical(meaning(ours)) if isinstance(ours, Symbol) else ours
        if isinstance(known, Mapping) and isinstance(theirs, Mapping) and (known or theirs):
            for key in [*known, *(key for key in theirs if key not in known)]:
                self._node(known.get(key, _ABSENT), theirs.get(key, _ABSENT), (*path, key))
        elif isinstance(known, list) and isinstance(theirs, list) and (known or theirs):
            kept = [item for item in theirs if item != NOTHING]
            self.left_in += [_dotted(path)] * (len(theirs) - len(kept))
            for index, (one, other) in enumerate(zip_longest(known, kept, fillvalue=_ABSENT)):
                self._node(one, other, (*path, index))
        else:
            self._leaf(ours, theirs, path)

    def _leaf(self, ours: Any, theirs: Any, path: Path) -> None:
        left, right = (NOTHING if value is _ABSENT else value for value in (ours, theirs))
        left = meaning(left)
        left = NOTHING if left is NO_VALUE else left
        self.values += 1
        self.symbols += symbolic(ours)
        if canonical(left) != canonical(right):
            self.differences.append(f"{_dotted(path)}: {left!r}, and the oracle says {right!r}")


def _comparable(ours: EffectiveTemplate) -> dict[str, Any]:
    """Return a result in the form that `oracle` gives, with the symbols still in it."""
    resources = {
        name: {
            "Type": resource.type,
            "Properties": resource.properties.get("$properties", resource.properties),
            "DependsOn": resource.attributes.get("DependsOn", []),
            **{key: resource.attributes[key] for key in ATTRIBUTES if resource.attributes.get(key)},
        }
        for name, resource in _existing(ours)
    }
    outputs = {
        name: {key: item for key, item in body.items() if key != "Condition"}
        for name, body in ours.outputs.items()
        if meaning(body.get("Condition", True))
    }
    return {"Resources": resources, "Outputs": outputs, "Conditions": dict(ours.conditions)}


def _existing(ours: EffectiveTemplate) -> Iterator[tuple[str, Any]]:
    """Yield the resources whose condition holds with the made-up values."""
    for name, resource in ours.resources.items():
        if meaning(resource.attributes.get("Condition", True)):
            yield name, resource
