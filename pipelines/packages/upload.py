"""Putting a package or a template into the artifacts bucket, once."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from validator.errors import ConfigurationError, FailureError, Problem, TechnicalError

from .source import package_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


class SourcesChangedError(ConfigurationError):
    """What is to be uploaded is not what the stack was rendered with: it would name an object that is not there."""

    @classmethod
    def of(cls, what: str) -> SourcesChangedError:
        """Return the error for a package or a template, as errors call it."""
        return cls(
            [
                Problem(
                    "",
                    "",
                    f"{what} changed after the stack that uses it was rendered",
                    "leave the sources alone while a deployment runs, and run it again",
                )
            ]
        )


@dataclass(frozen=True, slots=True)
class Upload:
    """Where an object lies, its SHA-256 in hexadecimal, and whether this call put it there."""

    key: str
    sha256: str
    uploaded: bool


def upload_package(root: Path, name: str, package: Path, s3: S3Client, bucket: str) -> Upload:
    """Upload the zip that `build_package` made, as `put_once` does.

    Raises `SourcesChangedError` when the sources changed after the build, too.
    """
    key = package_key(root, name)
    if package.name != key.rpartition("/")[2]:
        raise SourcesChangedError.of(f"package {name}")
    return put_once(s3, bucket, key, package.read_bytes(), f"package {name}")


def put_once(
    s3: S3Client, bucket: str, key: str, body: bytes, what: str, content_type: str = "application/zip"
) -> Upload:
    """Put an object under a key that is made of its content, unless the bucket has it; an existing one is compared.

    S3 checks the body against its SHA-256 and refuses to write over a key, so that two uploads at once leave
    one object. `what` is how errors call it. Raises `FailureError` when other bytes lie under the key, `TechnicalError`
    when S3 does not do its part.
    """
    digest = hashlib.sha256(body)
    try:
        there = _stored_digest(s3, bucket, key)
        uploaded = there is None and _put(s3, bucket, key, body, content_type)
        if not uploaded:
            there = there or _stored_digest(s3, bucket, key)
    except (ClientError, BotoCoreError) as error:
        raise TechnicalError(f"{what} could not be put into {bucket}: {error}") from error
    if not uploaded and there is None:
        raise TechnicalError(f"{what} is being uploaded to {bucket} by somebody else; run again")
    if not uploaded and there != digest.hexdigest():
        raise FailureError(
            f"{bucket}/{key} holds other bytes than {what}: somebody wrote it outside the builder"
        )
    return Upload(key, digest.hexdigest(), uploaded)


def _stored_digest(s3: S3Client, bucket: str, key: str) -> str | None:
    """Return the SHA-256 that S3 itself computed, '' when it has none, None when there is no object.

    Not the object's metadata, which says what whoever wrote the object chose to say.
    """
    try:
        head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return None
        raise
    return base64.b64decode(head.get("ChecksumSHA256", "")).hex()


def _put(s3: S3Client, bucket: str, key: str, body: bytes, content_type: str) -> bool:
    digest = hashlib.sha256(body)
    try:
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType=content_type,
            ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
            IfNoneMatch="*",
        )
    except ClientError as error:
        # The second is S3's answer while another upload of the same key is under way (PutObject, 409).
        if error.response["Error"]["Code"] not in {"PreconditionFailed", "ConditionalRequestConflict"}:
            raise
        return False
    return True
