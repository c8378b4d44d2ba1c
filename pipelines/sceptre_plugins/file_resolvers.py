"""Resolvers of what a stack is made from: function packages and templates, each named by a digest of its content."""

from __future__ import annotations

import hashlib

from sceptre.resolvers import Resolver
from sceptre.stack import Stack as SceptreStack

from validator.errors import ConfigurationError

from .stack_settings import ResolverError, project_root, wrong

DIGEST_LENGTH = 10


def key_of_package(stack: SceptreStack, name: str) -> str:
    """Return the S3 key of a package; raises ConfigurationError. The stacks of one load work it out once.

    What a package holds takes a while to find, and several stacks of every environment name the same.
    """
    from pipelines.packages import package_key

    kept: dict[str, str] = getattr(stack, "_lockstep_packages", {})
    if name not in kept:
        kept[name] = package_key(project_root(stack), name)
    return kept[name]


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
    raise wrong(stack, f"the template {name} does not exist", "correct the path")


def template_key(body: bytes) -> str:
    """Return the S3 key of a template: a template that changes is another object, and so another StackSet operation."""
    return f"templates/{hashlib.sha256(body).hexdigest()[:32]}.yaml"
