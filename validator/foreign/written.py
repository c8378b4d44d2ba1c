"""Where the values of another project's stacks are written: found by reading a file again when somebody asks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigurationError
from ..places import Location
from .reader import Level, Reader

KEPT = 256
"""Files whose positions are kept: those of the stacks that are being reported."""
Lines = Mapping[tuple[str, ...], int | None]


@dataclass(slots=True)
class Positions:
    """The places of a project's values. `levels_of` has the files of each stack, from the root's down to its own."""

    reader: Reader
    levels_of: Mapping[str, tuple[Level, ...]]
    _lines: dict[tuple[str, str, str], Lines] = field(default_factory=dict)

    def written(self, stack: str, file: str, path: tuple[str, ...]) -> tuple[str, int | None]:
        """Return file and line of a key that a stack has from `file`, or inherits; or the file alone."""
        levels = [(self.reader.shown(folder, name), folder, name) for folder, name, _ in self._levels(stack)]
        own = [level for level in levels if level[0] == file]
        for shown, folder, name in (*own, *reversed(levels)):
            lines = self._positions(stack, folder, name)
            if path in lines:
                return shown, lines[path]
        lines = self._positions(stack, own[0][1], own[0][2]) if own else {}
        while path and path not in lines:
            path = path[:-1]
        return file, lines.get(path)

    def levels(self, stack: str, file: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the config files that make a stack, from the root's down to its own, with what each says."""
        return [(self.reader.shown(folder, name), value) for folder, name, value in self._levels(stack)]

    def setting(self, environment: str, group: str, path: tuple[str, ...]) -> Location:
        """Return no place: settings are Lockstep's own, and another project has none."""
        return "", ".".join(path), None

    def _levels(self, stack: str) -> tuple[Level, ...]:
        return self.levels_of.get(stack, ())

    def _positions(self, stack: str, folder: str, name: str) -> Lines:
        leaf = stack.rpartition("/")[0]
        key = (folder, name, leaf)
        if key not in self._lines:
            if len(self._lines) >= KEPT:
                self._lines.clear()
            try:
                self._lines[key] = self.reader.document(folder, name, leaf).lines
            except ConfigurationError:
                self._lines[key] = {}
        return self._lines[key]
