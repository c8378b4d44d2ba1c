"""Which places a declaration's path means: `*` stands for a part of one name, `**` for any depth. Pure (REQ-V4)."""

from __future__ import annotations

import re
from functools import cache

from .declarations import Declaration


def declares(declaration: Declaration, group: str, key: str) -> bool:
    """Tell whether a declaration is of the setting `settings.<path>` of a workload, or of one of its regions."""
    if not (declaration.is_setting and key.startswith("settings.")):
        return False
    owner = pattern(declaration.place)
    named = owner.fullmatch(group) or owner.fullmatch(group.split("/", maxsplit=1)[0])
    return named is not None and pattern(declaration.key).fullmatch(key) is not None


def matches_place(declaration: Declaration, stack: str, key: str) -> bool:
    """Tell whether a declaration is of this place of a stack; the whole stack has an empty key."""
    return (
        not declaration.is_setting
        and pattern(declaration.place).fullmatch(stack) is not None
        and pattern(declaration.key).fullmatch(key or "Stack") is not None
    )


@cache
def pattern(path: str) -> re.Pattern[str]:
    """Return what a path with wildcards matches."""
    parts = [re.escape(part).replace(r"\*", "[^./]*") for part in path.split("**")]
    return re.compile(".*".join(parts))
