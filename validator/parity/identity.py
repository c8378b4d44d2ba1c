"""What identity decides: it may name things, and never choose between them (REQ-V3, REQ-V5). Pure.

Environments are compared with their identity left open, so `!If [IsProd, a, b]` is one and the same symbol on both
sides where `IsProd` looks at a name, an account or a region. So each choice is looked at as it would be deployed too:
conditions, and lookups in mappings here; computed names, loops and numbers cut out of a name in `chosen`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..effective import Symbol
from .chosen import Decided, at, existence, terms, unread, values
from .reach import Path, Reach
from .sides import ABSENT, Side

REGIONAL = re.compile(r"(?P<zone>[a-z]+\d-az\d)|(?P<prefix_list>pl-[0-9a-f]{8})")
"""What AWS calls a thing in one region, so that a mapping by region has to hold it: zone ids, its own prefix lists."""

Entry = tuple[str, str, str]
"""Mapping, first key and second key."""


def decided(left: Side, right: Side, known: frozenset[Path]) -> Iterator[Decided]:
    """Yield what differs between two sides that look alike with their identity left open; `known` is named already."""
    first = [*_conditions(left, right), *_Lookups(left, right).differing()]
    yield from first
    named = {one.path for one in first} | {path for one in first for _, path in one.reach}
    yield from existence(left, right)
    yield from (one for one in values(left, right, known) if one.path not in named)
    yield from unread(left, right)


def _conditions(left: Side, right: Side) -> Iterator[Decided]:
    for name in sorted(left.deployed.conditions.keys() | right.deployed.conditions.keys()):
        opened = [one for one in (left, right) if isinstance(one.effective.conditions.get(name), Symbol)]
        one, two = (side.deployed.conditions.get(name, ABSENT) for side in (left, right))
        unknown = isinstance(one, Symbol) or isinstance(two, Symbol)
        alone = len(opened) == 1  # A parameter of the other's own decides it there, which may be declared.
        if opened and (_compares(one) or _compares(two) if unknown else alone or one != two):
            reach = opened[0].reach.get(name, ())
            late = ", which is known only once deployed" if unknown else ""
            where = " in one of them alone" if alone and not unknown else ""
            by = (
                f"decided by {', '.join(_behind(opened[0], name)) or 'identity'}{late or where}{_said(reach)}"
            )
            yield Decided(("Conditions", name), one, two, by, reach)


def _compares(truth: Any) -> bool:
    """Tell whether an open truth compares with anything; whether a value is empty says nothing of an environment."""
    return any(term.kind == "equals" and "" not in term.args for term in terms(truth))


def _behind(side: Side, name: str) -> list[str]:
    """Return the parameters and pseudo parameters left open that decide a condition."""
    given = side.parameters
    found: set[str] = set()
    seen, queue = {name}, [name]
    while queue:
        for origin in side.effective.condition_origins.get(queue.pop(), ()):
            if origin.kind == "condition" and origin.name not in seen:
                seen.add(origin.name)
                queue.append(origin.name)
            elif origin.kind == "pseudo" or isinstance(given.get(origin.name), Symbol):
                found.add(origin.name)
    return sorted(found)


def _said(reach: Reach) -> str:
    """Say what a condition is written at, taken here or not."""
    places = [".".join(map(str, path)) for _, path in reach]
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return f"; it reaches {', '.join(places[:3])}{more}" if places else ""


@dataclass(frozen=True, slots=True)
class _Lookups:
    """What two sides look up in mappings by identity; `called` has the right's name of each thing by the left's."""

    left: Side
    right: Side
    called: dict[tuple[str, Any], Any] = field(default_factory=dict)
    back: dict[tuple[str, Any], Any] = field(default_factory=dict)

    def differing(self) -> Iterator[Decided]:
        """Yield each value looked up that is not the same on both sides, nor the region's name for the same."""
        if not self.left.deployed.template.section("Mappings") and not self.right.deployed.template.section(
            "Mappings"
        ):
            return
        before, after = self.left.deployed_tree, self.right.deployed_tree
        for path in self.left.deployed.origins:
            one, two = _entries(self.left, path), _entries(self.right, path)
            ones, twos = sorted(one - two), sorted(two - one)
            pairs = zip(ones, twos, strict=False)
            if len(ones) != len(twos) or not all(self._alike(*pair) for pair in pairs):
                names = ", ".join(f"!FindInMap [{', '.join(name)}]" for name in (*ones, *twos))
                yield Decided(path, at(before, path), at(after, path), f"decided by {names}")

    def _alike(self, one: Entry, two: Entry) -> bool:
        """Tell whether two entries hold the same, each thing of one region being one thing of the other."""
        before, after = _held(self.left, one), _held(self.right, two)
        if before == after:
            return True
        by_region = self.left.stack.region in one and self.right.stack.region in two
        kinds = [REGIONAL.fullmatch(str(value)) for value in (before, after)]
        named = [str(before).replace(one[1], "*"), str(after).replace(two[1], "*")]
        alike = kinds[0].lastgroup == kinds[1].lastgroup if kinds[0] and kinds[1] else named[0] == named[1]
        once = self.called.setdefault((one[0], before), after) == after
        return by_region and alike and once and self.back.setdefault((two[0], after), before) == before


def _entries(side: Side, path: Path) -> set[Entry]:
    """Return the entries of mappings that a value came from, and that identity led to."""
    found = [
        {origin.name for origin in read.origins.get(path, ()) if origin.kind == "mapping"}
        for read in (side.deployed, side.effective)
    ]
    names = (name.split(".") for name in found[0] - found[1])
    return {(first, ".".join(middle), last) for first, *middle, last in names}


def _held(side: Side, entry: Entry) -> Any:
    found: Any = side.deployed.template.section("Mappings")
    for key in entry:
        found = found.get(key, ABSENT) if isinstance(found, Mapping) else ABSENT
    return tuple(map(str, found)) if isinstance(found, list) else found
