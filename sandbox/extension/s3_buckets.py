"""What ministack's `AWS::S3::Bucket` leaves out, set through its S3.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from sandbox.extension.claims import Extension, emulated, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Properties, RefusedError, accepted, complete, tag_map

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
BUCKETS = Name("services.s3", "_buckets")
TAGS = Name("services.s3", "_bucket_tags")
VERSIONING = Name("services.s3", "_bucket_versioning")
VERSIONS = Name("services.s3", "_object_versions")
PUT_ENCRYPTION = Name.function("services.s3", "_put_bucket_encryption", "name", "body")
DELETE_ENCRYPTION = Name.function("services.s3", "_delete_bucket_encryption", "name")
PUT_LIFECYCLE = Name.function("services.s3", "_put_bucket_lifecycle", "name", "body")
DELETE_LIFECYCLE = Name.function("services.s3", "_delete_bucket_lifecycle", "name")
PUT_OWNERSHIP = Name.function("services.s3", "_put_bucket_ownership_controls", "name", "body")
DELETE_OWNERSHIP = Name.function("services.s3", "_delete_bucket_ownership_controls", "name")


def _fill(parent: ET.Element, value: Any) -> None:
    """Write a value below an element: a mapping as children, a list as children of one name."""
    if not isinstance(value, Mapping):
        parent.text = str(value).lower() if isinstance(value, bool) else str(value)
        return
    for name, member in value.items():
        for one in member if isinstance(member, list) else [member]:
            _fill(ET.SubElement(parent, name), one)


def document(root: str, value: Mapping[str, Any]) -> bytes:
    """Return an XML document of S3's API."""
    element = ET.Element(root, xmlns=NAMESPACE)
    _fill(element, value)
    written: bytes = ET.tostring(element, encoding="utf-8")
    return written


def encryption(property_value: Mapping[str, Any]) -> bytes:
    """Return the property BucketEncryption as the body of PutBucketEncryption."""
    rules = []
    for rule in property_value["ServerSideEncryptionConfiguration"]:
        default = rule.get("ServerSideEncryptionByDefault")
        written = {"ApplyServerSideEncryptionByDefault": default} if default else {}
        if "BucketKeyEnabled" in rule:
            written["BucketKeyEnabled"] = rule["BucketKeyEnabled"]
        rules.append(written)
    return document("ServerSideEncryptionConfiguration", {"Rule": rules})


def _expiration(rule: Mapping[str, Any]) -> dict[str, Any]:
    named = {
        "ExpirationInDays": "Days",
        "ExpirationDate": "Date",
        "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
    }
    return {written: rule[name] for name, written in named.items() if name in rule}


def _transition(transition: Mapping[str, Any]) -> dict[str, Any]:
    named = {"TransitionInDays": "Days", "TransitionDate": "Date", "StorageClass": "StorageClass"}
    return {written: transition[name] for name, written in named.items() if name in transition}


def _noncurrent(transition: Mapping[str, Any]) -> dict[str, Any]:
    named = {"TransitionInDays": "NoncurrentDays", "NewerNoncurrentVersions": "NewerNoncurrentVersions"}
    found = {written: transition[name] for name, written in named.items() if name in transition}
    return found | {"StorageClass": transition["StorageClass"]}


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {"Prefix": rule.get("Prefix", "")}
    parts |= {name: rule[name] for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan") if name in rule}
    if rule.get("TagFilters"):
        parts["Tag"] = list(rule["TagFilters"])
    return parts if set(parts) == {"Prefix"} else {"And": parts}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {"ID": rule["Id"]} if "Id" in rule else {}
    written |= {"Status": rule["Status"], "Filter": _filter(rule)}
    if expiration := _expiration(rule):
        written["Expiration"] = expiration
    if rule.get("Transitions"):
        written["Transition"] = [_transition(one) for one in rule["Transitions"]]
    if rule.get("NoncurrentVersionTransitions"):
        written["NoncurrentVersionTransition"] = [
            _noncurrent(one) for one in rule["NoncurrentVersionTransitions"]
        ]
    if "NoncurrentVersionExpiration" in rule:
        written["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
    if "AbortIncompleteMultipartUpload" in rule:
        days = rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        written["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    return written


def lifecycle(property_value: Mapping[str, Any]) -> bytes:
    """Return the property LifecycleConfiguration as the body of PutBucketLifecycleConfiguration."""
    return document("LifecycleConfiguration", {"Rule": [_rule(rule) for rule in property_value["Rules"]]})


def _ownership(property_value: Mapping[str, Any]) -> bytes:
    return document("OwnershipControls", {"Rule": list(property_value["Rules"])})


_SETTINGS = (
    ("BucketEncryption", encryption, PUT_ENCRYPTION, DELETE_ENCRYPTION),
    ("LifecycleConfiguration", lifecycle, PUT_LIFECYCLE, DELETE_LIFECYCLE),
    ("OwnershipControls", _ownership, PUT_OWNERSHIP, DELETE_OWNERSHIP),
)


def _apply(name: str, old: Properties, new: Properties) -> None:
    for setting, write, put, delete in _SETTINGS:
        if new.get(setting) == old.get(setting):
            continue
        accepted(put.get()(name, write(new[setting])) if setting in new else delete.get()(name))
    status = (new.get("VersioningConfiguration") or {}).get("Status")
    if status == "Suspended" or (status is None and (old.get("VersioningConfiguration") or {}).get("Status")):
        VERSIONING.get()[name] = "Suspended"  # versioning can never be switched off again
    TAGS.get()[name] = tag_map(new)


def _refuse(name: str, properties: Properties) -> None:
    """Refuse to delete a bucket that holds anything, as S3 does."""
    objects = BUCKETS.get().get(name, {}).get("objects")
    kept = any(bucket == name and versions for (bucket, _key), versions in VERSIONS.get().items())
    if objects or kept:
        raise RefusedError(
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket. "
            "(Service: S3, Status Code: 409, Code: BucketNotEmpty)"
        )


EXTENSION = Extension(
    name="s3_buckets",
    claims=(
        emulated("AWS::S3::Bucket Tags, OwnershipControls", "shown by S3; the stack's tags too"),
        emulated(
            "AWS::S3::Bucket deletion", "a bucket that holds objects or versions fails the stack's deletion"
        ),
        emulated("AWS::S3::Bucket VersioningConfiguration", "Enabled and Suspended"),
        recorded(
            "AWS::S3::Bucket BucketEncryption", "shown by GetBucketEncryption; objects are not encrypted"
        ),
        recorded("AWS::S3::Bucket LifecycleConfiguration", "shown by S3; no object moves or expires"),
    ),
    names=(
        *NAMES,
        BUCKETS,
        TAGS,
        VERSIONING,
        VERSIONS,
        PUT_ENCRYPTION,
        DELETE_ENCRYPTION,
        PUT_LIFECYCLE,
        DELETE_LIFECYCLE,
        PUT_OWNERSHIP,
        DELETE_OWNERSHIP,
    ),
    install=lambda: complete("AWS::S3::Bucket", _apply, before_delete=_refuse, tags=True),
)
