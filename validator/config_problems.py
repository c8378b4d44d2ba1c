"""What is wrong with the shape of a config file, as problems with their places and mends. Pure (REQ-P2)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from .config_shapes import ONE_VALUE, HookPoints, Shape, TemplateHandler, shown
from .errors import Problem
from .settings import WORKLOADS
from .settings.base import FOLDER_VALUES
from .settings.build import HINTS
from .strict_yaml import Document

MAPPING = ("must be a mapping", "write `key: value` lines below the key")
SHAPES = {
    "dict_type": MAPPING,
    "model_type": MAPPING,
    "list_type": ("must be a list", "write one line with a dash for each value"),
    "string_type": ("must be text", HINTS["string_type"]),
    "bool_type": ("must be true or false", HINTS["bool_type"]),
    "int_type": ("must be a whole number", HINTS["int_type"]),
}
"""Message and mend for each kind of pydantic error about a shape."""


def wrong_shapes(shape: type[Shape], document: Document, file: str) -> Iterator[Problem]:
    """Yield a problem for each place of a config file that is not as its shape says."""

    def at(path: tuple[str, ...], message: str, hint: str) -> Problem:
        near = path
        while near and near not in document.lines:
            near = near[:-1]
        return Problem(file, ".".join(path), message, hint, document.lines.get(near))

    if not isinstance(document.value, Mapping):
        yield at((), "the file holds no mapping", "write `key: value` lines")
        return
    try:
        shape.model_validate(document.value)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path = tuple(str(part) for part in detail["loc"])
            found = at(path, *_words(shape, path, dict(detail)))
            unknown = detail["type"] == "extra_forbidden"
            yield replace(found, check="sceptre-keys" if unknown else "")
    else:
        for path, message, hint in _misplaced(document.value):
            yield at(path, message, hint)


def _words(shape: type[Shape], path: tuple[str, ...], detail: dict[str, Any]) -> tuple[str, str]:
    kind, given = detail["type"], shown(detail["input"])
    if kind == "shape":
        return str(detail["ctx"]["message"]), str(detail["ctx"]["hint"])
    if kind == "missing":
        return "is missing", f"give `{path[-1]}` a value here"
    if kind == "extra_forbidden":
        below: dict[str, type[Shape]] = {"template": TemplateHandler, "hooks": HookPoints}
        known = sorted(below[path[0]].model_fields if len(path) > 1 else shape.model_fields)
        other = f"known here: {', '.join(known)}" if len(path) > 1 else "values belong under `settings`"
        return "is not a key that Sceptre or Lockstep knows", meant(path[-1], known, f"remove it; {other}")
    if detail["input"] is None and kind not in {"dict_type", "model_type", "list_type"}:
        return "has no value", "give it one, or remove the key"
    message, hint = SHAPES.get(kind, (detail["msg"].removeprefix("Input "), HINTS.get(kind, ONE_VALUE)))
    return f"{given}: {message}", hint


def _misplaced(value: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield what has its shape, but stands where nobody reads it: unknown workloads, values of the folders."""
    for name in value.get("workloads", {}):
        if name not in WORKLOADS:
            hint = meant(
                name, list(WORKLOADS), f"add its model to validator/settings; known: {', '.join(WORKLOADS)}"
            )
            yield ("workloads", name), f"{name} is no known workload", hint
    sections: dict[tuple[str, ...], Any] = {("settings",): value.get("settings", {})}
    sections |= {("workloads", name): values for name, values in value.get("workloads", {}).items()}
    for path, values in sections.items():
        for key in FOLDER_VALUES.keys() & values.keys():
            yield (*path, key), "is no setting, and would have no effect here", FOLDER_VALUES[key]


def meant(written: str, known: list[str], otherwise: str) -> str:
    """Return the mend for a name that does not exist: the name that is close, or else `otherwise`."""
    close = difflib.get_close_matches(written, known, n=1)
    return f"did you mean `{close[0]}`?" if close else otherwise
