"""Where what differs, or is wrong, is written down: file, key and line in the config hierarchy. Pure (REQ-V9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .model import Project, Stack

Location = tuple[str, str, int | None]
"""File, key and line."""


EXPANDED = ".j2"
"""What the name of a template ends in that Jinja expands: lines of what it gives are not those of the file."""


def is_expanded(template: str) -> bool:
    """Tell whether a template is expanded before it is sent, so that nothing found in it has a line."""
    return template.endswith(EXPANDED)


class Written(Protocol):
    """What the checks need of a config hierarchy, whoever's it is."""

    def written(self, stack: str, file: str, path: tuple[str, ...]) -> tuple[str, int | None]:
        """Return file and line of a key that a stack has from its own file, or inherits."""
        ...

    def levels(self, stack: str, file: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the config files that make a stack, from the root's down to its own, with what each says."""
        ...

    def setting(self, environment: str, group: str, path: tuple[str, ...]) -> Location:
        """Return file, key and line of a setting."""
        ...


@dataclass(slots=True)
class StackPlaces:
    """The places of one project's stacks, by what differences call them."""

    project: Project
    hierarchy: Written
    _by_path: dict[tuple[str, str], Stack] | None = None

    def setting(self, environment: str, group: str, path: tuple[str, ...]) -> Location:
        """Return file, key and line of a setting."""
        return self.hierarchy.setting(environment, group, path)

    def value(self, label: str, stack: str, place: tuple[str, ...]) -> Location:
        """Return file, key and line of a value of a stack.

        `label` is an environment, or a folder of one where regions are compared; then `*` in `stack` stands for it.
        """
        environment, _, folder = label.partition("/")
        if folder and "*" in stack:
            stack = folder + stack.partition("*")[2]
        found = self._stacks().get((environment, stack))
        if place[:1] == ("settings",):
            return self.hierarchy.setting(environment, stack, tuple(".".join(place[1:]).split(".")))
        if found is None:
            return "", ".".join(place), None
        if not place:
            return found.file, "", None
        keys = (place[0].lower(), *place[1:]) if place[0] == "Parameters" else place
        file, line = self.hierarchy.written(found.name, found.file, keys)
        return file, ".".join(keys), line

    def _stacks(self) -> dict[tuple[str, str], Stack]:
        if self._by_path is None:
            self._by_path = {(stack.environment, stack.path): stack for stack in self.project.stacks}
        return self._by_path
