"""From the Sceptre project on disk to a `Project`: offline, without credentials, without running hooks (REQ-V1).

This is the one module of the validator that imports Sceptre. Sceptre decides what a stack is; this module
replaces only how a config file is read: Jinja runs in a sandbox that sees no environment variable, and YAML is
strict about duplicate keys and keeps positions.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sceptre.config.reader import CONFIG_MERGE_STRATEGIES, ConfigReader
from sceptre.context import SceptreContext
from sceptre.exceptions import SceptreException
from sceptre.resolvers import Resolver
from sceptre.resolvers.join import Join
from sceptre.resolvers.no_value import NoValue
from sceptre.resolvers.select import Select
from sceptre.resolvers.split import Split
from sceptre.resolvers.sub import Sub
from sceptre.stack import Stack as SceptreStack

from . import strict_yaml
from .effective import Symbol, to_json
from .errors import ConfigurationError, Problem
from .hierarchy import Hierarchy
from .layout import CONFIG, Layout
from .model import RELEASE_TAGS, Project, Stack, Value, circle, stack_digest
from .settings import WorkloadSettings
from .settings.build import merge

GROUP_KEYS = frozenset(CONFIG_MERGE_STRATEGIES) | {"template_key_prefix", "j2_environment"}
OWN_KEYS = frozenset({"workloads", "settings", "account"})
STACK_KEYS = GROUP_KEYS - {"project_code", "region", "required_version", "j2_environment"}
OFFLINE = (Join, NoValue, Select, Split, Sub)
"""Sceptre's own resolvers that need nothing from outside when their arguments do not."""

_YAML_REGISTRY = threading.Lock()


class OfflineReader(ConfigReader):  # type: ignore[misc]  # Sceptre ships no types
    """Sceptre's config reader with strict files and a sandboxed Jinja."""

    def __init__(self, context: SceptreContext, layout: Layout) -> None:
        self.layout = layout
        self.documents: dict[str, strict_yaml.Document] = {}
        self.problems: list[Problem] = []
        with _YAML_REGISTRY:
            before = dict(yaml.SafeLoader.yaml_constructors)
            super().__init__(context)
            self._tags = {
                tag: constructor
                for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
                if isinstance(tag, str) and tag.startswith("!")
            }
            yaml.SafeLoader.yaml_constructors = before

    def _render(self, directory_path: str, basename: str, stack_group_config: dict[str, Any]) -> Any:
        path = Path(self.full_config_path, directory_path, basename)
        if not path.is_file():
            return None
        file = self.layout.shown(path)
        text = self._jinja(read_text(path, file), file, stack_group_config)
        document = strict_yaml.parse(text, file, self._tags)
        if not isinstance(document.value, dict | None):
            raise ConfigurationError.single(
                "the file holds no mapping", file=file, hint="write `key: value` lines"
            )
        self.documents[file] = document
        return document.value

    def _jinja(self, text: str, file: str, config: Mapping[str, Any]) -> str:
        if not any(mark in text for mark in ("{{", "{%", "{#")):
            return text
        environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
        variables: dict[str, Any] = {**self.templating_vars, **config}
        try:
            return environment.from_string(text).render(
                variables,
                command_path=self.context.command_path.split("/"),
                environment_variable=_NoEnvironment(),
            )
        except jinja2.TemplateError as error:
            line = getattr(error, "lineno", None) or _line_in_template(error)
            hint = "define the name in a config.yaml above, or correct it; environment variables are not read"
            raise ConfigurationError(
                [Problem(file, _undefined_name(error), f"Jinja: {error.message}", hint, line)]
            ) from None


class _NoEnvironment:
    """Stands for the environment in Jinja: a project is loaded the same on every machine (REQ-V1)."""

    def __getitem__(self, name: str) -> str:
        raise jinja2.UndefinedError(f"the environment variable '{name}' is not read")


def _line_in_template(error: BaseException) -> int | None:
    trace, line = error.__traceback__, None
    while trace:
        if trace.tb_frame.f_code.co_filename in {"<template>", "<unknown>"}:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _undefined_name(error: jinja2.TemplateError) -> str:
    words = (error.message or "").split("'")
    return words[1] if isinstance(error, jinja2.UndefinedError) and len(words) > 2 else ""


def read_text(path: Path, file: str) -> str:
    """Return a file's text; raises ConfigurationError when it is missing or no UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError.single(
            f"is no UTF-8 text: {error}", file=file, hint="save it as UTF-8"
        ) from None
    except OSError as error:
        raise ConfigurationError.single(
            f"cannot be read: {error.strerror}", file=file, hint="restore it"
        ) from None


@dataclass(slots=True)
class Loaded:
    """A project, the settings it was rendered from, and Sceptre's own stacks, which a deployment needs."""

    project: Project
    settings: Mapping[tuple[str, str], WorkloadSettings]
    sceptre_stacks: Mapping[str, SceptreStack] = field(default_factory=dict)


def load(root: Path) -> Loaded:
    """Load the whole project below `root`.

    Raises ConfigurationError with every problem that could be seen before the first that hides the rest.
    """
    layout = Layout(root.resolve())
    environments = layout.environments()
    layout.check_same_stacks()
    reader, stacks = _read(layout)
    hierarchy = Hierarchy(reader.documents)
    settings, problems = hierarchy.settings({(e, w): raw for e, w, raw in map(settings_of, stacks)})
    problems += hierarchy.unknown_keys(GROUP_KEYS | OWN_KEYS, STACK_KEYS)
    if problems:
        raise ConfigurationError(problems)
    loaded: list[Stack] = []
    bodies: dict[Path, str] = {}
    for stack in stacks:
        try:
            loaded.append(_stack(stack, hierarchy, layout, settings, bodies))
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    project = Project(environments, tuple(loaded), tuple(hierarchy.needless()))
    for environment in environments:
        project.batches(environment)
    return Loaded(project, settings, {stack.name: stack for stack in stacks})


def _read(layout: Layout) -> tuple[OfflineReader, list[SceptreStack]]:
    """Let Sceptre construct every stack, in promotion order, and collect what is wrong in any file."""
    context = SceptreContext(project_path=str(layout.sceptre), command_path="", full_scan=True)
    reader = OfflineReader(context, layout)
    problems: list[Problem] = []
    stacks: dict[str, SceptreStack] = {}
    groups: dict[str, dict[str, Any]] = {}
    for environment in layout.environments():
        for name in sorted(layout.stack_files(environment)):
            relative = Path(environment, name)
            group = str(relative.parent)
            try:
                if group not in groups:
                    groups[group] = reader._read(f"{group}/{CONFIG}")
                stacks[relative.as_posix()] = reader._construct_stack(relative.as_posix(), groups[group])
            except ConfigurationError as error:
                problems += error.problems
            except SceptreException as error:
                problems.append(_of_sceptre(error, layout, relative))
    for name, stack in stacks.items():
        for dependency in stack.dependencies:
            if dependency not in stacks and not (layout.config / dependency).is_file():
                file = layout.shown(layout.config / name)
                wanted = dependency.split("/", 2)[-1].removesuffix(".yaml")
                message = f"depends on the stack {wanted}, which does not exist"
                hint = (
                    "correct the name in `!output` or `dependencies`, or add that stack to every environment"
                )
                problems.append(Problem(file, "dependencies", message, hint))
    if problems:
        raise ConfigurationError(problems)
    reader.resolve_stacks(stacks)
    return reader, list(stacks.values())


def _of_sceptre(error: SceptreException, layout: Layout, stack_file: Path) -> Problem:
    """Place one of Sceptre's own errors; a required key that is missing belongs to the stack's group."""
    text = str(error)
    if text.startswith("Required attribute"):
        key = text.split("'")[1]
        file = f"sceptre/config/{stack_file.parent.as_posix()}/{CONFIG}"
        return Problem(file, key, "is missing", f"give `{key}` here or in a config.yaml above")
    return Problem(layout.shown(layout.config / stack_file), "", text, "correct what the message names")


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


def _stack(
    stack: SceptreStack,
    hierarchy: Hierarchy,
    layout: Layout,
    settings: Mapping[tuple[str, str], WorkloadSettings],
    bodies: dict[Path, str],
) -> Stack:
    environment, workload = stack.name.split("/")[:2]
    file = layout.shown(layout.config / f"{stack.name}.yaml")
    template, body = _template(stack, hierarchy, layout, file, bodies)
    problems: list[Problem] = []

    def offline(section: str, raw: Mapping[str, Any]) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for key, value in raw.items():
            try:
                resolved = _offline(value)
            except (SceptreException, ConfigurationError) as error:
                first = error.problems[0] if isinstance(error, ConfigurationError) else None
                message, hint = (
                    (first.message, first.hint) if first else (str(error), "correct the resolver's argument")
                )
                place = (section, key)
                problems.append(Problem(file, ".".join(place), message, hint, hierarchy.line(file, place)))
                continue
            if resolved is not None:
                found[key] = resolved
        return found

    parameters = offline("parameters", stack._parameters)
    tags = offline("stack_tags", stack._tags)
    identity, sources = (
        _identity({"parameters": stack._parameters, "tags": stack._tags}) if not problems else ({}, {})
    )
    if problems:
        raise ConfigurationError(problems)
    return Stack(
        name=stack.name,
        environment=environment,
        workload=workload,
        account=settings[environment, workload].account,
        region=stack.region,
        role_arn=str(_offline(stack._sceptre_role) or ""),
        external_name=stack.external_name,
        file=file,
        template=template,
        body=body,
        parameters=parameters,
        tags=tags,
        dependencies=tuple(sorted(dependency.name for dependency in stack.dependencies)),
        identity=identity,
        sources=sources,
    )


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


def _template(
    stack: SceptreStack, hierarchy: Hierarchy, layout: Layout, file: str, bodies: dict[Path, str]
) -> tuple[str, str]:
    handler = stack._template_handler_config or {"type": "file", "path": stack.template_path}
    name = handler.get("path")
    key = ("template", "path")
    if not isinstance(name, str) or handler.get("type", "file") != "file":
        raise ConfigurationError.single(
            "names no template file",
            file=file,
            key="template",
            hint="write `template: {type: file, path: NAME.yaml}`",
        )
    path = layout.root / "templates" / name
    if not path.is_file():
        known = ", ".join(sorted(p.name for p in (layout.root / "templates").glob("*.yaml")))
        raise ConfigurationError(
            [
                Problem(
                    file,
                    ".".join(key),
                    f"the template {name} does not exist",
                    f"choose one of: {known}",
                    hierarchy.line(file, key),
                )
            ]
        )
    if path not in bodies:
        text = read_text(path, layout.relative(path))
        # Sceptre sends every template with a document start; the digest must be that of what is sent.
        bodies[path] = text if text.startswith("---") else f"---\n{text}"
    return layout.relative(path), bodies[path]


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


__all__ = ["Loaded", "OfflineReader", "circle", "digest_of", "load", "settings_of"]
