"""What is wrong with the shape of a config file, as problems with their places and mends. Pure (REQ-P2)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from .config_shapes import ONE_VALUE, HookPoints, Shape, TemplateHandler, shown
from .errors import ConfigurationError, Problem
from .settings import WORKLOADS
from .settings.base import FOLDER_VALUES
from .settings.build import HINTS
from .strict_yaml import Document, KeyPath

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


ROUNDS = 4
"""How often a file is looked at again after its mistakes were taken out; each round sees what those hid."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A problem, the place of the document that has to go for the rest to be read, and the key meant there, if any."""

    problem: Problem
    path: KeyPath
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Mended:
    """A document without what is wrong in it, what that was, and the places that are not as they were meant."""

    document: Document
    problems: tuple[Problem, ...] = ()
    lost: frozenset[KeyPath] = frozenset()


def mended(shape: type[Shape], document: Document, file: str) -> Mended:
    """Return a config file's document as far as it can be read; a key that is nearly known counts as that one.

    Raises ConfigurationError where nothing of it can be.
    """
    problems: list[Problem] = []
    lost: frozenset[KeyPath] = frozenset()
    for _ in range(ROUNDS):
        found = list(wrong_shapes(shape, document, file))
        # What a key holds is not held against it once it is read as another than the one written.
        problems += [wrong.problem for wrong in found if not overlaps(wrong.path, lost)]
        if not found:
            return Mended(document, tuple(problems), lost)
        if any(not wrong.path for wrong in found):
            break
        for wrong in sorted(found, key=lambda wrong: [part.zfill(9) for part in wrong.path], reverse=True):
            document = _without(document, wrong)
        lost |= {
            path for wrong in found for path in (wrong.path, (*wrong.path[:-1], wrong.meant)) if path[-1]
        }
    raise ConfigurationError(problems)


def overlaps(path: KeyPath, those: Iterable[KeyPath]) -> bool:
    """Tell whether a place holds one of those, or lies in it."""
    return any(path[: len(one)] == one or one[: len(path)] == path for one in those)


def _without(document: Document, wrong: Wrong) -> Document:
    """Return a document without a key or list item, or with the key that was meant where that is free."""
    lines = dict(document.lines)
    other = (*wrong.path[:-1], wrong.meant)
    if wrong.meant and other not in lines:
        depth = len(other)
        lines |= {(*other, *at[depth:]): line for at, line in lines.items() if at[:depth] == wrong.path}
    return Document(_changed(document.value, wrong.path, wrong.meant), lines)


def _changed(value: Any, path: KeyPath, meant: str) -> Any:
    """Return a copy of nested values without the one at a path, or under another name where that is free."""
    name, *below = path
    if isinstance(value, list):
        index = int(name)
        return [
            _changed(item, tuple(below), meant) if at == index else item
            for at, item in enumerate(value)
            if below or at != index
        ]
    if below:
        return {
            key: _changed(item, tuple(below), meant) if key == name else item for key, item in value.items()
        }
    kept = {key: item for key, item in value.items() if key != name}
    return {meant: value[name], **kept} if meant and meant not in kept else kept


def wrong_shapes(shape: type[Shape], document: Document, file: str) -> Iterator[Wrong]:
    """Yield what is not as its shape says in a config file."""

    def at(path: tuple[str, ...], message: str, hint: str) -> Problem:
        near = path
        while near and near not in document.lines:
            near = near[:-1]
        return Problem(file, ".".join(path), message, hint, document.lines.get(near))

    if not isinstance(document.value, Mapping):
        yield Wrong(at((), "the file holds no mapping", "write `key: value` lines"), ())
        return
    try:
        shape.model_validate(document.value)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path = tuple(str(part) for part in detail["loc"])
            found = at(path, *_words(shape, path, dict(detail)))
            if detail["type"] == "extra_forbidden":
                near = difflib.get_close_matches(path[-1], _known(shape, path), n=1)
                yield Wrong(replace(found, check="sceptre-keys"), path, "".join(near))
            else:
                yield Wrong(found, path[:-1] if detail["type"] == "missing" else path)
    else:
        for path, message, hint in _misplaced(document.value):
            near = difflib.get_close_matches(path[-1], list(WORKLOADS), n=1) if path[0] == "workloads" else []
            yield Wrong(at(path, message, hint), path, "".join(near if len(path) == 2 else ()))


def _known(shape: type[Shape], path: KeyPath) -> list[str]:
    """Return the keys that are known beside the one at a path."""
    below: dict[str, type[Shape]] = {"template": TemplateHandler, "hooks": HookPoints}
    return sorted(below[path[0]].model_fields if len(path) > 1 else shape.model_fields)


def _words(shape: type[Shape], path: tuple[str, ...], detail: dict[str, Any]) -> tuple[str, str]:
    kind, given = detail["type"], shown(detail["input"])
    if kind == "shape":
        return str(detail["ctx"]["message"]), str(detail["ctx"]["hint"])
    if kind == "missing":
        return "is missing", f"give `{path[-1]}` a value here"
    if kind == "extra_forbidden":
        known = _known(shape, path)
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
