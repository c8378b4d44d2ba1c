"""Which stacks are compared with which: environments along the promotion order, and the regions of a workload. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import ConfigurationError
from ..model import Project, Stack
from .compare import Difference, differences, lacking
from .sides import Side, side

REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
"""How a folder is named that holds what goes to one region."""


@dataclass(frozen=True, slots=True)
class Half:
    """One side of a comparison: stacks by the name that both sides share.

    `unread` has the shared names of stacks that are there and could not be read: nothing is said of them.
    """

    label: str
    stacks: Mapping[str, Stack]
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides. `called` gives the shared name of every stack of both by its own."""

    left: Half
    right: Half
    called: Mapping[str, str] = field(init=False)
    groups: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        halves = (self.left, self.right)
        called = {f"{half.label}/{name}": name for half in halves for name in half.unread}
        called |= {stack.name: name for half in halves for name, stack in half.stacks.items()}
        groups = [{name.rpartition("/")[0] for name in half.stacks} for half in halves]
        object.__setattr__(self, "called", called)
        object.__setattr__(self, "groups", frozenset(groups[0] & groups[1]))

    @property
    def names(self) -> list[str]:
        """The shared names of what is compared."""
        either = self.left.stacks.keys() | self.right.stacks.keys()
        return sorted(either - self.left.unread - self.right.unread)

    def differences(self, name: str, read: Mapping[str, Side | None]) -> Iterator[Difference]:
        """Yield what differs in one stack; `read` has the evaluated stacks by their own names."""
        labels = (self.left.label, self.right.label)
        stacks = [half.stacks.get(name) for half in (self.left, self.right)]
        sides = [read[stack.name] for stack in stacks if stack is not None]
        if None in sides:
            return  # Its template is broken, which evaluating it says.
        if stacks[0] is None or stacks[1] is None:
            has_group = name.rpartition("/")[0] in self.groups
            on_left = stacks[0] is not None
            yield from (
                lacking(name, one, labels, on_left=on_left, has_group=has_group) for one in sides if one
            )
            return
        left, right = sides
        if left and right:
            yield from differences(name, left, right, labels, self.called)


Read = Callable[[Side], None]


def compare(pairs: Iterable[Pair], read_each: Read = lambda side: None) -> Iterator[Difference]:
    """Yield what differs in each pair, stack by stack: each stack is evaluated once, and kept no longer than needed.

    `read_each` is told of each stack that was evaluated.
    """
    todo: dict[str, list[tuple[Pair, str]]] = {}
    for pair in pairs:
        for name in pair.names:
            bundle = (pair.left.stacks.get(name) or pair.right.stacks[name]).path.rpartition("/")[2]
            todo.setdefault(bundle, []).append((pair, name))
    for bundle in sorted(todo):
        stacks = {
            stack.name: stack
            for pair, name in todo[bundle]
            for half in (pair.left, pair.right)
            if (stack := half.stacks.get(name)) is not None
        }
        read = {name: side(stack) for name, stack in stacks.items()}
        for one in filter(None, read.values()):
            read_each(one)
        for pair, name in todo[bundle]:
            yield from pair.differences(name, read)


def pairs_of(project: Project, environments: Sequence[str] | None = None) -> Iterator[Pair]:
    """Yield each environment with the next, and the regions of each workload: of the environments given, or of all."""
    chosen = [name for name in project.environments if environments is None or name in environments]
    for left, right in itertools.pairwise(chosen):
        yield Pair(whole(project, left), whole(project, right))
    for environment in chosen:
        for folders in siblings(project.of(environment)):
            for one, two in itertools.pairwise(folders):
                yield Pair(part(project, environment, one), part(project, environment, two))


def siblings(stacks: Iterable[Stack]) -> Iterator[list[str]]:
    """Yield the folders that hold the same workload in a region each: siblings that share a stack."""
    held: dict[str, dict[str, list[Stack]]] = {}
    for stack in stacks:
        parent, _, role = stack.group.rpartition("/")
        if parent or REGION.fullmatch(role):
            held.setdefault(parent, {}).setdefault(stack.group, []).append(stack)
    for folders in held.values():
        regions = [{stack.region for stack in those} for those in folders.values()]
        shared = set.intersection(*({_last(stack) for stack in those} for those in folders.values()))
        one_each = all(len(region) == 1 for region in regions)
        if len(folders) > 1 and shared and one_each and len(set().union(*regions)) == len(folders):
            yield list(folders)


def whole(project: Project, environment: str) -> Half:
    """Return all stacks of an environment, by their paths."""
    prefix = f"{environment}/"
    unread = frozenset(name.removeprefix(prefix) for name in project.unread if name.startswith(prefix))
    return Half(environment, {stack.path: stack for stack in project.of(environment)}, unread)


def part(project: Project, environment: str, folder: str) -> Half:
    """Return the stacks of an environment below a folder, by paths in which `*` stands for that folder.

    Raises ConfigurationError where there are none.
    """
    parent = folder.rpartition("/")[0]
    shared = f"{parent}/*" if parent else "*"
    stacks = {
        shared + stack.path.removeprefix(folder): stack
        for stack in project.of(environment)
        if f"{stack.path}/".startswith(f"{folder}/")
    }
    if not stacks:
        known = sorted({stack.group for stack in project.of(environment) if stack.group})
        message, hint = f"{environment} has no stacks below {folder}", f"known: {', '.join(known)}"
        raise ConfigurationError.single(message, key=f"{environment}/{folder}", hint=hint)
    return Half(f"{environment}/{folder}", stacks)


def pair_of(project: Project, left: str, right: str) -> Pair:
    """Return the pair for `staging` and `prod`, or for `prod/ledger/primary` and `prod/ledger/standby`.

    Raises ConfigurationError where one of them is not there.
    """
    one, two = (_selected(project, selector) for selector in (left, right))
    if one[1] == two[1]:  # The same folder of two environments, or two environments.
        halves = [whole(project, environment) for environment, _ in (one, two)]
        below = [
            Half(
                half.label,
                {n: s for n, s in half.stacks.items() if f"{n}/".startswith(f"{one[1]}/")},
                half.unread,
            )
            for half in halves
        ]
        return Pair(*(below if one[1] else halves))
    return Pair(*(part(project, *selected) for selected in (one, two)))


def _selected(project: Project, selector: str) -> tuple[str, str]:
    """Return environment and folder of a selector."""
    for environment in project.environments:
        if f"{selector}/".startswith(f"{environment}/"):
            folder = selector.removeprefix(environment).strip("/")
            if folder:
                part(project, environment, folder)
            return environment, folder
    known = ", ".join(project.environments)
    message = f"{selector} is no environment, and no folder of one"
    raise ConfigurationError.single(message, key=selector, hint=f"the environments are {known}")


def _last(stack: Stack) -> str:
    return stack.path.rpartition("/")[2]
