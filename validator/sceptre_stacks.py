"""From a stack as Sceptre constructed it to ours: values resolved as far as that is possible offline (REQ-V1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sceptre.exceptions import SceptreException
from sceptre.resolvers import Resolver
from sceptre.resolvers.join import Join
from sceptre.resolvers.no_value import NoValue
from sceptre.resolvers.select import Select
from sceptre.resolvers.split import Split
from sceptre.resolvers.sub import Sub
from sceptre.stack import Stack as SceptreStack

from .config_reader import read_text
from .effective import Symbol, to_json
from .errors import ConfigurationError, Problem
from .hierarchy import Hierarchy
from .interfaces import Use
from .layout import Layout
from .model import RELEASE_TAGS, Stack, Value, stack_digest
from .settings import WorkloadSettings
from .settings.build import merge

OFFLINE = (Join, NoValue, Select, Split, Sub)
"""Sceptre's own resolvers that need nothing from outside when their arguments do not."""


def settings_of(stack: SceptreStack) -> tuple[str, str, dict[str, Any]]:
    """Return environment, workload and the merged raw settings of a Sceptre stack."""
    environment, workload = stack.name.split("/")[:2]
    config = stack.config
    shared = (config.get("workloads") or {}).get(workload) or {}
    identity = {
        "environment": environment,
        "workload": workload,
        "account": config.get("account"),
        "region": stack.region,
    }
    return environment, workload, {**merge(shared, config.get("settings") or {}), **identity}


@dataclass(slots=True)
class _Found:
    """What turns up besides a stack's values."""

    problems: list[Problem] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)


@dataclass(slots=True)
class Conversion:
    """Turns the Sceptre stacks of one project into ours; each template is read once."""

    layout: Layout
    hierarchy: Hierarchy
    settings: Mapping[tuple[str, str], WorkloadSettings]
    _bodies: dict[Path, str] = field(default_factory=dict)

    def stack(self, stack: SceptreStack) -> tuple[Stack, tuple[Use, ...]]:
        """Return our stack and the outputs of others that it uses.

        Raises ConfigurationError with a problem for each value that does not resolve, at the key that holds it.
        """
        environment, workload = stack.name.split("/")[:2]
        file = self.layout.shown(self.layout.config / f"{stack.name}.yaml")
        template, body = self._template(stack, file)
        found = _Found()
        sections = {"parameters": stack._parameters, "stack_tags": stack._tags}
        values = {name: self._section(stack, file, name, raw, found) for name, raw in sections.items()}
        role = self._section(stack, file, "", {"sceptre_role": stack._sceptre_role}, found)
        found.problems += self._hooks(stack, file)
        if found.problems:
            raise ConfigurationError(found.problems)
        identity, sources = _identity({"parameters": stack._parameters, "tags": stack._tags})
        ours = Stack(
            name=stack.name,
            environment=environment,
            workload=workload,
            account=self.settings[environment, workload].account,
            region=stack.region,
            role_arn=str(role.get("sceptre_role", "")),
            external_name=stack.external_name,
            file=file,
            template=template,
            body=body,
            parameters=values["parameters"],
            tags=values["stack_tags"],
            dependencies=tuple(sorted(dependency.name for dependency in stack.dependencies)),
            identity=identity,
            sources=sources,
        )
        return ours, tuple(found.uses)

    def _section(
        self, stack: SceptreStack, file: str, section: str, raw: Mapping[str, Any], found: _Found
    ) -> dict[str, Value]:
        """Return the values of a section; one that does not resolve is left out, and a problem."""
        values: dict[str, Value] = {}
        for key, value in raw.items():
            try:
                # First, since Sceptre puts the result in the place of a resolver that is an argument.
                found.uses += _uses(section, key, value)
                resolved = _offline(value)
            except (SceptreException, ConfigurationError) as error:
                path = (section, key) if section else (key,)
                found.problems.append(self._problem(stack, file, path, error))
                continue
            if resolved is not None:
                values[key] = resolved
        return values

    def _hooks(self, stack: SceptreStack, file: str) -> Iterator[Problem]:
        """Let each hook that can tell say whether it could run; none runs."""
        for point, hooks in (stack.hooks or {}).items():
            for hook in hooks:
                try:
                    getattr(hook, "check", lambda: None)()
                except ConfigurationError as error:
                    yield self._problem(stack, file, ("hooks", point), error)

    def _problem(self, stack: SceptreStack, file: str, path: tuple[str, ...], error: Exception) -> Problem:
        place, line = self.hierarchy.written(stack.name, file, path)
        first = error.problems[0] if isinstance(error, ConfigurationError) else None
        message = first.message if first else str(error)
        hint = first.hint if first else "correct the resolver's argument"
        return Problem(place, ".".join(path), message, hint, line)

    def _template(self, stack: SceptreStack, file: str) -> tuple[str, str]:
        handler = stack._template_handler_config or {"path": stack.template_path}
        name = handler.get("path")
        if not isinstance(name, str):
            hint = "write `template: {type: file, path: NAME.yaml}`"
            raise ConfigurationError.single("names no template file", file=file, key="template", hint=hint)
        folder = (self.layout.root / "templates").resolve()
        path = folder / name
        message = ""
        if not path.resolve().is_relative_to(folder):
            message = f"the template {name} is a link that leads outside templates/"
        elif not path.is_file():
            message = f"the template {name} does not exist"
        if message:
            key = ("template", "path")
            known = ", ".join(sorted(found.name for found in folder.glob("*.yaml")))
            place, line = self.hierarchy.written(stack.name, file, key)
            raise ConfigurationError(
                [Problem(place, ".".join(key), message, f"choose one of: {known}", line)]
            )
        shown = f"templates/{path.relative_to(folder).as_posix()}"
        if path not in self._bodies:
            text = read_text(path, shown)
            # Sceptre sends every template with a document start; the digest must be that of what is sent.
            self._bodies[path] = text if text.startswith("---") else f"---\n{text}"
        return shown, self._bodies[path]


def _uses(section: str, key: str, value: Any) -> Iterator[Use]:
    """Yield what a value uses of other stacks."""
    for resolver in _resolvers(value):
        if hasattr(type(resolver), "published"):
            yield Use(section, key, *resolver.published)


def _resolvers(value: Any) -> Iterator[Resolver]:
    """Yield every resolver in a value, those in the arguments of others too."""
    if isinstance(value, Resolver):
        yield value
        value = value._argument
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _resolvers(item)


def _identity(
    sections: Mapping[str, Mapping[str, Any]],
) -> tuple[dict[str, Symbol], dict[str, tuple[str, ...]]]:
    """Return the symbols of values that name their environment, and the settings paths of all that have one."""
    identity: dict[str, Symbol] = {}
    sources: dict[str, tuple[str, ...]] = {}
    for section, raw in sections.items():
        for key, value in raw.items():
            symbol = getattr(value, "identity", None)
            if isinstance(symbol, Symbol):
                identity[f"{section}.{key}"] = symbol
            if hasattr(value, "sources"):
                sources[f"{section}.{key}"] = tuple(value.sources)
    return identity, sources


def _offline(value: Any) -> Value | None:
    if isinstance(value, list):
        parts = [_offline(item) for item in value]
        if any(isinstance(part, Symbol) for part in parts):
            return Symbol.named("list:" + ",".join(str(part) for part in parts))
        return [str(part) for part in parts if part is not None]
    if not isinstance(value, Resolver):
        return None if value is None else str(value)
    symbol = getattr(value, "symbol", None)
    if symbol is not None:
        return Symbol.named(symbol)
    if not getattr(value, "offline", isinstance(value, OFFLINE)):
        return Symbol.named(f"resolver:{value!r}")
    resolved = value.resolve()
    return resolved if isinstance(resolved, list) or resolved is None else str(resolved)


def digest_of(stack: SceptreStack) -> str:
    """Return the digest that `Stack.digest` gives for a Sceptre stack, whatever Sceptre has resolved of it so far."""

    def plain(raw: Mapping[str, Any]) -> dict[str, Any]:
        values = {key: _offline(value) for key, value in raw.items()}
        return {key: to_json(value) for key, value in values.items() if value is not None}

    tags = {key: value for key, value in stack._tags.items() if key not in RELEASE_TAGS}
    return stack_digest(stack.template.body, plain(stack._parameters), plain(tags))
