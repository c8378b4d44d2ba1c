"""Environments against each other as they run: parity over the recorded manifests, with what is live laid over. Pure.

Each environment is compared by its manifest of the release in question. What is live is laid over that only where the
environment runs that release: one that runs another is behind, which is skew, and no difference that somebody has to
declare (REQ-C3, REQ-V3).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipelines.configuration.manifest import Manifest, ManifestStack
from pipelines.consistency.actual import HIDDEN, Actual
from validator.findings import Finding
from validator.model import Project, Stack
from validator.parity import Pair, Policy, compare, judge, pairs_of
from validator.places import StackPlaces

EVERY = "*"


@dataclass(frozen=True, slots=True)
class Running:
    """One environment: its manifest of the release in question, and the stacks that run it.

    `actuals` is empty where the environment runs another release, or is being deployed.
    """

    manifest: Manifest
    actuals: tuple[Actual, ...] = ()


def between(
    environment: str,
    running: Sequence[Running],
    templates: Mapping[str, str],
    policy: Policy,
    today: datetime.date,
) -> Iterator[Finding]:
    """Yield the undeclared differences between an environment and the others, and between its own regions.

    `running` is one workload in promotion order. `templates` has the text of each template by digest: a template that
    runs and is in no release is not there, and counts as the manifest's, since the release check names it.
    """
    touched = _touched(running)
    stacks = tuple(stack for one in running for stack in _stacks(one, templates, touched))
    project = Project(tuple(one.manifest.environment for one in running), stacks)
    pairs = [pair for pair in pairs_of(project) if environment in _environments(pair)]
    workload = running[0].manifest.workload if running else ""
    places = StackPlaces(project, _Unplaced())
    found = judge(
        compare(pairs), _settings(running), _of_workload(policy, workload), today, places, partial=True
    )
    yield from (
        finding for finding in found if not finding.environments or environment in finding.environments
    )


def _environments(pair: Pair) -> set[str]:
    return {half.label.split("/")[0] for half in (pair.left, pair.right)}


def _touched(running: Sequence[Running]) -> frozenset[tuple[str, str]]:
    """Return each parameter, by stack path, that is not what its release says somewhere.

    No setting stands behind its value any more, so that no declaration of a setting covers it.
    """
    return frozenset(
        (_path(stack), f"parameters.{key}")
        for one in running
        for stack, live in _pairs(one)
        for key, value in stack.sent_parameters().items()
        if live.parameters is not None and live.parameters.get(key, HIDDEN) not in (value, HIDDEN)
    )


def _pairs(one: Running) -> Iterator[tuple[ManifestStack, Actual]]:
    live = {actual.place: actual for actual in one.actuals if actual.stands}
    for stack in one.manifest.stacks:
        found = live.get((stack.account, stack.region, stack.external_name))
        if found is not None:
            yield stack, found


def _path(stack: ManifestStack) -> str:
    return stack.name.split("/", 1)[-1]


def _stacks(
    one: Running, templates: Mapping[str, str], touched: frozenset[tuple[str, str]]
) -> Iterator[Stack]:
    live = {stack.name: actual for stack, actual in _pairs(one)}
    for stack in one.manifest.stacks:
        actual = live.get(stack.name)
        digest = actual.template_digest if actual else None
        body = templates.get(digest or "") or templates[stack.template_digest]
        rebuilt = one.manifest.stack(stack, body)
        sources = {key: paths for key, paths in rebuilt.sources.items() if (rebuilt.path, key) not in touched}
        rebuilt = replace(rebuilt, sources=sources)
        yield rebuilt if actual is None else _laid_over(rebuilt, stack, actual)


def _laid_over(rendered: Stack, stack: ManifestStack, live: Actual) -> Stack:
    """Return the stack with the parameters and tags that it runs with; one that it does not have stays out."""
    parameters = dict(rendered.parameters)
    sent = stack.sent_parameters()
    for key, value in (live.parameters or {}).items():
        if value != HIDDEN and key in sent and value != sent[key]:
            was_list = isinstance(parameters[key], list)
            parameters[key] = value.split(",") if was_list else value
    tags = {key: value for key, value in rendered.tags.items() if key in live.tags}
    for key, value in live.tags.items():
        if stack.sent_tags().get(key) != value:
            tags[key] = value
    return replace(rendered, parameters=parameters, tags=tags)


def _settings(running: Sequence[Running]) -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in running:
        for group, values in one.manifest.settings.items():
            for path, value in values.items():
                found.setdefault((group, path), {})[one.manifest.environment] = value
    return found


def _of_workload(policy: Policy, workload: str) -> Policy:
    """Return the declarations that can speak of a workload; the others are the matter of its own check."""

    def speaks(place: str) -> bool:
        first = place.split("/", 1)[0]
        return first == workload or EVERY in first

    return replace(policy, declared=tuple(one for one in policy.declared if speaks(one.declaration.place)))


@dataclass(frozen=True, slots=True)
class _Unplaced:
    """The config hierarchy of a release that is not checked out: files are known, lines are not."""

    nothing: tuple[Any, ...] = field(default=())

    def written(self, stack: str, file: str, path: tuple[str, ...]) -> tuple[str, int | None]:
        """Return the stack's file, with no line."""
        return file, None

    def levels(self, stack: str, file: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return nothing: the files above are not at hand."""
        return []

    def setting(self, environment: str, group: str, path: tuple[str, ...]) -> tuple[str, str, int | None]:
        """Return the file in which the environment decides its settings, with no line."""
        return f"sceptre/config/{environment}/{group}/config.yaml", ".".join(("settings", *path)), None
