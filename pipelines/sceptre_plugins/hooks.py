"""Hooks of the config hierarchy; Sceptre runs them, the loader never does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sceptre.hooks import Hook

from .file_resolvers import key_of_package, template_body, template_key
from .stack_settings import project_root, stack_settings


class UploadPackage(Hook):  # type: ignore[misc]  # Sceptre ships no types
    """`!upload_package orders`: build a function package and put it into the artifacts bucket, once."""

    def check(self) -> None:
        """Raise ConfigurationError when there is no such package; the loader asks, and runs nothing."""
        key_of_package(self.stack, str(self.argument))

    def run(self) -> None:
        """Build from the working tree, upload under the key that the stack was rendered with; an existing object stays.

        Raises SourcesChangedError, and uploads nothing, where the build has another key than that.
        """
        from pipelines.packages import build_package, upload_package

        root, name = project_root(self.stack), str(self.argument)
        folder = root / ".lockstep" / "packages"
        package = build_package(root, name, folder)
        _require_named(self.stack, package.relative_to(folder).as_posix(), f"package {name}")
        for s3, bucket in _artifacts(self.stack, self.regions()):
            upload_package(root, name, package, s3, bucket)

    def regions(self) -> Iterable[str]:
        """Return the regions whose bucket gets it: the stack's own, since Lambda reads from its own region alone."""
        return [self.stack.region]


class UploadPackageToRegions(UploadPackage):
    """`!upload_package_to_regions agent`: the same into the artifacts bucket of every region with an agent."""

    def regions(self) -> Iterable[str]:
        """Return the control region, and the other regions of the settings."""
        return [self.stack.region, *getattr(stack_settings(self.stack), "regions", ())]


class UploadTemplate(Hook):  # type: ignore[misc]  # Sceptre ships no types
    """`!upload_template agent.yaml`: put a template into the artifacts bucket, where a StackSet reads it."""

    def check(self) -> None:
        """Raise ConfigurationError when there is no such template."""
        template_body(self.stack, str(self.argument))

    def run(self) -> None:
        """Upload under the key that the stack was rendered with; an existing object stays.

        Raises SourcesChangedError, and uploads nothing, where the template has another key than that.
        """
        from pipelines.packages import put_once

        body, what = template_body(self.stack, str(self.argument)), f"template {self.argument}"
        _require_named(self.stack, template_key(body), what)
        for s3, bucket in _artifacts(self.stack, [self.stack.region]):
            put_once(s3, bucket, template_key(body), body, what, "application/yaml")


def _require_named(stack: Any, key: str, what: str) -> None:
    """Raise SourcesChangedError unless a parameter names the key.

    Sceptre resolves a parameter once, here if it was not before: what is compared is what will be sent.
    """
    from pipelines.packages import SourcesChangedError

    if key not in stack.parameters.values():
        raise SourcesChangedError.of(what)


def _artifacts(stack: Any, regions: Iterable[str]) -> Iterator[tuple[Any, str]]:
    """Yield an S3 client and the artifacts bucket of each region, which that region's Parameter Store names."""
    from pipelines.aws import Aws

    name = f"{stack_settings(stack).parameter_root}/artifacts/BucketName"
    for region in regions:
        aws = Aws(region, stack.sceptre_role, stack.profile)
        yield aws.client("s3"), aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
