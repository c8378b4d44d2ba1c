"""From the config of a stack of another project to a `Stack`: values, identity, needs, template. Pure (REQ-V1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigurationError, Problem
from ..model import Stack
from .environments import Environments, Place
from .identity import Identity
from .resolving import OUTPUT, tags_in
from .tags import Tag
from .templates import Templates
from .values import Values

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
        identity = self._identity(place, account, region)
        one = Values(self.environments, self.shared, file, place, identity)
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
