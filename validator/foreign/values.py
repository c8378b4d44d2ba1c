"""The values of a stack of another project: resolved, and with what names its environment left open. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..effective import Symbol
from ..errors import Problem
from ..model import Value
from ..sceptre_values import OPTIONS
from .environments import Environments, Place
from .identity import Identity
from .resolving import NOTHING, OUTPUT, WrongArgumentError, as_value, described, resolved, text_of
from .tags import Tag


@dataclass(slots=True)
class Values:
    """The values of one stack while it is converted: `problems` is what Sceptre would not take of them."""

    environments: Environments
    shared: dict[str, str]
    file: str
    place: Place
    identity: Identity
    problems: list[Problem] = field(default_factory=list)
    resolvers: dict[str, str] = field(default_factory=dict)
    placeheld: dict[str, str] = field(default_factory=dict)

    def values(self, section: str, raw: Mapping[str, Any]) -> dict[str, Value]:
        """Return the values of a section; what Sceptre would not take is left out, and a problem."""
        found: dict[str, Value] = {}
        shared = self.shared
        for name, value in raw.items():
            key = str(name)
            if value.__class__ is str:
                found[shared.setdefault(key, key)] = shared.setdefault(value, value)
                continue
            if section != "parameters" and value is None and not section:
                continue
            try:
                if section == "parameters":
                    _check(value)
                text = described(value)
                one = resolved(value, self.written)
            except WrongArgumentError as error:
                where = f"{section}.{key}" if section else key
                self.problems.append(Problem(self.file, where, str(error), "correct the value"))
                continue
            if text and section:
                self.resolvers[f"{section}.{key}"] = text
                placeheld = described(value, self.written)
                if placeheld != text:
                    self.placeheld[f"{section}.{key}"] = placeheld
            if one is not NOTHING:
                found[shared.setdefault(key, key)] = as_value(one)
        return found

    def options(self, config: Mapping[str, Any]) -> dict[str, str]:
        """Return what else Sceptre reads of the stack, as every environment writes it; each hook point by itself."""
        found = {
            key: text_of(config[key], self.written)
            for key in OPTIONS & config.keys()
            if config[key] is not None
        }
        for point, hooks in (config.get("hooks") or {}).items():
            found[f"hooks.{point}"] = text_of(hooks, self.written)
        return found

    def written(self, tag: str, argument: str) -> str:
        """Return the argument of a tag as every environment writes it."""
        if not self.place.environment:
            return argument
        if tag == OUTPUT:
            file, marks, output = argument.partition("::")
            group, _, name = file.rpartition("/")
            place = self.environments.place(group)
            if place.environment == self.place.environment:
                path = f"{place.path}/{name}" if place.path else name
                return f"<environment>/{self.identity.written(path)}{marks}{output}"
        elif f"{self.place.folder}/" in argument:
            argument = argument.replace(f"{self.place.folder}/", "<environment>/")
        return self.identity.written(argument)

    def identities(self, parameters: Mapping[str, Value], tags: Mapping[str, Value]) -> dict[str, Symbol]:
        """Return the symbol of each parameter, tag and way of writing that names the environment."""
        found: dict[str, Symbol | None] = {}
        if not self.place.environment:
            return {}
        for key, value in parameters.items():
            found[f"parameters.{key}"] = self.identity.of_parameter(key, value)
        for key, value in tags.items():
            found[f"tags.{key}"] = self.identity.of_value(value)
        for key, text in self.placeheld.items():
            found[f"resolvers.{key}"] = Symbol.named(text)
        return {key: symbol for key, symbol in found.items() if symbol is not None}


def _check(value: Any) -> None:
    """Raise WrongArgumentError for a parameter that Sceptre refuses."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str | Tag):
            shown = "nothing" if item is None else f"a {type(item).__name__}"
            raise WrongArgumentError(
                f"must be text, a number, true or false, a resolver, or a list of these, not {shown}"
            )
