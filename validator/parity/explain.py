"""A difference with its whole story: the values, what caused it, where that is written, and who declared it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .compare import Cause, Difference
from .judge import CONFIGURED, Location, Places, place_of, written_at
from .matching import declares, matches_place
from .policy import Declared, Policy
from .security import never_declared
from .words import is_boundable


@dataclass(frozen=True, slots=True)
class Origin:
    """One cause of a difference, and where each side has its value written: file, key and line by side."""

    cause: Cause
    written: dict[str, Location]


@dataclass(frozen=True, slots=True)
class Explained:
    """A difference, its causes, and the declarations that allow it; `guarded` ones nobody can declare.

    `written` is where each side has what a config file says and nothing caused: a tag, a dependency, an option.
    """

    difference: Difference
    origins: tuple[Origin, ...]
    declared: tuple[Declared, ...]
    guarded: bool
    written: dict[str, Location]

    @property
    def values(self) -> dict[str, Any]:
        """The value of each side."""
        one = self.difference
        return dict(zip(one.environments, (one.left, one.right), strict=True))

    @property
    def is_boundable(self) -> bool:
        """Whether a bound can be proposed."""
        return bool(self.origins) or is_boundable(self.values.values())

    @property
    def isdeclared_by(self) -> bool:
        """Whether somebody declared it, or each of its causes."""
        return bool(self.declared) and not self.guarded


def explain(differences: Iterable[Difference], policy: Policy, places: Places) -> Iterator[Explained]:
    """Yield each difference with its story."""
    found = list(differences)
    for one, guarded in zip(found, never_declared(found), strict=True):
        origins = tuple(Origin(cause, _written(one, cause, places)) for cause in one.causes)
        here = {}
        if not origins and one.path[:1] in CONFIGURED:
            here = {name: places.value(name, one.stack, written_at(one)) for name in one.environments}
        yield Explained(one, origins, declared_by(one, policy), guarded, here)


def _written(difference: Difference, cause: Cause, places: Places) -> dict[str, Location]:
    found = {}
    for label in difference.environments:
        if cause.setting:
            environment, _, folder = label.partition("/")
            group = folder if "*" in difference.group else difference.group
            found[label] = places.setting(environment, group, tuple(cause.setting.split(".")))
        else:
            found[label] = places.value(label, difference.stack, ("Parameters", cause.parameter))
    return found


def declared_by(difference: Difference, policy: Policy) -> tuple[Declared, ...]:
    """Return the declarations of the place itself, or else of its causes; none where a cause has none."""
    here = tuple(
        one for one in policy.declared if matches_place(one.declaration, difference.stack, difference.key)
    )
    if here:
        return here
    found: dict[str, Declared] = {}
    for cause in difference.causes:
        owner, key = place_of(difference, cause)
        those = [
            one
            for one in policy.declared
            if declares(one.declaration, owner, key) or matches_place(one.declaration, owner, key)
        ]
        if not those:
            return ()
        found |= {one.declaration.path: one for one in those}
    return tuple(found.values())
