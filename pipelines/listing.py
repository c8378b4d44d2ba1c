"""What there is in a project, for `lockstep list`: a row each, one kind at a time. Pure (REQ-X2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.stack_sets import TYPE as STACK_SET

if TYPE_CHECKING:
    from pipelines.promotion.gates.gate import Gate
    from pipelines.promotion.policy import Policy
    from validator.checks import Check

Rendered = Mapping[str, Any]
"""A stack as `lockstep/render/v1` has it."""


@dataclass(frozen=True, slots=True)
class StackRow:
    """A stack; in a project that was not born here, environment, account and region are empty where it says none."""

    name: str
    environment: str
    workload: str
    account: str
    region: str
    template: str
    dependencies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnvironmentRow:
    """An environment. `order` counts from 1, in the policy's order of promotion; None for what is in none."""

    name: str
    order: int | None
    branch: str | None
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    stacks: int


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    """A workload, with every environment that has a stack of it."""

    name: str
    environments: tuple[str, ...]
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    stacks: int


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template, with the names of the stacks that are made of it."""

    path: str
    used_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check of `lockstep check`; a `house` check runs in Lockstep's own form of project alone."""

    id: str
    severity: str
    house: bool
    summary: str


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate, with the environments that it stands before; `optional` ones a policy may do without."""

    id: str
    optional: bool
    environments: tuple[str, ...]
    summary: str


Row = StackRow | EnvironmentRow | WorkloadRow | TemplateRow | CheckRow | GateRow
KINDS: dict[str, type[Row]] = {
    "stacks": StackRow,
    "environments": EnvironmentRow,
    "workloads": WorkloadRow,
    "templates": TemplateRow,
    "checks": CheckRow,
    "gates": GateRow,
}
"""What can be listed, with the form of its rows."""


def stacks(rendered: Iterable[Rendered]) -> Iterator[StackRow]:
    """Yield a row for each stack, in the order in which they come."""
    for one in rendered:
        texts = {
            name: one[name] for name in ("name", "environment", "workload", "account", "region", "template")
        }
        yield StackRow(**texts, dependencies=tuple(one["dependencies"]))


def environments(
    rendered: Sequence[Rendered], places: Iterable[str], policy: Policy | None
) -> Iterator[EnvironmentRow]:
    """Yield a row for each of the places, in their order; without a policy none has a branch or is in an order."""
    order = policy.order if policy else ()
    for name in places:
        own = [one for one in rendered if one["environment"] == name]
        is_promoted = policy is not None and name in order
        yield EnvironmentRow(
            name=name,
            order=order.index(name) + 1 if is_promoted else None,
            branch=policy.of(name).branch if policy and is_promoted else None,
            accounts=_accounts(own),
            regions=_regions(own),
            stacks=len(own),
        )


def workloads(rendered: Sequence[Rendered], places: Iterable[str]) -> Iterator[WorkloadRow]:
    """Yield a row for each workload by its name; environments are in the order of `places`.

    A stack of another project may be in none.
    """
    order = tuple(places)
    for name in sorted({one["workload"] for one in rendered} - {""}):
        own = [one for one in rendered if one["workload"] == name]
        found = {one["environment"] for one in own}
        there = tuple(place for place in order if place in found)
        yield WorkloadRow(name, there, _accounts(own), _regions(own), len(own))


def templates(rendered: Sequence[Rendered]) -> Iterator[TemplateRow]:
    """Yield a row for each template that a stack uses, by its path."""
    for path in sorted({one["template"] for one in rendered}):
        yield TemplateRow(path, tuple(one["name"] for one in rendered if one["template"] == path))


def checks(registry: Iterable[Check]) -> Iterator[CheckRow]:
    """Yield a row for each check, in the order in which they run."""
    for one in registry:
        yield CheckRow(one.id, one.severity, one.house, one.summary)


def gates(registry: Iterable[Gate], policy: Policy | None) -> Iterator[GateRow]:
    """Yield a row for each gate, in the order in which they are told; without a policy none is asked."""
    rules = policy.rules if policy else ()
    for one in registry:
        asked = tuple(rule.environment for rule in rules if one.id in rule.gates)
        yield GateRow(one.id, one.optional, asked, one.summary)


def narrowed(rendered: Iterable[Rendered], wanted: Collection[str]) -> list[Rendered]:
    """Return the stacks of the environments that are wanted; all of them where none is named."""
    return [one for one in rendered if not wanted or one["environment"] in wanted]


def _accounts(rendered: Iterable[Rendered]) -> tuple[str, ...]:
    found = {one["account"] for one in rendered}
    for group in _groups(rendered):
        targets = group.get("DeploymentTargets")
        found |= _texts(targets.get("Accounts") if isinstance(targets, Mapping) else None)
    return tuple(sorted(found - {""}))


def _regions(rendered: Iterable[Rendered]) -> tuple[str, ...]:
    """Return the regions of stacks, and those that their StackSets reach."""
    found = {one["region"] for one in rendered}
    for group in _groups(rendered):
        found |= _texts(group.get("Regions"))
    return tuple(sorted(found - {""}))


def _groups(rendered: Iterable[Rendered]) -> Iterator[Mapping[str, Any]]:
    """Yield where the StackSets of stacks have instances; what exists only at deployment is left out."""
    for stack in rendered:
        for resource in stack["resources"].values():
            if resource["Type"] == STACK_SET:
                groups = resource.get("Properties", {}).get("StackInstancesGroup")
                yield from (
                    one for one in (groups if isinstance(groups, list) else ()) if isinstance(one, Mapping)
                )


def _texts(value: object) -> set[str]:
    return {one for one in value if isinstance(one, str)} if isinstance(value, list) else set()
