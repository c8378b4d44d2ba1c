"""From the config of a stack of another project to a `Stack`: values, identity, needs, template. Pure (REQ-V1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..effective import Symbol
from ..errors import ConfigurationError, Problem
from ..model import Stack, Value
from ..sceptre_values import OPTIONS
from .environments import Environments, Place
from .identity import Identity
from .resolving import NOTHING, OUTPUT, WrongArgumentError, as_value, described, resolved, tags_in, text_of
from .tags import Tag
from .templates import Templates

ROLES = ("sceptre_role", "iam_role", "cloudformation_service_role", "role_arn")
ACCOUNTS = ("account", "account_id")
READ = (
    *ROLES,
    "parameters",
    "sceptre_user_data",
    "stack_tags",
    "notifications",
    "template",
    "template_bucket_name",
    "hooks",
)
"""Keys in which Sceptre resolves what is tagged, so that `!stack_output` makes a dependency there."""
_ARN = re.compile(r"arn:[\w-]*:iam::(\d{12}):")


@dataclass(slots=True)
class Conversion:
    """Turns configs of one project into stacks. `known` has the name of every stack by its file.

    `shared` keeps one copy of texts that many stacks have.
    """

    environments: Environments
    templates: Templates
    declared: frozenset[str]
    known: Mapping[str, str]
    shared: dict[str, str] = field(default_factory=dict)
    _identities: dict[tuple[str, str, str, str], Identity] = field(default_factory=dict)

    def stack(self, name: str, file: str, config: Mapping[str, Any]) -> tuple[Stack, list[str]]:
        """Return a stack, and the files that it depends on and that are no stack.

        Raises ConfigurationError with a problem for each value that Sceptre would not take, at the key that holds it.
        """
        group, _, last = name.rpartition("/")
        place = self.environments.place(group)
        problems = list(_missing(config, file))
        if problems:
            raise ConfigurationError(problems)
        region, account = config["region"], _account(config)
        one = _One(self, file, place, self._identity(place, account, region))
        parameters = one.values(
            "parameters", {k: _cast(v) for k, v in (config.get("parameters") or {}).items()}
        )
        tags = one.values("stack_tags", config.get("stack_tags") or {})
        role = one.values("", {"sceptre_role": config.get("sceptre_role") or config.get("iam_role")})
        if one.problems:
            raise ConfigurationError(one.problems)
        template, body = self.templates.of(config, file, one.written)
        path = f"{place.path}/{last}" if place.path else last
        needs, missing = self._needs(config)
        found = Stack(
            name=name,
            environment=place.environment,
            workload=path.rpartition("/")[0].partition("/")[0],
            account=account,
            region=region,
            role_arn=str(role.get("sceptre_role", "")),
            external_name=config.get("stack_name")
            or "-".join([config["project_code"], name.replace("/", "-")]),
            file=file,
            template=template,
            body=body,
            parameters=parameters,
            tags=tags,
            dependencies=tuple(sorted(needs)),
            identity=one.identities(parameters, tags),
            resolvers=one.resolvers,
            options=one.options(config),
            path=path,
        )
        return found, missing

    def _identity(self, place: Place, account: str, region: str) -> Identity:
        key = (place.environment, place.folder, account, region)
        if key not in self._identities:
            names = tuple(dict.fromkeys((place.environment, place.folder.rpartition("/")[2])))
            self._identities[key] = Identity(names, account, region, self.declared)
        return self._identities[key]

    def _needs(self, config: Mapping[str, Any]) -> tuple[set[str], list[str]]:
        """Return the names of the stacks that a stack depends on, and the files among them that are no stack."""
        names: set[str] = set()
        missing: list[str] = []
        for file in dict.fromkeys(_dependencies(config)):
            name = self.known.get(file.replace("\\", "/"))
            if name is None:
                missing.append(file)
            else:
                names.add(name)
        return names, missing


def _missing(config: Mapping[str, Any], file: str) -> Iterator[Problem]:
    for key in ("project_code", "region"):
        if not config.get(key):
            yield Problem(file, key, "is missing", f"give `{key}` in a config.yaml above")


def _account(config: Mapping[str, Any]) -> str:
    """Return the account of a stack: its own key, or that of the role that a deployment assumes; empty for unknown."""
    for key in ACCOUNTS:
        value = config.get(key)
        if isinstance(value, str | int) and re.fullmatch(r"\d{1,12}", str(value)):
            return str(value).zfill(12)
    roles = (config.get(key) for key in ROLES)
    found = (_ARN.match(role) for role in roles if isinstance(role, str))
    return next((match[1] for match in found if match), "")


def _cast(value: Any) -> Any:
    """Return a parameter as Sceptre casts it: flags and numbers become text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return [_cast(item) for item in value] if isinstance(value, list) else value


def _dependencies(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the stack files that a stack depends on: named, or read by `!stack_output`."""
    yield from config.get("dependencies") or ()
    for key in READ:
        value = config.get(key)
        if value.__class__ in (dict, list, Tag):
            for tag in tags_in(value):
                if tag.name == OUTPUT and isinstance(tag.argument, str):
                    yield tag.argument.partition("::")[0]


@dataclass(slots=True)
class _One:
    """One stack while it is converted."""

    conversion: Conversion
    file: str
    place: Place
    identity: Identity
    problems: list[Problem] = field(default_factory=list)
    resolvers: dict[str, str] = field(default_factory=dict)
    placeheld: dict[str, str] = field(default_factory=dict)

    def values(self, section: str, raw: Mapping[str, Any]) -> dict[str, Value]:
        """Return the values of a section; what Sceptre would not take is left out, and a problem."""
        found: dict[str, Value] = {}
        shared = self.conversion.shared
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
            place = self.conversion.environments.place(group)
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
