"""The object lock of a bucket, set through ministack's S3, which keeps locked versions.

ministack gives a replica no retention, whatever its bucket says, and forgets that of every version when it stops.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.extension.claims import Extension, emulated, recorded
from sandbox.extension.names import Name, replace
from sandbox.extension.resources import NAMES, Properties, RefusedError, accepted, complete
from sandbox.extension.s3_buckets import document

PUT = Name.function("services.s3", "_put_object_lock_configuration", "bucket_name", "body")
REPLICATE = Name.function("services.s3", "_maybe_replicate", "bucket_name", "key", "obj", "data", "tags")
RETAIN = Name.function(
    "services.s3", "_apply_object_lock_from_headers", "bucket_name", "key", "headers", "version_id"
)
PERSISTED = Name("services.s3", "_PERSISTED_BUCKET_DICTS")
RETENTION = Name("services.s3", "_object_retention")


def lock(property_value: Mapping[str, Any]) -> bytes:
    """Return the property ObjectLockConfiguration as the body of PutObjectLockConfiguration."""
    return document("ObjectLockConfiguration", property_value)


def _apply(name: str, old: Properties, new: Properties) -> None:
    before, after = old.get("ObjectLockConfiguration"), new.get("ObjectLockConfiguration")
    if before == after:
        return
    if not after:
        raise RefusedError(
            "The object lock of a bucket cannot be taken away. (Service: S3, Status Code: 409)"
        )
    accepted(PUT.get()(name, lock(after)))


def _retaining(original: Any) -> Any:
    """Lock a replica as its bucket says; S3 copies the retention of the source, which is the same here."""

    def replicate(bucket_name: str, key: str, obj: Any, data: Any, tags: Any = None) -> None:
        original(bucket_name, key, obj, data, tags)
        made = obj.get("_replica")
        if made:
            RETAIN.get()(made[0], key, {}, made[1])

    return replicate


def _install() -> None:
    complete("AWS::S3::Bucket", _apply)
    replace(REPLICATE, _retaining)
    PERSISTED.get()["object_retention"] = RETENTION.get()


EXTENSION = Extension(
    name="s3_object_locks",
    claims=(
        emulated(
            "AWS::S3::Bucket ObjectLockConfiguration",
            "a locked version is not removed without a permission to bypass; replicas are locked by their own bucket",
        ),
        recorded(
            "AWS::S3::Bucket ObjectLockEnabled", "a bucket has a lock once it has a configuration of it"
        ),
    ),
    names=(*NAMES, PUT, REPLICATE, RETAIN, PERSISTED, RETENTION),
    install=_install,
)
