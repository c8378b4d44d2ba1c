"""What a Sceptre stack holds, resolved as far as that is possible offline (REQ-V1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from sceptre.hooks import Hook
from sceptre.resolvers import Resolver
from sceptre.resolvers.join import Join
from sceptre.resolvers.no_value import NoValue
from sceptre.resolvers.select import Select
from sceptre.resolvers.split import Split
from sceptre.resolvers.sub import Sub
from sceptre.stack import Stack as SceptreStack

from .digest import RELEASE_TAGS, stack_digest
from .effective import Symbol, to_json
from .interfaces import Use
from .model import Value
from .settings.build import inherited, merge

OFFLINE = (Join, NoValue, Select, Split, Sub)
"""Sceptre's own resolvers that need nothing from outside when their arguments do not."""


OPTIONS = frozenset(
    {"project_code", "required_version", "j2_environment", "sceptre_user_data", "stack_name", "notifications"}
    | {"iam_role", "iam_role_session_duration", "sceptre_role", "sceptre_role_session_duration", "role_arn"}
    | {
        "cloudformation_service_role",
        "profile",
        "protect",
        "ignore",
        "obsolete",
        "on_failure",
        "stack_timeout",
    }
    | {"template_bucket_name", "template_key_prefix", "template_key_value"}
    | {
        f"{block}_inheritance"
        for block in ("dependencies", "hooks", "notifications", "parameters", "stack_tags")
    }
    | {"sceptre_user_data_inheritance"}
)
"""Keys of a config file that change how a stack is deployed, or what it is called. Source: Sceptre's documentation,
"Stack Config" and "Stack Group Config"."""


def settings_of(stack: SceptreStack) -> tuple[str, str, dict[str, Any]]:
    """Return environment, group and the merged raw settings of a Sceptre stack.

    The group is the folder below the environment: the workload, with the region's role where it has several regions.
    """
    environment, *folders = stack.name.split("/")[:-1]
    workload = folders[0]
    config = stack.config
    shared = inherited(environment, workload, (config.get("workloads") or {}).get(workload) or {})
    identity = {
        "environment": environment,
        "workload": workload,
        "account": config.get("account"),
        "region": stack.region,
    }
    given = {key: value for key, value in identity.items() if value is not None}
    return environment, "/".join(folders), {**merge(shared, config.get("settings") or {}), **given}


def uses_in(section: str, key: str, value: Any) -> Iterator[Use]:
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


def options_of(stack: SceptreStack) -> dict[str, str]:
    """Return what Sceptre reads of a stack beside template, parameters, tags and dependencies, as it is written."""
    found: dict[str, str] = {}
    for key, value in stack.config.items():
        if key == "hooks":
            found |= {f"hooks.{point}": _argument(hooks) for point, hooks in (value or {}).items()}
        elif key in OPTIONS and value is not None:
            found[key] = _argument(value)
    return found


def described(value: Any) -> str:
    """Return what a value is written with, `!setting queue.retention_days`; empty for a literal.

    What is resolved later differs by environment; how it is written must not (REQ-V3).
    """
    if isinstance(value, list):
        parts = [described(item) for item in value]
        return f"[{', '.join(parts)}]" if any(parts) else ""
    if not isinstance(value, Resolver):
        return ""
    return _tagged(value)


def _tagged(value: Any) -> str:
    kind: Any = type(value)
    return f"!{_tag(kind)} {_argument(value._argument)}".rstrip()


def _argument(value: Any) -> str:
    if isinstance(value, Resolver | Hook):
        return _tagged(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_argument, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_argument(item)}" for key, item in value.items()) + "}"
    return "" if value is None else str(value)


def _tag(kind: Any) -> str:
    """Return the tag that makes a resolver or hook: the name of its entry point."""
    group = "sceptre.hooks" if issubclass(kind, Hook) else "sceptre.resolvers"
    name: str = kind.__name__
    return _names(group).get(f"{kind.__module__}:{kind.__qualname__}", name)


@cache
def _names(group: str) -> dict[str, str]:
    """Return the name of each entry point by what it stands for; the first of several is the one."""
    return {point.value: point.name for point in reversed(tuple(entry_points(group=group)))}


def identities(
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


def offline(value: Any) -> Value | None:
    """Return a value resolved, or the symbol of what only a deployment knows; None where it is left out.

    Raises SceptreException or ConfigurationError for an argument that its resolver does not take.
    """
    if isinstance(value, list):
        parts = [offline(item) for item in value]
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
        values = {key: offline(value) for key, value in raw.items()}
        return {key: to_json(value) for key, value in values.items() if value is not None}

    tags = {key: value for key, value in stack._tags.items() if key not in RELEASE_TAGS}
    return stack_digest(stack.template.body, plain(stack._parameters), plain(tags))
