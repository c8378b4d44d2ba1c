"""Which places a declaration's path means: `*` stands for a part of one name, `**` for any depth. Pure (REQ-V4).

Where the regions of a workload are compared, their shared name has a folder called `*`: `orders/*`. A folder that is
`*` alone in a declaration means that one and nothing else, so no declaration is of both regions and environments.
"""

from __future__ import annotations

import re
from functools import cache

from .declarations import Declaration

REGIONS = "*"
"""The folder in the shared name of two regions."""


def declares(declaration: Declaration, group: str, key: str) -> bool:
    """Tell whether a declaration is of the setting `settings.<path>` of a workload, of one of its roles, or of regions.

    A workload's name alone is each of its roles in one environment and the next (`orders/primary`), never two regions.
    """
    if not (declaration.is_setting and key.startswith("settings.")):
        return False
    owner = _folders(declaration.place)
    named = owner.fullmatch(group) or (
        not is_of_regions(group) and owner.fullmatch(group.split("/", maxsplit=1)[0])
    )
    return bool(named) and pattern(declaration.key).fullmatch(key) is not None


def matches_place(declaration: Declaration, stack: str, key: str) -> bool:
    """Tell whether a declaration is of this place of a stack; the whole stack has an empty key."""
    return (
        not declaration.is_setting
        and _stack(declaration.place).fullmatch(stack) is not None
        and pattern(declaration.key).fullmatch(key or "Stack") is not None
    )


def is_of_regions(group: str) -> bool:
    """Tell whether a group, or the folder of a stack, is what the regions of a workload share."""
    return REGIONS in group.split("/")


def declares_regions(declaration: Declaration) -> bool:
    """Tell whether a declaration is of regions: a folder of its place is `*` alone."""
    place = declaration.place
    return is_of_regions(place if declaration.is_setting else place.rpartition("/")[0])


@cache
def pattern(path: str) -> re.Pattern[str]:
    """Return what a path with wildcards matches."""
    return re.compile(_expression(path, "[^./]*", ".*"))


@cache
def _stack(place: str) -> re.Pattern[str]:
    """Return which stacks a place means: the last part is the stack's own name, where `*` is any."""
    folder, slash, name = place.rpartition("/")
    return re.compile(_folders(folder).pattern + slash + _expression(name))


@cache
def _folders(place: str) -> re.Pattern[str]:
    """Return which folders a place means: one that is `*` alone is that of regions, which no other wildcard means."""
    parts = (r"\*" if part == REGIONS else _expression(part) for part in place.split("/"))
    return re.compile("/".join(parts))


def _expression(path: str, part: str = "[^./*]*", depth: str = "[^*]*") -> str:
    """Return a path as a regular expression, with what `*` and `**` stand for."""
    return depth.join(re.escape(text).replace(r"\*", part) for text in path.split("**"))
