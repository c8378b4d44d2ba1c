"""The policy of promotion as values: who may follow whom, after which gates. Pure (REQ-G1 to REQ-G5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from .freezes import Freeze

LEAST_SOAK = {"prod": timedelta(minutes=60)}
"""How long a release stands in the environment before, at least, whatever the policy says (REQ-G3)."""
LEAST_APPROVALS = {"staging": 1, "prod": 1}
"""People besides the author who have to say yes, at least (REQ-G2)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What has to hold before a release enters one environment.

    `gates` are ids, in the order in which they are told. `soak` is how long the release must have stood in `source`,
    which is None for the first environment. `approvals` counts people besides the author. `drill_age` is how old the
    last recovery drill may be at most, by workload. `stateful` are the resource types that hold data. With
    `signed_commits` somebody whom the project knows has to have signed every commit.

    There is no rule that asks for less than the requirements do: it raises ValueError, wherever it was read.
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
    signed_commits: bool = False

    def __post_init__(self) -> None:
        least = LEAST_SOAK.get(self.environment, timedelta())
        if self.soak < least:
            raise ValueError(f"{self.environment} has a soak of {self.soak}, which is less than {least}")
        if self.approvals < (people := LEAST_APPROVALS.get(self.environment, 0)):
            raise ValueError(
                f"{self.environment} asks for {self.approvals} approvals, which is less than {people}"
            )


def stricter(rule: Rule, other: Rule) -> Rule:
    """Return a rule for the environment of `rule` that lets nothing in which one of the two keeps out.

    Where the release comes from, and its branch, are those of `rule`.
    """
    drills = {
        workload: min(each.drill_age[workload] for each in (rule, other) if workload in each.drill_age)
        for workload in {**rule.drill_age, **other.drill_age}
    }
    return replace(
        rule,
        gates=tuple(dict.fromkeys((*rule.gates, *other.gates))),
        soak=max(rule.soak, other.soak),
        approvals=max(rule.approvals, other.approvals),
        freezes=tuple(dict.fromkeys((*rule.freezes, *other.freezes))),
        drill_age=drills,
        stateful=rule.stateful | other.stateful,
        signed_commits=rule.signed_commits or other.signed_commits,
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a project, in the order in which a release moves.

    Raises ValueError where a rule's source is not the environment before: none is ever skipped (REQ-G1).
    """

    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        for before, rule in zip((None, *self.order), self.rules, strict=False):
            if rule.source != before:
                raise ValueError(
                    f"{rule.environment} comes after {before or 'nothing'}, not after {rule.source}"
                )

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

    def held_to(self, other: Policy, environment: str) -> Policy:
        """Return this policy, for one environment no looser than another policy is; which may not know it."""
        if environment not in other.order:
            return self
        rule = stricter(self.of(environment), other.of(environment))
        return Policy(tuple(rule if one.environment == environment else one for one in self.rules))
