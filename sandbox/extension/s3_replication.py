"""The replication of a bucket, set through ministack's S3, which copies each object and version as it is written.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-replicationconfiguration.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.extension.claims import Extension, emulated, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Properties, accepted, complete, wanted
from sandbox.extension.s3_buckets import document

PUT = Name.function("services.s3", "_put_bucket_replication", "bucket_name", "body")
DELETE = Name.function("services.s3", "_delete_bucket_replication", "bucket_name")


def _filter(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule's filter; template and API name tags differently."""
    if "And" in found:
        both = found["And"]
        return {"And": {**wanted(both, "Prefix"), "Tag": list(both.get("TagFilters") or ())}}
    if "TagFilter" in found:
        return {"Tag": found["TagFilter"]}
    return {"Prefix": found.get("Prefix", "")}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {"ID": rule["Id"]} if "Id" in rule else {}
    written |= wanted(rule, "Priority", "Prefix", "Status")
    if "Filter" in rule:
        written["Filter"] = _filter(rule["Filter"])
    return written | wanted(
        rule, "SourceSelectionCriteria", "Destination", "DeleteMarkerReplication", "ExistingObjectReplication"
    )


def replication(property_value: Mapping[str, Any]) -> bytes:
    """Return the property ReplicationConfiguration as the body of PutBucketReplication."""
    rules = [_rule(rule) for rule in property_value["Rules"]]
    return document("ReplicationConfiguration", {"Role": property_value["Role"], "Rule": rules})


def _apply(name: str, old: Properties, new: Properties) -> None:
    before, after = old.get("ReplicationConfiguration"), new.get("ReplicationConfiguration")
    if before != after:
        accepted(PUT.get()(name, replication(after)) if after else DELETE.get()(name))


EXTENSION = Extension(
    name="s3_replication",
    claims=(
        emulated(
            "AWS::S3::Bucket ReplicationConfiguration",
            "objects, versions and delete markers are in the other bucket at once, with their replication status",
        ),
        recorded(
            "AWS::S3::Bucket ReplicationConfiguration: role, time, metrics, keys",
            "shown by GetBucketReplication; within an account the role is not asked",
        ),
    ),
    names=(*NAMES, PUT, DELETE),
    install=lambda: complete("AWS::S3::Bucket", _apply),
)
