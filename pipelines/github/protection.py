"""What protects a repository, as values: wanted by the file, or found on GitHub. Pure (REQ-G8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["User", "Team", "App"]
Target = Literal["branch", "tag"]
ACTIONS = "github-actions"
"""The slug of the app that reports the checks of workflows: one of the same name by anybody else does not count."""


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """Somebody or something that GitHub knows by a number, and the file by a name; `key` and `line` say where."""

    kind: Kind
    name: str
    key: str = field(default="", compare=False)
    line: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.name}"


@dataclass(frozen=True, slots=True)
class Environment:
    """A GitHub environment: who may deploy from where, after whose yes and how many minutes.

    Administrators can never pass it by. Only what is on one of `branches` may run there, and no tag. `gates` are the
    apps that GitHub asks as well, by custom deployment protection rules (REQ-G9).
    """

    name: str
    branches: tuple[str, ...]
    reviewers: tuple[Named, ...]
    prevent_self_review: bool
    wait_minutes: int
    gates: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules for the branches or tags that match one of `include`: parameters by the rule's type, as GitHub names them.

    The apps of `bypass` are the only ones that may pass it by.
    """

    name: str
    target: Target
    include: tuple[str, ...]
    rules: Mapping[str, Mapping[str, object]]
    bypass: tuple[Named, ...] = ()
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Protection:
    """Everything that `.github/environments.yaml` asks for."""

    environments: tuple[Environment, ...]
    rulesets: tuple[Ruleset, ...]

    def named(self) -> tuple[Named, ...]:
        """Return each name that has to be looked up, once for each place, the app of the checks among them."""
        found = [one for each in self.environments for one in (*each.reviewers, *each.gates)]
        found += [one for ruleset in self.rulesets for one in ruleset.bypass]
        if any(ruleset.checks for ruleset in self.rulesets):
            found.append(Named("App", ACTIONS))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class LiveReviewer:
    """A reviewer as GitHub has it: its number decides, since a name may be given to somebody else."""

    kind: Kind
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class LivePattern:
    """A pattern of branches or tags that may be deployed to an environment."""

    id: int
    target: Target
    name: str


@dataclass(frozen=True, slots=True)
class LiveGate:
    """A custom deployment protection rule: its own number, and the app that GitHub asks."""

    id: int
    app: int
    name: str
    is_enabled: bool


@dataclass(frozen=True, slots=True)
class LiveEnvironment:
    """A GitHub environment as it is. `deploys` is `any`, `protected` or `custom`; `patterns` count for `custom` alone.

    `admins_bypass` is None where GitHub does not tell, which is never taken for off.
    """

    reviewers: tuple[LiveReviewer, ...]
    prevent_self_review: bool
    wait_minutes: int
    admins_bypass: bool | None
    deploys: Literal["any", "protected", "custom"]
    patterns: tuple[LivePattern, ...]
    gates: tuple[LiveGate, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveRuleset:
    """A ruleset as it is. `bypass` is None where GitHub does not tell, as it does only those who may change it."""

    id: int
    enforcement: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    rules: Mapping[str, Mapping[str, object]]
    bypass: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Live:
    """What is on GitHub of everything that the file names; what is not there is left out."""

    environments: Mapping[str, LiveEnvironment]
    rulesets: Mapping[tuple[Target, str], LiveRuleset]
