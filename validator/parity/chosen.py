"""What identity chooses beside conditions and mappings: names, loops, numbers, values of the Parameter Store. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..effective import Symbol
from .reach import Path, Reach
from .sides import ABSENT, Side, Tree

NUMBER = re.compile(r"-?\d+(?:\.\d+)?|true|false")
ACCOUNT = Symbol.named("account")
"""The one identity value that is written as a number."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A place that differs because identity decides it; `by` ends a sentence that says so.

    `reach` has the resource type and path of everything that a condition decides.
    """

    path: Path
    left: Any
    right: Any
    by: str
    reach: Reach = ()


def existence(left: Side, right: Side) -> Iterator[Decided]:
    """Yield each resource and output that is deployed on one side only, and alike with identity left open."""
    trees = [(side.open_tree, side.deployed_tree) for side in (left, right)]
    for section in ("Resources", "Outputs"):
        opened, deployed = ([pair[reading][section].keys() for pair in trees] for reading in (0, 1))
        for name in sorted(deployed[0] ^ deployed[1]):
            if (name in opened[0]) == (name in opened[1]):
                one, two = ("present", ABSENT) if name in deployed[0] else (ABSENT, "present")
                yield Decided((section, name), one, two, "decided by identity")


def values(left: Side, right: Side, known: frozenset[Path]) -> Iterator[Decided]:
    """Yield each value that identity chooses by a computed name or index, or that is a number made of identity."""
    trees = [left.deployed_tree, right.deployed_tree]
    for path, symbol in left.symbols:
        one, two = (at(tree, path) for tree in trees)
        if one == two or ABSENT in (one, two) or any(path[: len(place)] == place for place in known):
            continue
        chosen = _chooses(symbol) and not (_chooses(one) and _chooses(two))
        number = symbol != ACCOUNT and any(NUMBER.fullmatch(str(value)) for value in (one, two))
        if chosen or number or _reads(one) or _reads(two):
            yield Decided(path, one, two, f"decided by {symbol.text}")


def _chooses(value: Any) -> bool:
    """Tell whether a value is counted, selected by a computed index, or of a resource with a computed name."""
    return any(
        term.kind == "length"
        or (term.kind == "select" and isinstance(term.args[0], Symbol) and term.args[0].kind != "value")
        or (term.kind in {"ref", "att"} and any(isinstance(arg, Symbol) for arg in term.args))
        for term in terms(value)
    )


def _reads(value: Any) -> bool:
    """Tell whether a value comes from the Parameter Store by a name of its environment: nobody can compare it."""
    return any(term.kind == "resolve" and str(term.args[0]).startswith("ssm:") for term in terms(value))


def unread(left: Side, right: Side) -> Iterator[Decided]:
    """Yield what cannot be evaluated with identity left open and can be with it, such as a loop over its parts."""
    found = {
        (problem.key, problem.message)
        for side in (left, right)
        for problem in {*side.effective.problems} - {*side.deployed.problems}
    }
    one, two = (
        sorted(side.deployed.resources.keys() - side.effective.resources.keys()) for side in (left, right)
    )
    for key, message in sorted(found):
        yield Decided(tuple(key.split(".")), one, two, f"decided by identity: {message}")


def at(tree: Tree, path: Path) -> Any:
    """Return the value at a path, `ABSENT` where there is none."""
    value: Any = tree
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return value


def terms(value: Any) -> Iterator[Symbol]:
    """Yield a symbol and all that it is made of; nothing for what is none."""
    if isinstance(value, Symbol):
        yield value
        for part in value.args:
            yield from terms(part)
