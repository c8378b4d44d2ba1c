"""Comparing two environments: stacks, parameters, tags, dependencies, resources and properties.

Values that name their environment (account, region, CIDR, names) are symbols on both sides, so they compare equal by
construction. What is left differs because somebody wrote it down differently, and `causes` says where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..effective import Context, EffectiveTemplate, Symbol, Template, evaluate, parse
from ..model import RELEASE_TAGS, Stack

Path = tuple[str | int, ...]


class _Absent:
    """The type of `ABSENT`."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()
"""Stands for a value that one side does not have."""

IDENTITY_CONTEXT = Context(
    account=Symbol.named("account"), region=Symbol.named("region"), stack_name=Symbol.named("stack_name")
)


@dataclass(frozen=True, slots=True)
class Side:
    """One environment's stack, evaluated with its identity left open."""

    stack: Stack
    effective: EffectiveTemplate


@dataclass(frozen=True, slots=True)
class Cause:
    """What a difference came from: a template parameter, and the settings path behind it (empty for none)."""

    parameter: str
    setting: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which two environments differ.

    `stack` is the name both share (`orders/queue`); `path` begins with `Parameters`, `Tags`, `Dependencies`,
    `Resources` or `Outputs`, and is empty where one environment lacks the whole stack: then `lost` holds the resource
    types that it lacks with it. `line` is the template's.
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

    @property
    def key(self) -> str:
        """The path as one text: `Resources.Queue.Properties.VisibilityTimeout`."""
        return ".".join(str(part) for part in self.path)


def sides(stacks: Iterable[Stack]) -> dict[str, Side]:
    """Evaluate stacks with their identity left open, by the name that environments share."""
    templates: dict[str, Template] = {}
    found: dict[str, Side] = {}
    for stack in stacks:
        if stack.body not in templates:
            templates[stack.body] = parse(stack.body, stack.template)
        effective = evaluate(templates[stack.body], stack.comparable("parameters"), IDENTITY_CONTEXT)
        found[stack.name.split("/", 1)[1]] = Side(stack, effective)
    return found


def compare(
    left: Iterable[Stack], right: Iterable[Stack], environments: tuple[str, str]
) -> tuple[Difference, ...]:
    """Return every difference between the stacks of two environments, in a stable order."""
    one, two = sides(left), sides(right)
    found: list[Difference] = []
    for name in sorted(one.keys() | two.keys()):
        if name not in one or name not in two:
            found.append(_whole(name, one, two, environments))
            continue
        found += differences(name, one[name], two[name], environments)
    return tuple(found)


def _whole(
    name: str, one: Mapping[str, Side], two: Mapping[str, Side], environments: tuple[str, str]
) -> Difference:
    """Return the difference of a stack that only one environment has.

    Nothing is lost where the other has no stack at all beside it (`ledger/standby/...`): that environment has a
    region less, which may vary.
    """
    present, other = (one, two) if name in one else (two, one)
    group = name.rpartition("/")[0]
    has_group = any(each.rpartition("/")[0] == group for each in other)
    types = frozenset(resource.type for resource in present[name].effective.resources.values())
    left, right = ("present", ABSENT) if present is one else (ABSENT, "present")
    return Difference(name, (), left, right, environments, lost=types if has_group else frozenset())


def differences(name: str, left: Side, right: Side, environments: tuple[str, str]) -> Iterator[Difference]:
    """Yield the differences of one stack that both environments have."""
    for section, one, two in (
        ("Parameters", left.stack.comparable("parameters"), right.stack.comparable("parameters")),
        ("Tags", _tags(left.stack), _tags(right.stack)),
        ("Dependencies", _dependencies(left.stack), _dependencies(right.stack)),
    ):
        for path, before, after in _walk(one, two, (section,)):
            causes = _causes_of_value(section, str(path[1]), left.stack, right.stack)
            yield Difference(name, path, before, after, environments, causes, left.stack.file)
    if left.stack.template != right.stack.template:
        yield Difference(
            name, ("Template",), left.stack.template, right.stack.template, environments, (), left.stack.file
        )
    one, two = left.effective.to_json(), right.effective.to_json()
    for path, before, after in _walk(one, two, ()):
        causes = _causes(path, left, right)
        side = left if before is not ABSENT else right
        position = side.effective.position(path)
        line = position.line if position else None
        kind = _type(side, path)
        yield Difference(name, path, before, after, environments, causes, side.stack.template, line, kind)


def _type(side: Side, path: Path) -> str:
    resource = (
        side.effective.resources.get(str(path[1])) if path[0] == "Resources" and len(path) > 1 else None
    )
    return resource.type if resource else ""


def _tags(stack: Stack) -> dict[str, Any]:
    return {key: value for key, value in stack.comparable("tags").items() if key not in RELEASE_TAGS}


def _dependencies(stack: Stack) -> dict[str, bool]:
    return {name.split("/", 1)[1]: True for name in stack.dependencies}


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
    if section == "Dependencies":
        return ()
    place = f"{section.lower()}.{key}"
    return tuple(
        Cause(key, setting) for setting in left.sources.get(place) or right.sources.get(place) or ("",)
    )


def _causes(path: Path, left: Side, right: Side) -> tuple[Cause, ...]:
    """Return the parameters that differ and that the value at `path` came from, on either side."""
    names = {
        origin.name
        for side in (left, right)
        for origin in side.effective.because(path)
        if origin.kind == "parameter"
    }
    one, two = left.stack.comparable("parameters"), right.stack.comparable("parameters")
    differing = sorted(name for name in names if one.get(name) != two.get(name))
    sources = {**right.stack.sources, **left.stack.sources}
    return tuple(
        Cause(name, setting) for name in differing for setting in sources.get(f"parameters.{name}", ("",))
    )
