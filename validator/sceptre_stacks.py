"""From a stack as Sceptre constructed it to ours, with a problem for each key that does not resolve (REQ-V1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sceptre.exceptions import SceptreException
from sceptre.stack import Stack as SceptreStack

from .config_reader import read_text
from .environments import SHARED
from .errors import ConfigurationError, Problem
from .hierarchy import HOME, Hierarchy
from .interfaces import Use, unresolved
from .layout import Layout
from .model import Stack, Value
from .sceptre_values import described, identities, offline, options_of, uses_in
from .settings import WorkloadSettings


@dataclass(slots=True)
class _Found:
    """What turns up besides a stack's values."""

    problems: list[Problem] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    failed: set[tuple[str, ...]] = field(default_factory=set)

    def sound(self, section: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a section that resolve."""
        return {key: value for key, value in raw.items() if (section, key) not in self.failed}


@dataclass(slots=True)
class Conversion:
    """Turns the Sceptre stacks of one project into ours; each template is read once."""

    layout: Layout
    hierarchy: Hierarchy
    settings: Mapping[tuple[str, str], WorkloadSettings]
    _bodies: dict[Path, str] = field(default_factory=dict)

    def stack(self, stack: SceptreStack) -> tuple[Stack, tuple[Use, ...], tuple[Problem, ...]]:
        """Return our stack, the outputs of others that it uses, and a problem for each value that does not resolve.

        Such a value is a symbol. Raises ConfigurationError where there is no template.
        """
        environment, group = stack.name.split("/", 1)[0], "/".join(stack.name.split("/")[1:-1])
        file = self.layout.shown(self.layout.config / f"{stack.name}.yaml")
        template, body = self._template(stack, file)
        found = _Found()
        sections = {"parameters": stack._parameters, "stack_tags": stack._tags}
        written = {
            f"{name}.{key}": described(value) for name, raw in sections.items() for key, value in raw.items()
        }
        values = {name: self._section(stack, file, name, raw, found) for name, raw in sections.items()}
        role = self._section(stack, file, "", {"sceptre_role": stack._sceptre_role}, found)
        found.problems += self._hooks(stack, file)
        identity, sources = identities(
            {
                "parameters": found.sound("parameters", stack._parameters),
                "tags": found.sound("stack_tags", stack._tags),
            }
        )
        ours = Stack(
            name=stack.name,
            environment=environment,
            workload=group.split("/")[0],
            account=self.settings[environment, group].account,
            region=self.settings[environment, group].region,
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
            resolvers={place: text for place, text in written.items() if text},
            options=options_of(stack),
        )
        return ours, tuple(found.uses), tuple(found.problems)

    def _section(
        self, stack: SceptreStack, file: str, section: str, raw: Mapping[str, Any], found: _Found
    ) -> dict[str, Value]:
        """Return the values of a section; one that does not resolve is a symbol, and a problem."""
        values: dict[str, Value] = {}
        for key, value in raw.items():
            try:
                # First, since Sceptre puts the result in the place of a resolver that is an argument.
                found.uses += uses_in(section, key, value)
                resolved = offline(value)
            except (SceptreException, ConfigurationError) as error:
                path = (section, key) if section else (key,)
                if not self._is_said_of_home(error):
                    found.problems.append(self._problem(stack, file, path, error))
                found.failed.add(path)
                resolved = unresolved(*path)
            if resolved is not None:
                values[key] = resolved
        return values

    def _is_said_of_home(self, error: Exception) -> bool:
        """Tell whether an error is one in the home's own files, which reading its stacks says."""
        problems = error.problems if isinstance(error, ConfigurationError) else ()
        is_home = bool(problems) and all(problem.file.startswith(HOME) for problem in problems)
        return is_home and bool(self.layout.stack_files(SHARED))

    def _hooks(self, stack: SceptreStack, file: str) -> Iterator[Problem]:
        """Let each hook that can tell say whether it could run; none runs."""
        for point, hooks in (stack.hooks or {}).items():
            if self.hierarchy.is_lost(stack.name, file, ("hooks", point)):
                continue
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
            if self.hierarchy.is_lost(stack.name, file, ("template",)):
                raise ConfigurationError(())
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
            self._bodies[path] = read_text(path, shown)
        return shown, self._bodies[path]
