"""Resolvers of the config hierarchy. All but `!release` need nothing from outside and are `offline`.

The loader reads two attributes: `offline` says that `resolve` may run without AWS, and `symbol`, where it is
set, is what stands for a value that only a deployment knows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sceptre.exceptions import SceptreException
from sceptre.resolvers import Resolver
from sceptre.stack import Stack as SceptreStack

from validator.effective import Symbol, concat
from validator.errors import ConfigurationError, Problem
from validator.layout import Layout
from validator.sceptre_values import settings_of
from validator.settings import WorkloadSettings, models
from validator.settings.base import is_identity, written_at
from validator.settings.build import validate

from .elsewhere import accounts_of, home_of

DIGEST_LENGTH = 10


class ResolverError(ConfigurationError, SceptreException):  # type: ignore[misc]  # Sceptre ships no types
    """A resolver's argument is wrong. A Sceptre error too, so that plain `sceptre` prints it without a traceback."""


def _wrong(stack: SceptreStack, message: str, hint: str) -> ResolverError:
    layout = Layout(project_root(stack).resolve())
    file = layout.shown(layout.config / f"{stack.name}.yaml")
    return ResolverError([Problem(file, "", message, hint)])


def stack_settings(stack: SceptreStack) -> WorkloadSettings:
    """Return the validated settings of a stack's environment and workload (REQ-P2).

    They are kept on the stack, since Sceptre's stacks compare by resolving everything they hold.
    """
    kept: WorkloadSettings | None = getattr(stack, "_lockstep_settings", None)
    if kept is not None:
        return kept
    environment, group, raw = settings_of(stack)
    workload = raw["workload"]
    known = models(environment)
    model = known.get(workload)
    if model is None:
        raise _wrong(stack, f"{workload} is no known workload", f"known: {', '.join(known)}")
    file = f"sceptre/config/{environment}/{group}/config.yaml"
    try:
        found = validate(model, raw, lambda path: (file, ".".join(("settings", *path)), None))
    except ConfigurationError as error:
        raise ResolverError(error.problems) from None
    stack._lockstep_settings = found
    return found


def project_root(stack: SceptreStack) -> Path:
    """Return the repository's root: Sceptre's project folder is `sceptre/` in it."""
    return Path(stack.config["project_path"]).parent


def key_of_package(stack: SceptreStack, name: str) -> str:
    """Return the S3 key of a package; raises ConfigurationError. The stacks of one load work it out once.

    What a package holds takes a while to find, and several stacks of every environment name the same.
    """
    from pipelines.packages import package_key

    kept: dict[str, str] = getattr(stack, "_lockstep_packages", {})
    if name not in kept:
        kept[name] = package_key(project_root(stack), name)
    return kept[name]


class Setting(Resolver):  # type: ignore[misc]  # Sceptre ships no types
    """`!setting queue.retention_days`: one value of the typed settings."""

    offline = True

    def resolve(self) -> str | list[str] | None:
        """Return the value as CloudFormation wants it: text, a list of texts, or None to leave it out."""
        return _value(self.stack, stack_settings(self.stack), f"!setting {self.argument}", str(self.argument))

    @property
    def sources(self) -> tuple[str, ...]:
        """The settings paths that somebody wrote, so that a difference can name the keys that caused it."""
        return written_at(type(stack_settings(self.stack)), str(self.argument).split("."))

    @property
    def identity(self) -> Symbol | None:
        """What stands for the value when environments are compared, where it names its environment."""
        named = is_identity(type(stack_settings(self.stack)), str(self.argument).split("."))
        return Symbol.named(str(self.argument)) if named else None


def _value(
    stack: SceptreStack, settings: WorkloadSettings, written: str, path: str
) -> str | list[str] | None:
    """Return the value at a path of settings; raises ResolverError where there is none, or more than one."""
    value: Any = settings
    for part in path.split("."):
        if part.startswith("_") or (not hasattr(type(value), part) and part not in _fields(value)):
            known = ", ".join(sorted(_fields(value))) or "none"
            raise _wrong(stack, f"{written}: there is no `{part}`", f"known here: {known}")
        value = getattr(value, part)
    if hasattr(type(value), "model_fields") or callable(value):
        raise _wrong(stack, f"{written}: is a group of values", "name one value in it")
    return _text(value)


def _fields(value: Any) -> Mapping[str, Any]:
    return getattr(type(value), "model_fields", {})


def _text(value: Any) -> str | list[str] | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    return None if value is None else str(value)


class Home(Resolver):  # type: ignore[misc]  # Sceptre ships no types
    """`!home region`: one value of the settings of the workload's home, which every environment may name."""

    offline = True

    def resolve(self) -> str | list[str] | None:
        """Return the value as `!setting` does."""
        _, group, _ = settings_of(self.stack)
        workload = group.split("/", maxsplit=1)[0]
        shared = (self.stack.config.get("workloads") or {}).get(workload) or {}
        try:
            home = home_of(project_root(self.stack).resolve(), workload, shared)
        except ConfigurationError as error:
            raise ResolverError(error.problems) from None
        return _value(self.stack, home, f"!home {self.argument}", str(self.argument))


class Accounts(Resolver):  # type: ignore[misc]  # Sceptre ships no types
    """`!accounts dev`: the account ids of an environment, for what serves all of them."""

    offline = True

    def resolve(self) -> list[str]:
        """Return the ids that the environment's config files give, each once."""
        try:
            return accounts_of(project_root(self.stack).resolve(), str(self.argument))
        except ConfigurationError as error:
            raise ResolverError(error.problems) from None


class Output(Resolver):  # type: ignore[misc]  # Sceptre ships no types
    """`!output queue.QueueArn`: the Parameter Store name under which another stack publishes (REQ-P7).

    CloudFormation reads the value at deployment; the other stack becomes a dependency.
    """

    offline = True

    def setup(self) -> None:
        """Add the publishing stack to the dependencies."""
        stack, dot, output = str(self._argument).partition(".")
        if not (stack and dot and output):
            return  # `resolve` says so, with the key that holds it.
        dependency = "/".join((*self.stack.name.split("/")[:-1], f"{stack}.yaml"))
        if dependency not in self.stack.dependencies:
            self.stack.dependencies = [*self.stack.dependencies, dependency]

    def resolve(self) -> str:
        """Return `/{workload}/{environment}/{stack}/{output}`."""
        stack, output = self.published
        return f"{stack_settings(self.stack).parameter_root}/{stack}/{output}"

    @property
    def identity(self) -> Symbol:
        """The name with the workload's place in Parameter Store left open."""
        stack, output = self.published
        return _below_root(f"{stack}/{output}")

    @property
    def published(self) -> tuple[str, str]:
        """The stack and its output that this names; raises ResolverError where it is not of that form."""
        stack, dot, output = str(self._argument).partition(".")
        if not (stack and dot and output):
            raise _wrong(
                self.stack,
                f"!output {self._argument}: is not `stack.Output`",
                "write `!output queue.QueueArn`",
            )
        return stack, output


class ParameterPath(Resolver):  # type: ignore[misc]  # Sceptre ships no types
    """`!parameter_path`: where this stack publishes its own outputs (REQ-P7)."""

    offline = True

    def resolve(self) -> str:
        """Return `/{workload}/{environment}/{stack}`."""
        return f"{stack_settings(self.stack).parameter_root}/{self.stack.name.rpartition('/')[2]}"

    @property
    def identity(self) -> Symbol:
        """The path with the workload's place in Parameter Store left open."""
        return _below_root(self.stack.name.rpartition("/")[2])


def _below_root(path: str) -> Symbol:
    whole = concat([Symbol.named("parameter_root"), f"/{path}"])
    assert isinstance(whole, Symbol)  # noqa: S101 - a part of it is one
    return whole


class PackageKey(Resolver):  # type: ignore[misc]  # Sceptre ships no types
    """`!package orders`: the S3 key of a function package, named by the digest of what goes into it."""

    offline = True

    def resolve(self) -> str:
        """Return `functions/<package>/<digest>.zip`."""
        try:
            return key_of_package(self.stack, str(self.argument))
        except ConfigurationError as error:
            raise ResolverError(error.problems) from None


class TemplateDigest(Resolver):  # type: ignore[misc]  # Sceptre ships no types
    """`!template_digest`: a short digest of the stack's own template, for what must be renewed with it."""

    offline = True

    def resolve(self) -> str:
        """Return the first ten hexadecimal digits of the template's SHA-256."""
        handler = self.stack._template_handler_config or {"path": self.stack.template_path}
        body = template_body(self.stack, str(handler.get("path")))
        return hashlib.sha256(body).hexdigest()[:DIGEST_LENGTH]


class TemplateKey(Resolver):  # type: ignore[misc]  # Sceptre ships no types
    """`!template_key agent.yaml`: the S3 key of a template that a StackSet deploys, named by its digest."""

    offline = True

    def resolve(self) -> str:
        """Return `templates/<digest>.yaml`."""
        return template_key(template_body(self.stack, str(self.argument)))


def template_body(stack: SceptreStack, name: str) -> bytes:
    """Return a template's content; raises ResolverError where templates/ has no such file."""
    folder = (project_root(stack) / "templates").resolve()
    path = (folder / name).resolve()
    try:
        if path.is_relative_to(folder):
            return path.read_bytes()
    except OSError:
        pass
    raise _wrong(stack, f"the template {name} does not exist", "correct the path")


def template_key(body: bytes) -> str:
    """Return the S3 key of a template: a template that changes is another object, and so another StackSet operation."""
    return f"templates/{hashlib.sha256(body).hexdigest()[:32]}.yaml"


class ReleaseTag(Resolver):  # type: ignore[misc]  # Sceptre ships no types
    """`!release version|commit|time`: what the deployed release is called (REQ-P6).

    A stack whose template and parameters are what is already deployed keeps the tags it has, so that a new
    release that does not touch it changes nothing.
    """

    FIELDS = ("version", "commit", "time")

    @property
    def symbol(self) -> str:
        """The offline stand-in: the release is known only to a deployment."""
        if self.argument not in self.FIELDS:
            raise _wrong(
                self.stack, f"!release {self.argument}: is unknown", f"use one of {', '.join(self.FIELDS)}"
            )
        return f"release:{self.argument}"

    def resolve(self) -> str:
        """Return the live stack's own tag when the stack is unchanged, else the checked-out release's."""
        from pipelines.release import TAG_OF, carried_tags, checked_out

        tag = TAG_OF[self.symbol.removeprefix("release:")]
        carried = carried_tags(self.stack)
        if carried is not None and tag in carried:
            return carried[tag]
        return checked_out(project_root(self.stack)).tags()[tag]
