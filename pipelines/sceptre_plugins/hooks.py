"""Hooks of the config hierarchy; Sceptre runs them, the loader never does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sceptre.hooks import Hook

from .resolvers import key_of_package, project_root, stack_settings, template_body, template_key


class UploadPackage(Hook):  # type: ignore[misc]  # Sceptre ships no types
    """`!upload_package orders`: build a function package and put it into the artifacts bucket, once."""

    def check(self) -> None:
        """Raise ConfigurationError when there is no such package; the loader asks, and runs nothing."""
        key_of_package(self.stack, str(self.argument))

    def run(self) -> None:
        """Build from the working tree, upload under the key that `!package` names; an existing object stays."""
        from pipelines.packages import build_package, upload_package

        root, name = project_root(self.stack), str(self.argument)
        package = build_package(root, name, root / ".lockstep" / "packages")
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
        """Upload under the key that `!template_key` names; an existing object stays."""
        from pipelines.packages import put_once

        body = template_body(self.stack, str(self.argument))
        for s3, bucket in _artifacts(self.stack, [self.stack.region]):
            put_once(s3, bucket, template_key(body), body, f"template {self.argument}", "application/yaml")


def _artifacts(stack: Any, regions: Iterable[str]) -> Iterator[tuple[Any, str]]:
    """Yield an S3 client and the artifacts bucket of each region, which that region's Parameter Store names."""
    from pipelines.aws import Aws

    name = f"{stack_settings(stack).parameter_root}/artifacts/BucketName"
    for region in regions:
        aws = Aws(region, stack.sceptre_role, stack.profile)
        yield aws.client("s3"), aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
