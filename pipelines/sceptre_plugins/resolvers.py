"""Resolvers of the config hierarchy. All but `!release` need nothing from outside and are `offline`.

The loader reads two attributes: `offline` says that `resolve` may run without AWS, and `symbol`, where it is
set, is what stands for a value that only a deployment knows. Entry points name all of them here.
"""

from __future__ import annotations

from sceptre.resolvers import Resolver

from validator.effective import Symbol, concat
from validator.errors import ConfigurationError
from validator.sceptre_values import settings_of
from validator.settings.base import is_identity, written_at

from .elsewhere import accounts_of, home_of
from .file_resolvers import PackageKey, TemplateDigest, TemplateKey
from .stack_settings import ResolverError, project_root, stack_settings, value_at, wrong

__all__ = [
    "Accounts",
    "Home",
    "Output",
    "PackageKey",
    "ParameterPath",
    "ReleaseTag",
    "Setting",
    "TemplateDigest",
    "TemplateKey",
]


class Setting(Resolver):  # type: ignore[misc]  # Sceptre ships no types
    """`!setting queue.retention_days`: one value of the typed settings."""

    offline = True

    def resolve(self) -> str | list[str] | None:
        """Return the value as CloudFormation wants it: text, a list of texts, or None to leave it out."""
        return value_at(
            self.stack, stack_settings(self.stack), f"!setting {self.argument}", str(self.argument)
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """The settings paths that somebody wrote, so that a difference can name the keys that caused it."""
        return written_at(type(stack_settings(self.stack)), str(self.argument).split("."))

    @property
    def identity(self) -> Symbol | None:
        """What stands for the value when environments are compared, where it names its environment."""
        named = is_identity(type(stack_settings(self.stack)), str(self.argument).split("."))
        return Symbol.named(str(self.argument)) if named else None


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
        return value_at(self.stack, home, f"!home {self.argument}", str(self.argument))


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
            raise wrong(
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
            raise wrong(
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
