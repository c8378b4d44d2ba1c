"""A package is put into the bucket once, and never over other bytes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from pipelines.packages import SourcesChangedError, package_key, upload_package
from validator.errors import FailureError, TechnicalError

from .project import Project


class Bucket:
    """S3 reduced to two calls on one bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.puts = 0
        self.on_head: Callable[[], None] = lambda: None

    def head_object(self, *, Bucket: str, Key: str, ChecksumMode: str) -> dict[str, Any]:  # noqa: N803
        assert ChecksumMode == "ENABLED", "S3 leaves the checksum out unless it is asked for"
        found = self.objects.get(Key)
        self.on_head()
        if found is None:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        return {name: found[name] for name in ("Metadata", "ChecksumSHA256") if name in found}

    def put_object(self, *, Key: str, **arguments: Any) -> dict[str, Any]:  # noqa: N803 - as boto3 calls them
        self.puts += 1
        if arguments["IfNoneMatch"] == "*" and Key in self.objects:
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": ""}}, "PutObject")
        self.objects[Key] = arguments
        return {}


def upload(project: Project, bucket: Any) -> Any:
    return upload_package(project.root, "shop", project.build(), bucket, "artifacts")


def test_a_package_is_uploaded_once_with_its_digest(project: Project) -> None:
    bucket = Bucket()
    first, second = upload(project, bucket), upload(project, bucket)
    stored = bucket.objects[package_key(project.root, "shop")]
    assert (first.uploaded, second.uploaded, bucket.puts) == (True, False, 1)
    assert first.key == second.key == package_key(project.root, "shop")
    assert base64.b64decode(stored["ChecksumSHA256"]).hex() == hashlib.sha256(stored["Body"]).hexdigest()
    assert first.sha256 == hashlib.sha256(stored["Body"]).hexdigest()


def test_an_upload_under_way_elsewhere_is_no_failure_of_the_package(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket()

    def conflict(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ConditionalRequestConflict", "Message": ""}}, "PutObject")

    monkeypatch.setattr(bucket, "put_object", conflict)
    with pytest.raises(TechnicalError, match="by somebody else; run again"):
        upload(project, bucket)


def test_a_zip_that_lies_in_the_folder_is_not_trusted(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = project.build().read_bytes()
    project.build().write_bytes(b"something else")
    monkeypatch.setattr("pipelines.packages.build._built", set())
    assert project.build().read_bytes() == good


def test_the_loser_of_two_uploads_finds_the_winners_object(project: Project) -> None:
    bucket, other = Bucket(), Bucket()
    upload(project, other)

    def win() -> None:
        bucket.objects = other.objects

    bucket.on_head = win
    assert not upload(project, bucket).uploaded
    assert bucket.puts == 1


@pytest.mark.parametrize("checksum", [{}, {"ChecksumSHA256": base64.b64encode(bytes(32)).decode()}])
def test_other_bytes_under_the_key_are_a_failure(project: Project, checksum: dict[str, str]) -> None:
    """Also where the object's metadata, which its writer chose, says the right digest."""
    bucket = Bucket()
    right = hashlib.sha256(project.build().read_bytes()).hexdigest()
    bucket.objects[package_key(project.root, "shop")] = {"Metadata": {"sha256": right}, **checksum}
    with pytest.raises(FailureError, match=r"artifacts/functions/shop/.* holds other bytes"):
        upload(project, bucket)
    assert bucket.puts == 0


@pytest.mark.parametrize(
    "failure",
    [
        ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "HeadObject"),
        EndpointConnectionError(endpoint_url="https://s3"),
    ],
)
def test_when_s3_does_not_do_its_part_it_is_a_technical_error(project: Project, failure: Exception) -> None:
    bucket = Bucket()

    def fail() -> None:
        raise failure

    bucket.on_head = fail
    with pytest.raises(TechnicalError, match="package shop could not be put into artifacts"):
        upload(project, bucket)


def test_sources_that_changed_since_the_build_are_not_uploaded_under_another_key(project: Project) -> None:
    package = project.build()
    project.write("functions/shop/api.py", "")
    with pytest.raises(SourcesChangedError, match="package shop changed after the stack"):
        upload_package(project.root, "shop", package, Bucket(), "artifacts")  # type: ignore[arg-type]
