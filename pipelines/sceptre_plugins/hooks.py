"""Hooks of the config hierarchy; Sceptre runs them, the loader never does."""

from __future__ import annotations

from sceptre.hooks import Hook

from .resolvers import project_root, stack_settings


class UploadPackage(Hook):  # type: ignore[misc]  # Sceptre ships no types
    """`!upload_package orders`: build a function package and put it into the artifacts bucket, once."""

    def check(self) -> None:
        """Raise ConfigurationError when there is no such package; the loader asks, and runs nothing."""
        from pipelines.packages import package_key

        package_key(project_root(self.stack), str(self.argument))

    def run(self) -> None:
        """Build from the working tree, upload under the key that `!package` names; an existing object stays."""
        from pipelines.aws import Aws
        from pipelines.packages import build_package, upload_package

        root, settings = project_root(self.stack), stack_settings(self.stack)
        aws = Aws.of_stack(self.stack)
        bucket = aws.client("ssm").get_parameter(Name=f"{settings.parameter_root}/artifacts/BucketName")
        name = str(self.argument)
        package = build_package(root, name, root / ".lockstep" / "packages")
        upload_package(root, name, package, aws.client("s3"), bucket["Parameter"]["Value"])
