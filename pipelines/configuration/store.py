"""Writing releases to the configuration store and reading them back, every read verified (REQ-C8). The only S3 code.

An object is written once: a put with `If-None-Match: *`, so that two writers leave one object, and a writer that died
leaves nothing half done. What an object refers to is written before it, the manifests last.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pipelines.configuration.decoding import from_json
from pipelines.configuration.encoding import digest_of
from pipelines.configuration.errors import ObjectChangedError, ObjectConflictError, ObjectMissingError
from pipelines.configuration.keys import (
    evidence_key,
    manifest_key,
    parameters_key,
    policy_key,
    source_key,
    template_key,
)
from pipelines.configuration.manifest import Manifest
from validator.errors import TechnicalError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchVersion"})
_DENIED = frozenset({"403", "AccessDenied"})
"""S3's answer for an object that is not there, to whoever may not list the bucket (API reference, GetObject)."""
_THERE = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
"""S3's answers when the key has an object, and while another put of it is under way (PutObject, 412 and 409)."""
SIDE_BY_SIDE = 8
LARGEST = 16 * 2**20
"""Bytes of an object that are read at most: CloudFormation takes templates of 1 MB, and a manifest is smaller."""


@dataclass(slots=True)
class ConfigurationStore:
    """What the deployments of one environment, `by`, wrote to a bucket: releases, with all environments in them.

    Nothing that was read is kept: an object that somebody changed must not look right to who read it before.
    Encryption is the bucket's own: it refuses what is not under its key.
    """

    client: S3Client
    bucket: str
    by: str

    def put_release(
        self, manifests: Iterable[Manifest], templates: Mapping[str, bytes], policy: bytes
    ) -> None:
        """Write a release: templates by digest, the policy, the parameter files, and the manifests last.

        What is there already with the same bytes stays, so a second call carries on where the first one died. Raises
        ObjectConflictError where a key holds other bytes, TechnicalError where somebody else is writing it just now.
        """
        those = list(manifests)
        objects = {template_key(self.by, digest): body for digest, body in templates.items()}
        objects |= {policy_key(self.by, digest_of(policy)): policy}
        objects |= {parameters_key(self.by, m.workload, m.tag, m.environment): m.parameters for m in those}
        self._put_all(objects)
        self._put_all({manifest_key(self.by, m.workload, m.tag, m.environment): m.text for m in those})

    def manifest(self, workload: str, tag: str, environment: str, digest: str) -> Manifest:
        """Return a manifest that was recorded under `digest`.

        Raises ObjectMissingError where it is not there, ObjectChangedError where it holds anything else.
        """
        key = manifest_key(self.by, workload, tag, environment)
        content = self._read(key, digest)
        try:
            return from_json(json.loads(content))
        except (ValueError, RecursionError, MemoryError) as error:
            raise TechnicalError(f"{key} cannot be read by this version of Lockstep: {error}") from None

    def parameters(self, manifest: Manifest) -> bytes:
        """Return the parameter file of a manifest; raises as `manifest` does."""
        key = parameters_key(self.by, manifest.workload, manifest.tag, manifest.environment)
        return self._read(key, manifest.parameters_digest)

    def template(self, digest: str) -> str:
        """Return the template of a digest as it is sent; raises as `manifest` does."""
        return self._read(template_key(self.by, digest), digest).decode()

    def policy(self, digest: str) -> str:
        """Return the policy of variances of a digest; raises as `manifest` does."""
        return self._read(policy_key(self.by, digest), digest).decode()

    def put_evidence(self, text: bytes) -> str:
        """Keep a statement under its digest, and return that; raises as `put_release` does (REQ-G6)."""
        digest = digest_of(text)
        self._put(evidence_key(self.by, digest), text)
        return digest

    def evidence(self, digest: str) -> bytes:
        """Return the statement of a digest as it was kept; raises as `manifest` does."""
        return self._read(evidence_key(self.by, digest), digest)

    def evidence_as_it_is(self, digest: str) -> bytes:
        """Return what lies under a digest, unverified: for who tells what is wrong with it.

        Raises ObjectMissingError where nothing does.
        """
        return self._content(evidence_key(self.by, digest))

    def put_source(self, tag: str, content: bytes) -> str:
        """Keep the source of a release for a pipeline, and return its key; raises as `put_release` does (REQ-G10)."""
        key = source_key(self.by, tag)
        self._put(key, content)
        return key

    def _read(self, key: str, digest: str) -> bytes:
        """Return an object whose bytes have a digest."""
        content = self._content(key)
        found = digest_of(content)
        if found != digest:
            raise ObjectChangedError(key, digest, found)
        return content

    def _content(self, key: str) -> bytes:
        """Return an object; raises TechnicalError for one over LARGEST."""
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
            if answer.get("ContentLength", 0) > LARGEST:
                raise TechnicalError(
                    f"{key} has {answer['ContentLength']} bytes, and {LARGEST} are read at most"
                )
            return answer["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT | _DENIED:
                raise ObjectMissingError(key) from None
            raise

    def _put_all(self, objects: Mapping[str, bytes]) -> None:
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
            list(pool.map(lambda item: self._put(*item), objects.items()))

    def _put(self, key: str, body: bytes) -> None:
        digest = hashlib.sha256(body)
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=f"application/{key.rpartition('.')[2]}",
                ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _THERE:
                raise
            self._compare(key, body)

    def _compare(self, key: str, body: bytes) -> None:
        try:
            there = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                raise TechnicalError(f"{key} is being written by somebody else; run again") from None
            raise
        if there != body:
            raise ObjectConflictError(key, digest_of(body), digest_of(there))
