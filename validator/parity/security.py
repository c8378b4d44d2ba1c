"""What can never be declared a variance (REQ-V5): encryption, access, logging, tracing, recovery paths. Pure.

`guarded/` says it as data, and of a type that it does not know, nothing varies. A difference stands at the deepest
place that both sides have, so that it may be a whole list, a whole resource or a whole stack; what is compared then is
the part of either side that security rests on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from .compare import Difference
from .guarded import ALONE, ALONE_WITH, ATTRIBUTES, EVERYWHERE, NEVER, ONCE, REGIONAL, ROLES, VARIES, is_known
from .sides import ABSENT

Names = tuple[str, ...]

UNKNOWN = object()
"""Stands for a value that the caller does not give: then whatever it might hold counts."""

VARIES_IN = {"orders": {"AWS::DynamoDB::Table": "PointInTimeRecoverySpecification"}}
"""What one workload may vary and the others may not (REQ-O2)."""


def never_declared(differences: Sequence[Difference]) -> list[bool]:
    """Tell of each difference whether nobody can declare it.

    A parameter is one of them where all that it changes is: else its declaration would only hide where to look.
    """
    found = [_never(one) for one in differences]
    effects: dict[tuple[str, tuple[str, str], str], list[bool]] = {}
    for one, never in zip(differences, found, strict=True):
        for cause in one.causes if one.path[:1] == ("Resources",) else ():
            effects.setdefault((one.stack, one.environments, cause.parameter), []).append(never)
    return [
        never
        or (
            one.path[:1] == ("Parameters",)
            and all(effects.get((one.stack, one.environments, str(one.path[1])), [False]))
        )
        for one, never in zip(differences, found, strict=True)
    ]


def _never(one: Difference) -> bool:
    """Tell whether a difference by itself can never be declared.

    Regions of one environment have roles: a stack may be for one of them (a failover from the standby region), and what
    is once for all regions stands in one. In what both have, the same is guarded as between environments.
    """
    if one.decided and any(str(part).startswith("Fn::") for part in one.path):
        return True  # A loop: nobody can tell what is in it.
    if one.path[:1] == ("Conditions",):
        workload = one.stack.split("/")[0]
        return any(guards(kind, _plain(path), workload=workload) for kind, path in one.reach)
    if _is_between_regions(one) and (
        not one.path or (len(one.path) == 2 and _is_of(one.resource_type, ONCE))
    ):
        return False
    if not one.path:
        return any(_stands_alone(resource_type, UNKNOWN) for resource_type in one.lost)
    return guards(one.resource_type, one.path, one.left, one.right, one.stack.split("/")[0])


def guards(
    resource_type: str,
    path: Sequence[str | int],
    left: Any = UNKNOWN,
    right: Any = UNKNOWN,
    workload: str = "",
) -> bool:
    """Tell whether security rests on what differs at the path `Resources.<id>.Properties.<name>...` or `Tags.<key>`.

    `left` and `right` are what stands there. Without them, a place that may hold something guarded counts as guarded.
    """
    if path[:1] and path[0] == "Tags":
        return ABSENT in (left, right)
    if path[:1] and path[0] == "Options":
        return path[1] in ROLES
    if len(path) < 2 or path[0] != "Resources":
        return False
    if len(path) == 2:
        return any(_stands_alone(resource_type, side) for side in (left, right) if side is not ABSENT)
    if path[2] != "Properties":
        return path[2] in ATTRIBUTES
    rules = _rules(resource_type, workload)
    names = tuple(part for part in path[3:] if isinstance(part, str))
    if names in rules.regional and ABSENT in (left, right):
        return False
    if any(names != path and names[: len(path)] == path for path in rules.regional):
        rules = replace(rules, regional=())  # both sides have this region, so it is one and the same key
    one, two = rules.part(names, left), rules.part(names, right)
    return one != two or UNKNOWN in (one, two)


def _plain(path: Sequence[str | int]) -> list[str | int]:
    """Return a path of a template without the functions on its way."""
    return [part for part in path if not str(part).startswith("Fn::")]


def _stands_alone(resource_type: str, resource: Any) -> bool:
    """Tell whether a whole resource is a guard, or may be one, so that no environment may be without it."""
    if _is_of(resource_type, ALONE) or not is_known(resource_type):
        return True
    telling = ALONE_WITH.get(resource_type, "").split()
    properties = resource.get("Properties", {}) if isinstance(resource, Mapping) else telling
    return any(name in properties for name in telling)


def _is_between_regions(one: Difference) -> bool:
    """Tell whether the sides are `prod/ledger/primary` and `prod/ledger/standby`, not two environments."""
    folders = [name.split("/") for name in one.environments]
    return folders[0][0] == folders[1][0] and all(len(folder) > 1 for folder in folders)


def _is_of(resource_type: str, types: frozenset[str]) -> bool:
    return resource_type in types or _of_service(resource_type) in types


def _of_service(resource_type: str) -> str:
    return resource_type.rpartition("::")[0] + "::*"


@dataclass(frozen=True, slots=True)
class _Rules:
    """What of a resource type never varies, what below that does, and what has an item a region."""

    never: tuple[Names, ...]
    varies: tuple[Names, ...]
    regional: tuple[Names, ...]

    def part(self, names: Names, value: Any) -> Any:
        """Return the part of a value that security rests on, in a form to compare; None for no part.

        Lists become sets, since how many items there are may vary; an item without a guard is one of its own.
        """
        if value is ABSENT:
            return None
        tags = next((index for index, name in enumerate(names) if name.endswith("Tags")), None)
        if tags is not None:
            return _tag_keys(names[tags + 1 :], value)
        if self._is_guarded(names):
            return UNKNOWN if value is UNKNOWN else self._shown(names, value)
        if isinstance(value, Mapping) and "$symbol" not in value:
            parts = {key: self.part((*names, str(key)), item) for key, item in value.items()}
            return frozenset((key, part) for key, part in parts.items() if part is not None) or None
        if isinstance(value, list | tuple):
            found = frozenset(self.part(names, item) for item in value)
            return None if found <= {None} else found
        leads_to_guarded = any(path[: len(names)] == names for path in self.never)
        return (UNKNOWN if value is UNKNOWN else _text(value)) if leads_to_guarded else None

    def _is_guarded(self, names: Names) -> bool:
        if any(names[: len(path)] == path for path in self.varies):
            return False
        return bool(EVERYWHERE & set(names)) or any(names[: len(path)] == path for path in self.never)

    def _shown(self, names: Names, value: Any) -> str:
        """Return a value as text; a key of a further region only as being there, since each region has its own."""
        further = any(names[: len(path)] == path for path in self.regional)
        return "a key" if further and names[-1].lower().startswith(("kms", "replicakms")) else _text(value)


@cache
def _rules(resource_type: str, workload: str) -> _Rules:
    keys = (resource_type, _of_service(resource_type))
    here = VARIES_IN.get(workload, {})
    return _Rules(
        never=_paths(NEVER.get(key, "") for key in keys) if is_known(resource_type) else ((),),
        varies=_paths([*(VARIES.get(key, "") for key in keys), here.get(resource_type, "")]),
        regional=_paths([REGIONAL.get(resource_type, "")]),
    )


def _paths(texts: Any) -> tuple[Names, ...]:
    return tuple(() if path == "*" else tuple(path.split("/")) for text in texts for path in text.split())


def _tag_keys(rest: Names, value: Any) -> Any:
    """Return the keys of tags, whose values may vary: of a list of `Key` and `Value`, or of a mapping."""
    if rest:
        return _text(value) if rest == ("Key",) else "a tag"
    if isinstance(value, list | tuple):
        return frozenset(_text(item.get("Key") if isinstance(item, Mapping) else item) for item in value)
    return frozenset(value) if isinstance(value, Mapping) else _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)
