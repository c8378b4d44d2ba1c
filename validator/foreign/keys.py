"""What config files of another project may hold: Sceptre's keys and their shapes. Pure (REQ-P2).

Sceptre reads a key that it does not know in silence. In a stack file nothing can use one, so that it is a mistake; in a
config.yaml it may be a variable for Jinja, and only what is almost a key of Sceptre's is one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..config_shapes import GroupFile, HookPoints
from .tags import Tag

LOCKSTEP = frozenset({"account", "settings", "workloads"})
"""Keys that only a project of Lockstep's own has."""
GROUP_KEYS = frozenset(GroupFile.model_fields) - LOCKSTEP | {"disable_rollback"}
STACK_KEYS = GROUP_KEYS - {"j2_environment"}
"""Sceptre's keys; it takes region and project code from a stack file too."""
NEAR = 0.85
"""How alike a key has to be to one of Sceptre's; 1 is equal."""
MOST = 20
"""Keys of one file that are looked at one by one: a file with more of them is no config file."""
_ANCHOR = re.compile(r"x-|[._]")
"""How a key is called that only holds an anchor for others."""

Found = tuple[tuple[str, ...], str, str]
"""Key path, message and mend."""


def unknown_keys(config: Mapping[str, Any], *, group: bool) -> Iterator[Found]:
    """Yield each key that Sceptre ignores: in a stack file any that it does not know, in a group's what is misspelt."""
    for key in _first(config.keys() - (GROUP_KEYS if group else STACK_KEYS)):
        close = difflib.get_close_matches(key, sorted(STACK_KEYS), n=1, cutoff=NEAR if group else 0.6)
        if group and not close:
            continue
        if not _ANCHOR.match(key):
            mend = (
                f"did you mean `{close[0]}`?" if close else "remove it, or give it under `sceptre_user_data`"
            )
            yield (key,), "is not a key that Sceptre knows, and has no effect", mend
    for point in _first(_keys(config.get("hooks")) - set(HookPoints.model_fields)):
        close = difflib.get_close_matches(point, list(HookPoints.model_fields), n=1)
        mend = f"did you mean `{close[0]}`?" if close else "remove it; Sceptre runs no hook there"
        yield ("hooks", point), "is no point at which Sceptre runs a hook", mend


def _first(keys: set[Any]) -> list[str]:
    """Return the first of the keys, in a stable order."""
    return sorted(map(str, keys))[:MOST]


def _keys(value: Any) -> set[str]:
    return set(value) if isinstance(value, dict) else set()


def wrong_shapes(config: Mapping[str, Any]) -> Iterator[Found]:
    """Yield each key whose value has not the shape that Sceptre needs; nothing at all is as good as leaving it out."""
    for key, (is_right, wanted) in _SHAPES.items():
        value = config.get(key)
        if value is not None and not is_right(value):
            yield (key,), f"must be {wanted}", f"write {wanted}"


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_mapping_or_tag(value: Any) -> bool:
    return isinstance(value, dict | Tag)


def _is_strategy(value: Any) -> bool:
    return value in ("merge", "override")


_STRATEGY = (_is_strategy, "`merge` or `override`")
_SHAPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "parameters": (_is_mapping, "a mapping"),
    "stack_tags": (_is_mapping, "a mapping"),
    "sceptre_user_data": (_is_mapping_or_tag, "a mapping"),
    "hooks": (_is_mapping, "a mapping of points to lists of hooks"),
    "dependencies": (_is_texts, "a list of stack files, such as `dev/vpc.yaml`"),
    "template": (_is_mapping, "a mapping with `type` and `path`"),
    "template_path": (_is_text, "the path of a file in templates"),
    "region": (_is_text, "text"),
    "project_code": (_is_text, "text"),
    "stack_name": (_is_text, "text"),
    "ignore": (_is_flag, "true or false"),
    "obsolete": (_is_flag, "true or false"),
    "disable_rollback": (_is_flag, "true or false"),
    "j2_environment": (_is_mapping, "a mapping of options of Jinja"),
    **{
        f"{key}_inheritance": _STRATEGY
        for key in ("parameters", "stack_tags", "sceptre_user_data", "hooks", "dependencies", "notifications")
    },
}
