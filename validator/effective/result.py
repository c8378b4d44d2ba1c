"""What an evaluation gives: the effective template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from validator.effective.scope import Origin, Origins
from validator.effective.symbols import Symbol, to_json
from validator.effective.template import Path, Position, Template, relocated
from validator.errors import Problem


@dataclass(frozen=True, slots=True)
class EffectiveResource:
    """One resource as it would be deployed.

    `attributes` holds what stands beside `Type` and `Properties`: DependsOn (a list), DeletionPolicy,
    UpdateReplacePolicy, Metadata, CreationPolicy, UpdatePolicy, the Version of a custom resource; and
    Condition where it is a symbol.
    """

    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the resource as a template writes it, with symbols as `{"$symbol": "..."}`."""
        written: dict[str, Any] = {"Type": self.type}
        written |= to_json(self.attributes)
        return written | ({"Properties": to_json(self.properties)} if self.properties else {})


@dataclass(frozen=True, slots=True)
class RuleFailure:
    """An assertion of the template's Rules that does not hold."""

    rule: str
    message: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class EffectiveTemplate:
    """A template evaluated with one environment's parameters. Values are shared: treat them as read-only.

    `origins` says for each effective path what its value came from directly, and `condition_origins` the
    same of each condition; ask `because` for the whole story.
    """

    template: Template
    resources: Mapping[str, EffectiveResource]
    outputs: Mapping[str, Any]
    conditions: Mapping[str, bool | Symbol]
    rule_failures: tuple[RuleFailure, ...]
    problems: tuple[Problem, ...]
    origins: Mapping[Path, Origins] = field(repr=False)
    condition_origins: Mapping[str, Origins] = field(repr=False)
    _sources: Mapping[Path, Path] = field(repr=False)
    _moved: Mapping[Path, Path] = field(repr=False)

    def source(self, path: Path) -> Path:
        """Return the path in the template's source that the effective `path` was made from."""
        return relocated(relocated(path, self._sources), self._moved)

    def position(self, path: Path) -> Position | None:
        """Return where the value at the effective `path` is written, or else its nearest parent."""
        return self.template.position(self.source(path))

    def because(self, path: Path) -> tuple[Origin, ...]:
        """Return what the value at `path` came from, its own parts included, in a stable order.

        A part of a computed value has the origins of the whole; a condition brings what decided it.
        """
        found: set[Origin] = set()
        for length in range(len(path), 0, -1):
            found |= self.origins.get(path[:length], frozenset())
        for place, origins in self.origins.items():
            if place[: len(path)] == path:
                found |= origins
        queue = [origin.name for origin in found if origin.kind == "condition"]
        while queue:
            behind = self.condition_origins.get(queue.pop(), frozenset()) - found
            queue += [origin.name for origin in behind if origin.kind == "condition"]
            found |= behind
        return tuple(sorted(found, key=str))

    def to_json(self) -> dict[str, Any]:
        """Return the effective template as a template: evaluating it again changes nothing."""
        written: dict[str, Any] = {
            "Resources": {name: resource.to_json() for name, resource in self.resources.items()}
        }
        return written | ({"Outputs": to_json(self.outputs)} if self.outputs else {})
