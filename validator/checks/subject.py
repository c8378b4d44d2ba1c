"""What checks look at: one project, loaded and evaluated once for all of them. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..effective import Path
from ..errors import Problem
from ..findings import Finding, Severity
from ..guard import Result
from ..model import REQUIRED_TAGS, Project, Stack
from ..parity import Difference, Policy, compare, judge, pairs_of
from ..places import StackPlaces, Written
from ..rendering import RenderedStack, survey

Lint = Callable[[], Iterable[Finding]]
Guard = Callable[[], Sequence[Result]]


@dataclass(frozen=True)
class Subject:
    """One project as the checks see it.

    `problems` is what loading it found. `settings` holds every written setting by (group, path), then by environment.
    `day` is today. `lint` and `guard` run cfn-lint and cfn-guard; both may raise TechnicalError. `house` says whether
    the project keeps Lockstep's own conventions; `required_tags` and `naming`, the pattern of a stack's names, are its
    own choice otherwise. `mended` are settings, by group and
    path, whose differences mean nothing. Nothing here changes while checks run.
    """

    project: Project
    problems: tuple[Problem, ...]
    hierarchy: Written
    settings: Mapping[tuple[str, str], Mapping[str, Any]]
    policy: Policy
    day: datetime.date
    lint: Lint
    guard: Guard
    house: bool = True
    required_tags: tuple[str, ...] = REQUIRED_TAGS
    naming: Callable[[Stack], str] = lambda stack: ""
    mended: frozenset[tuple[str, str]] = frozenset()

    @cached_property
    def evaluation(self) -> tuple[list[RenderedStack], list[Problem]]:
        """Every stack with its effective resources, and what is wrong with its template."""
        return survey(self.project.stacks)

    @property
    def rendered(self) -> list[RenderedStack]:
        """Every stack that could be evaluated; something else reports the others."""
        return self.evaluation[0]

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """What differs between environments, and between the regions of a workload."""
        return tuple(
            difference
            for difference in compare(pairs_of(self.project))
            if not any((difference.group, cause.setting) in self.mended for cause in difference.causes)
        )

    @cached_property
    def judged(self) -> tuple[Finding, ...]:
        """What the policy says of the differences: findings of parity, of resolvers and of the declarations."""
        places = StackPlaces(self.project, self.hierarchy)
        partial = bool(self.project.unread or self.mended)
        return tuple(judge(self.differences, self.settings, self.policy, self.day, places, partial=partial))

    def reported(self, check: str) -> Iterator[Finding]:
        """Yield what loading and evaluating the project found for a check."""
        for problem in (*self.problems, *self.evaluation[1]):
            if problem.check == check:
                yield of_problem(problem)


def of_problem(problem: Problem, severity: Severity = Severity.ERROR) -> Finding:
    """Return a problem as a finding of its check."""
    return Finding(
        problem.check,
        severity,
        problem.file,
        problem.key,
        problem.line,
        problem.message,
        problem.hint,
        problem.environments,
    )


def at(
    check: str,
    item: RenderedStack,
    path: Path,
    message: str,
    remediation: str,
    severity: Severity = Severity.ERROR,
) -> Finding:
    """Return a finding at a place of an effective template, named by the line of its source."""
    position = item.effective.position(path)
    key = ".".join(map(str, path))
    line = position.line if position else None
    stack: Stack = item.stack
    return Finding(check, severity, stack.template, key, line, message, remediation, (stack.environment,))
