"""The names of ministack that the extension rests on, and the one way to replace one of them.

Every extension declares the names it calls or replaces. They are checked when the sandbox starts and, one by
one, in `tests/unit/sandbox/test_contract.py`: an upgrade that renames a function or changes its parameters is
told at once, by name, and never shows up as a wrong answer later.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from validator.errors import TechnicalError


class ChangedError(TechnicalError):
    """A name of ministack is gone or takes other parameters than the extension was written for."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name of ministack: `module` below `ministack`, `name` in it, and the parameters of a function."""

    module: str
    name: str
    parameters: tuple[str, ...] | None = None
    """Names of the parameters in order; None for a table or a value."""

    @classmethod
    def function(cls, module: str, name: str, *parameters: str) -> Name:
        """Return the name of a function with these parameters."""
        return cls(module, name, parameters)

    def __str__(self) -> str:
        shown = "" if self.parameters is None else f"({', '.join(self.parameters)})"
        return f"ministack.{self.module}.{self.name}{shown}"

    def get(self) -> Any:
        """Return what the name stands for; `ChangedError` when it does not exist."""
        module = importlib.import_module(f"ministack.{self.module}")
        try:
            return getattr(module, self.name)
        except AttributeError:
            raise ChangedError(f"{self} does not exist in this version of ministack") from None

    def check(self) -> None:
        """Raise `ChangedError` when the name is gone or its parameters are others."""
        found = self.get()
        if self.parameters is None:
            return
        actual = tuple(inspect.signature(found).parameters)
        if actual != self.parameters:
            raise ChangedError(f"{self} takes ({', '.join(actual)}) in this version of ministack")


_places: dict[int, list[tuple[Any, str]]] = {}
"""By the identity of a value, the modules of ministack that have it, and under which name."""

_looked_through: set[str] = set()


def _look_through() -> None:
    """Find what those modules have that were not there the last time."""
    new = {key for key in sys.modules if key.split(".")[0] == "ministack"} - _looked_through
    _looked_through.update(new)
    for module in map(sys.modules.__getitem__, new):
        for attribute, value in vars(module).items():
            _places.setdefault(id(value), []).append((module, attribute))


def replace(name: Name, make: Callable[[Any], Any]) -> None:
    """Put `make(original)` in the place of a name, everywhere it was imported to by name.

    ministack's modules import from one another with `from ... import`, so replacing the definition alone
    would leave the others with the original.
    """
    original = name.get()
    replacement = make(original)
    _look_through()
    places = [place for place in _places.get(id(original), ()) if getattr(*place, None) is original]
    for place in places:
        setattr(*place, replacement)
    _places[id(replacement)] = places
