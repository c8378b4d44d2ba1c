"""Which stack groups are environments, and what a stack is called below its own. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

WELL_KNOWN = (
    *(
        "sandbox",
        "sbx",
        "dev",
        "development",
        "ci",
        "test",
        "testing",
        "tst",
        "int",
        "integration",
        "sit",
        "qa",
    ),
    *("uat", "acc", "acceptance", "stage", "staging", "stg", "pre-prod", "preprod", "preproduction"),
    *("prod", "prd", "production", "live"),
)
"""What environments are usually called, in the order of promotion."""
DEEPEST = 3
"""Levels of folders in which environments are looked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack group belongs: its environment (empty for none), the folder of that, and the path below it."""

    environment: str
    folder: str
    path: str


@dataclass(frozen=True, slots=True)
class Environments:
    """The environments of a project in the order of promotion, each with the folder that holds its stacks.

    A `*` in a folder stands for one folder, whose name stays in the path of its stacks.
    """

    folders: Mapping[str, str]
    _places: dict[str, Place] = field(default_factory=dict, compare=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the order of promotion."""
        return tuple(self.folders)

    def place(self, group: str) -> Place:
        """Return where a stack group belongs: to the environment whose folder says most of its path."""
        found = self._places.get(group)
        if found is None:
            found = self._places[group] = self._place(group)
        return found

    def _place(self, group: str) -> Place:
        parts = group.split("/") if group else []
        best, most = Place("", "", group), (0, 0)
        for name, folder in self.folders.items():
            wanted = folder.split("/")
            literal = sum(part != "*" for part in wanted)
            if matches(parts[: len(wanted)], wanted) and (len(wanted), literal) > most:
                wild = [part for part, want in zip(parts, wanted, strict=False) if want == "*"]
                path = "/".join([*wild, *parts[len(wanted) :]])
                best, most = Place(name, "/".join(parts[: len(wanted)]), path), (len(wanted), literal)
        return best


def matches(parts: list[str], wanted: list[str]) -> bool:
    """Tell whether folders are those of a pattern."""
    return len(parts) == len(wanted) and all(
        want in ("*", part) for part, want in zip(parts, wanted, strict=True)
    )


def found_in(groups: Iterable[str]) -> Environments:
    """Return the environments that the names of stack groups tell of.

    These are the well-known names of the level at which most are found, two at least; the level nearest to the root
    where levels have as many. Where there is none, a single well-known name, or else every group at the top, which is
    then in alphabetical order.
    """
    folders = sorted({tuple(group.split("/")) for group in groups if group})
    levels = [
        {
            parts[depth]: parts[: depth + 1]
            for parts in folders
            if len(parts) > depth and _rank(parts[depth]) >= 0
        }
        for depth in range(DEEPEST)
    ]
    most = max(range(DEEPEST), key=lambda depth: (len(levels[depth]), -depth))
    names = sorted(levels[most], key=lambda name: (_rank(name), name))
    if len(names) > 1:
        return Environments({name: _pattern(name, most, folders, names) for name in names})
    top = sorted({parts[0] for parts in folders})
    if len(names) == 1 and not any("prod" in name for name in top if name not in names):
        return Environments({names[0]: "/".join([*["*"] * most, names[0]])})
    return Environments({name: name for name in top})


def _rank(name: str) -> int:
    """Return a name's place in the order of promotion; -1 for a name that is not well known."""
    lower = name.lower().replace("_", "-")
    return WELL_KNOWN.index(lower) if lower in WELL_KNOWN else -1


def _pattern(name: str, depth: int, folders: list[tuple[str, ...]], names: list[str]) -> str:
    """Return the folder of an environment; a folder above that each environment has one of its own is named."""
    above = []
    for level in range(depth):
        long = [parts for parts in folders if len(parts) > depth]
        held = {other: {parts[level] for parts in long if parts[depth] == other} for other in names}
        own = [next(iter(those)) for those in held.values() if len(those) == 1]
        apart = len(own) == len(names) == len(set(own))
        above.append(next(iter(held[name])) if apart else "*")
    return "/".join([*above, name])
