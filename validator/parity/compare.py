"""Comparing two environments: stacks, parameters, tags, dependencies, resources and properties.

Values that name their environment (account, region, CIDR, names) are symbols on both sides, so they compare equal by
construction. What is left differs because somebody wrote it down differently, and `causes` says where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..digest import RELEASE_TAGS
from ..model import Stack
from .identity import decided
from .reach import Path, Reach
from .sides import ABSENT, Side


@dataclass(frozen=True, slots=True)
class Cause:
    """What a difference came from: a template parameter, and the settings path behind it (empty for none)."""

    parameter: str
    setting: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which two environments differ.

    `stack` is the name both share (`orders/queue`); `path` begins with `Parameters`, `Tags`, `Dependencies`,
    `Options`, `Resolvers`, `Resources`, `Outputs` or `Conditions`, and is empty where one environment lacks the whole
    stack: then `lost` holds the resource types that it lacks with it. `line` is the template's. `decided` says which
    identity value decides it, empty for none; then `left` and `right` are what would be deployed, and `reach` is what
    a condition decides. `lack` is what to say of a side that has no value.
    """

    stack: str
    path: Path
    left: Any
    right: Any
    environments: tuple[str, str]
    causes: tuple[Cause, ...] = ()
    template: str = ""
    line: int | None = None
    resource_type: str = ""
    lost: frozenset[str] = frozenset()
    decided: str = ""
    reach: Reach = ()
    lack: str = "absent"

    @property
    def group(self) -> str:
        """The stack's folder below the environment: the workload, and the region's role where it has several."""
        return self.stack.rpartition("/")[0]

    @property
    def key(self) -> str:
        """The path as one text: `Resources.Queue.Properties.VisibilityTimeout`."""
        return ".".join(str(part) for part in self.path)


def lacking(
    name: str, present: Side, environments: tuple[str, str], *, on_left: bool, has_group: bool
) -> Difference:
    """Return the difference of a stack that only one environment has.

    Nothing is lost where the other has no stack at all beside it (`ledger/standby/...`), so that `has_group` is false:
    that environment has a region less, which may vary.
    """
    types = frozenset(resource.type for resource in present.effective.resources.values())
    left, right = ("present", ABSENT) if on_left else (ABSENT, "present")
    return Difference(name, (), left, right, environments, lost=types if has_group else frozenset())


def differences(
    name: str, left: Side, right: Side, environments: tuple[str, str], called: Mapping[str, str]
) -> Iterator[Difference]:
    """Yield the differences of one stack that both environments have.

    `called` gives the shared name of each stack by its own, for the dependencies.
    """
    for section, one, two in (
        ("Parameters", left.parameters, right.parameters),
        ("Tags", _tags(left.stack), _tags(right.stack)),
        ("Dependencies", _dependencies(left.stack, called), _dependencies(right.stack, called)),
        ("Options", _options(left.stack), _options(right.stack)),
        ("Resolvers", left.stack.comparable("resolvers"), right.stack.comparable("resolvers")),
    ):
        for path, before, after in _walk(one, two, (section,)):
            causes = _causes_of_value(section, str(path[1]), left.stack, right.stack)
            found = Difference(name, path, before, after, environments, causes, left.stack.file)
            is_written = section == "Resolvers" and _has(left.stack, path) and _has(right.stack, path)
            yield replace(found, lack="a literal") if is_written else found
    if left.stack.template != right.stack.template:
        yield Difference(
            name, ("Template",), left.stack.template, right.stack.template, environments, (), left.stack.file
        )
    one, two = left.json, right.json
    walked = list(_walk(one, two, ()))
    for path, before, after in walked:
        side = left if before is not ABSENT else right
        difference = _in_template(name, path, before, after, environments, side)
        yield replace(difference, causes=_causes(path, left, right))
    for choice in decided(left, right, frozenset(path for path, _, _ in walked)):
        side = left if choice.left is not ABSENT else right
        difference = _in_template(name, choice.path, choice.left, choice.right, environments, side)
        yield replace(difference, decided=choice.by, reach=choice.reach)


def _in_template(
    name: str, path: Path, before: Any, after: Any, environments: tuple[str, str], side: Side
) -> Difference:
    position = side.effective.position(path)
    line = position.line if position else None
    file, kind = side.stack.template, _type(side, path)
    return Difference(name, path, before, after, environments, (), file, line, kind)


def _type(side: Side, path: Path) -> str:
    name = str(path[1]) if path[0] == "Resources" and len(path) > 1 else ""
    resource = side.effective.resources.get(name) or side.deployed.resources.get(name)
    return resource.type if resource else ""


def _has(stack: Stack, path: Path) -> bool:
    """Tell whether a stack has the parameter or tag that `Resolvers.parameters.Mode` is written for."""
    section, _, name = str(path[1]).partition(".")
    return name in (stack.parameters if section == "parameters" else stack.tags)


def _dependencies(stack: Stack, called: Mapping[str, str]) -> dict[str, bool]:
    return {called.get(name, name): True for name in stack.dependencies}


def _options(stack: Stack) -> dict[str, str]:
    """Return how everything else of a stack is written, with its environment, account and region left open."""
    names = {stack.account: "${account}", stack.region: "${region}", stack.environment: "${environment}"}
    tokens = "|".join(re.escape(name) for name in names if name)
    pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{tokens})(?![A-Za-z0-9])")
    return {key: pattern.sub(lambda found: names[found[0]], text) for key, text in stack.options.items()}


def _tags(stack: Stack) -> dict[str, Any]:
    return {key: value for key, value in stack.comparable("tags").items() if key not in RELEASE_TAGS}


def _walk(left: Any, right: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Yield the deepest places at which two values differ; lists are compared item by item where they are as long."""
    if left == right and type(left) is type(right):
        return
    if (
        isinstance(left, Mapping)
        and isinstance(right, Mapping)
        and "$symbol" not in left
        and "$symbol" not in right
    ):
        for key in (*left, *(key for key in right if key not in left)):
            yield from _walk(left.get(key, ABSENT), right.get(key, ABSENT), (*path, key))
        return
    if _is_list(left) and _is_list(right) and len(left) == len(right):
        for index, (one, two) in enumerate(zip(left, right, strict=True)):
            yield from _walk(one, two, (*path, index))
        return
    yield path, left, right


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _causes_of_value(section: str, key: str, left: Stack, right: Stack) -> tuple[Cause, ...]:
    place = f"{section.lower()}.{key}"
    settings = left.sources.get(place) or right.sources.get(place) or ()
    if not settings and section == "Parameters":
        return (Cause(key, ""),)
    return tuple(Cause(key, setting) for setting in settings)


def _causes(path: Path, left: Side, right: Side) -> tuple[Cause, ...]:
    """Return the parameters that differ and that the value at `path` came from, on either side."""
    names = {
        origin.name
        for side in (left, right)
        for origin in side.effective.because(path)
        if origin.kind == "parameter"
    }
    one, two = left.parameters, right.parameters
    differing = sorted(name for name in names if one.get(name) != two.get(name))
    sources = {**right.stack.sources, **left.stack.sources}
    return tuple(
        Cause(name, setting) for name in differing for setting in sources.get(f"parameters.{name}", ("",))
    )
