"""Mutants of templates: one place that is different in one environment, as only a function of identity can make it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tests.unit.small_project import repository
from validator.checks.subject import of_problem
from validator.effective import EffectiveTemplate, Path, Template, evaluate
from validator.findings import Finding
from validator.model import Stack
from validator.parity import Pair, judge, pairs_of
from validator.parity.sides import IDENTITY_CONTEXT, Side
from validator.places import StackPlaces
from validator.rendering import context_of, parsed

from .judging import DAY, ENVIRONMENTS, subject

ELSEWHERE = "IsElsewhere"
NOTHING = {"Ref": "AWS::NoValue"}
LOT = 50
"""Mutants that are judged at once, each by a condition of its own."""
ATTRIBUTES = (
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "DependsOn",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
)


def conditions_of(file: str) -> dict[str, Any]:
    """Return conditions that hold in some environments and not in dev, by what they look at.

    Taken from the stacks themselves: a template need not know a name or a path.
    """
    workload = stacks_by_template()[file][0].workload
    places = {one.environment: one for one in stacks_by_template()[file] if one.workload == workload}
    elsewhere = [places[name].region for name in ENVIRONMENTS if places[name].region != places["dev"].region]
    known = template_of(file).section("Parameters")
    by = {
        "the account": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, places["prod"].account]},
        "the region": {"Fn::Equals": [{"Ref": "AWS::Region"}, elsewhere[0]]},
        "the stack's name": {
            "Fn::Equals": [{"Fn::Select": [1, {"Fn::Split": ["-", {"Ref": "AWS::StackName"}]}]}, "prod"]
        },
    }
    if "NamePrefix" in known:
        by["a name"] = {"Fn::Equals": [{"Ref": "NamePrefix"}, f"prod-{workload}-"]}
    if "ParameterPath" in known:
        environment = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "ParameterPath"}]}]}
        by["a path"] = {"Fn::Not": [{"Fn::Equals": [environment, "dev"]}]}
    return by


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a template: its path, and what stands there."""

    path: Path
    value: Any

    @property
    def shown(self) -> str:
        """The path as findings show it: a resource of a loop by its own name."""
        in_loop = len(self.path) > 3 and str(self.path[1]).startswith("Fn::ForEach::")
        return ".".join(map(str, (self.path[0], *self.path[3:]) if in_loop else self.path))


@cache
def stacks_by_template() -> dict[str, list[Stack]]:
    """Return the stacks of the environments by their template; what the home alone has is compared with nothing."""
    found: dict[str, list[Stack]] = {}
    for stack in repository().project.stacks:
        if stack.environment in ENVIRONMENTS:
            found.setdefault(stack.template, []).append(stack)
    return found


def template_of(file: str) -> Template:
    """Return a template of this repository."""
    return parsed(stacks_by_template()[file][0].body, file)


def resources(template: Template) -> Iterator[Place]:
    """Yield every resource, those in loops too."""
    for name, body in template.section("Resources").items():
        if name.startswith("Fn::ForEach::"):
            yield from (Place(("Resources", name, 2, key), value) for key, value in body[2].items())
        else:
            yield Place(("Resources", name), body)


def properties(template: Template) -> Iterator[Place]:
    """Yield every value of every resource and output: each scalar, each function, and the branches of each `Fn::If`."""
    for resource in resources(template):
        for key in ("Properties", *ATTRIBUTES):
            if key in resource.value:
                yield from _leaves(resource.value[key], (*resource.path, key))
    for name, output in template.section("Outputs").items():
        yield from _leaves(output, ("Outputs", name))


def _leaves(node: Any, path: Path) -> Iterator[Place]:
    if (
        isinstance(node, Mapping)
        and len(node) == 1
        and (next(iter(node)).startswith("Fn::") or "Ref" in node)
    ):
        yield Place(path, node)
        for index, branch in enumerate(node.get("Fn::If", [])[1:], start=1):
            yield from _leaves(branch, (*path, "Fn::If", index))
    elif isinstance(node, Mapping) and node:
        for key, item in node.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(node, list) and node:
        for index, item in enumerate(node):
            yield from _leaves(item, (*path, index))
    else:
        yield Place(path, node)


def parts(template: Template) -> Iterator[Place]:
    """Yield every property and every item of a list, whole, to be left out."""
    queue = [
        Place((*resource.path, "Properties", key), value)
        for resource in resources(template)
        for key, value in resource.value.get("Properties", {}).items()
    ]
    while queue:
        place = queue.pop()
        yield place
        if isinstance(place.value, list):
            queue += [Place((*place.path, index), item) for index, item in enumerate(place.value)]
        elif isinstance(place.value, Mapping) and not any(
            key == "Ref" or key[:4] == "Fn::" for key in place.value
        ):
            queue += [Place((*place.path, key), item) for key, item in place.value.items()]


def other(value: Any) -> Any:
    """Return a value that is not this one."""
    if isinstance(value, bool):
        return not value
    return (
        value + 1
        if isinstance(value, int | float)
        else f"{value}-changed"
        if isinstance(value, str)
        else "changed"
    )


def changed(template: Template, path: Path, value: Any, condition: Any = None) -> Template:
    """Return a template with another value at a path, and the condition `IsElsewhere`."""
    body = _with(template.body, path, value)
    if condition is not None:
        body = {**body, "Conditions": {**template.section("Conditions"), ELSEWHERE: condition}}
    return replace(template, body=body)


@dataclass(frozen=True, slots=True)
class Choice:
    """A place which becomes `first` where the condition holds, and stays `second` elsewhere."""

    place: Place
    first: Any
    condition: Any

    def put(self, body: Any, name: str) -> Any:
        """Return the body of a template with the choice, by the condition of that name."""
        return _with(body, self.place.path, {"Fn::If": [name, self.first, self.place.value]})

    def meets(self, other: Choice) -> bool:
        """Tell whether one of two stands in the other, or decides at which index the other is found."""
        ours, theirs = self._reach, other._reach
        return ours == theirs[: len(ours)] or theirs == ours[: len(theirs)]

    @property
    def _reach(self) -> Path:
        path = self.place.path
        return path[:-1] if self.first == NOTHING and isinstance(path[-1], int) else path


class Presence(Choice):
    """A resource or an output that is there only where the condition holds."""

    def put(self, body: Any, name: str) -> Any:
        return _with(body, (*self.place.path, "Condition"), name)


class Further(Choice):
    """A list that has one item more where the condition holds."""

    def put(self, body: Any, name: str) -> Any:
        return _with(body, self.place.path, [*self.place.value, {"Fn::If": [name, self.first, NOTHING]}])


def apart(choices: Iterable[Choice]) -> Iterator[list[Choice]]:
    """Yield the choices in lots whose members do not meet, since judging many at once takes as long as judging one."""
    lots: list[list[Choice]] = []
    for one in choices:
        free = (lot for lot in lots if not any(map(one.meets, lot)))
        lot = next(free, None)
        if lot is None:
            lots.append(lot := [])
        lot.append(one)
        if len(lot) == LOT:
            lots.remove(lot)
            yield lot
    yield from lots


def choosing(template: Template, choices: Sequence[Choice]) -> Template:
    """Return a template with every one of these choices, each by a condition of its own."""
    body, conditions = template.body, dict(template.section("Conditions"))
    for index, one in enumerate(choices):
        name = f"{ELSEWHERE}{index}"
        conditions[name] = one.condition
        body = one.put(body, name)
    return replace(template, body={**body, "Conditions": conditions})


def _with(node: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    first, *rest = path
    if isinstance(node, list):
        return [
            _with(item, tuple(rest), value) if index == first else item for index, item in enumerate(node)
        ]
    held = node.get(first, {})
    return {**node, first: _with(held, tuple(rest), value)}


def judge_template(template: Template) -> list[Finding]:
    """Judge a changed template with every stack of every environment that uses it, as `compare` puts them together.

    Its data goes straight to the evaluation: writing it out and parsing it again would take most of the time.
    """
    sides = {stack.name: side for stack, side in _sides(template)}
    paths = {stack.path for stack, _ in _sides_of(template.file)}
    differences = [
        one for pair in _pairs() for name in sorted(paths) for one in pair.differences(name, sides)
    ]
    given = subject()
    found = list(judge(differences, given.settings, given.policy, DAY, _places(), partial=True))
    return found + [of_problem(one) for side in sides.values() for one in side.deployed.problems]


def has_effect(template: Template) -> bool:
    """Tell whether anything that would be deployed is another than with the template of this repository."""
    before = {stack.name: side.deployed.to_json() for stack, side in _sides_of(template.file)}
    return any(side.deployed.to_json() != before[stack.name] for stack, side in _sides(template))


@cache
def _places() -> StackPlaces:
    return StackPlaces(repository().project, repository().hierarchy)


@cache
def _pairs() -> list[Pair]:
    return list(pairs_of(repository().project))


@cache
def _sides_of(file: str) -> list[tuple[Stack, Side]]:
    return _sides(template_of(file))


def _sides(template: Template) -> list[tuple[Stack, Side]]:
    """Evaluate every stack of a template; environments whose values are alike share what is open."""
    opened: dict[str, EffectiveTemplate] = {}
    found = []
    for stack in stacks_by_template()[template.file]:
        given = stack.comparable("parameters")
        if repr(given) not in opened:
            opened[repr(given)] = evaluate(template, given, IDENTITY_CONTEXT)
        deployed = evaluate(template, stack.parameters, context_of(stack))
        found.append((stack, Side(stack, opened[repr(given)], deployed)))
    return found
