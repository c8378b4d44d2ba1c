"""A parsed template: plain data, and the position of every node by its key path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from validator.errors import Problem

Path = tuple[str | int, ...]
"""Where a node stands: keys and list indexes from the root, short tags in their long form."""


class Reference(NamedTuple):
    """A literal name in a function: of a `resource`, a `condition`, or `any` for parameters as well."""

    kind: str
    name: str
    path: Path


LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"


class Position(NamedTuple):
    """A place in a file; both count from 1."""

    line: int
    column: int


class FixedDict(dict[str, Any]):
    """A mapping with no function inside it: it evaluates to itself, and is shared as it is."""

    __slots__ = ()


class FixedList(list[Any]):
    """A list with no function inside it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Template:
    """One template as written. Its values are shared, never changed: treat them as read-only.

    `body` is the document with short tags (`!Sub`) in their long form (`{"Fn::Sub": ...}`). `dangling`
    are the references to nothing in resources and outputs, unless loops have to be expanded to tell;
    `looped` has the path of every loop (`Fn::ForEach`) and of all its parents.
    """

    file: str
    body: Mapping[str, Any]
    positions: Mapping[Path, Position] = field(repr=False, compare=False)
    dangling: tuple[Reference, ...] = field(repr=False, compare=False)
    looped: frozenset[Path] = field(default=frozenset(), repr=False, compare=False)

    def position(self, path: Path) -> Position | None:
        """Return where `path` is written, or else its nearest parent that is written down."""
        while path not in self.positions:
            if not path:
                return None
            path = path[:-1]
        return self.positions[path]

    def problem(self, path: Path, message: str, hint: str = "") -> Problem:
        """Return a problem with this template at `path`."""
        place = self.position(path)
        return Problem(self.file, dotted(path), message, hint, place.line if place else None)

    @property
    def transforms(self) -> tuple[str, ...]:
        """The names of the template's transforms, in their order."""
        declared = self.body.get("Transform", ())
        entries = declared if isinstance(declared, list) else [declared]
        return tuple(
            entry if isinstance(entry, str) else str(entry.get("Name", ""))
            for entry in entries
            if isinstance(entry, str | Mapping)
        )

    def section(self, name: str) -> Mapping[str, Any]:
        """Return a top-level section, empty where it is missing or is no mapping."""
        section = self.body.get(name)
        return section if isinstance(section, Mapping) else {}


def dotted(path: Path) -> str:
    """Return `path` as people write it: `Resources.Queue.Properties.QueueName`."""
    return ".".join(map(str, path))


def relocated(path: Path, moves: Mapping[Path, Path]) -> Path:
    """Return `path` with its longest moved prefix replaced by where that came from."""
    if moves:
        for length in range(len(path), 0, -1):
            origin = moves.get(path[:length])
            if origin is not None:
                return origin + path[length:]
    return path
