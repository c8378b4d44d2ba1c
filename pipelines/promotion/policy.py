"""The policy of promotion as values: who may follow whom, after which gates. Pure (REQ-G1 to REQ-G5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from .freezes import Freeze


@dataclass(frozen=True, slots=True)
class Rule:
    """What has to hold before a release enters one environment.

    `gates` are ids, in the order in which they are told. `soak` is how long the release must have stood in `source`,
    which is None for the first environment. `approvals` counts people besides the author. `drill_age` is how old the
    last recovery drill may be at most, by workload. `stateful` are the resource types that hold data.
    """

    environment: str
    source: str | None
    branch: str
    gates: tuple[str, ...]
    soak: timedelta
    approvals: int
    freezes: tuple[Freeze, ...]
    drill_age: Mapping[str, timedelta]
    stateful: frozenset[str]


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a project, in the order in which a release moves."""

    rules: tuple[Rule, ...]

    @property
    def order(self) -> tuple[str, ...]:
        """The environments, the first that a release enters first."""
        return tuple(rule.environment for rule in self.rules)

    def of(self, environment: str) -> Rule:
        """Return the rule of an environment; raises KeyError for one that is in no order."""
        for rule in self.rules:
            if rule.environment == environment:
                return rule
        raise KeyError(environment)
