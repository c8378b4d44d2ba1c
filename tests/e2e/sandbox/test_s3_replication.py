"""Objects and versions appear in the bucket of the other region (REQ-C8)."""

from __future__ import annotations

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack

REPLICA = """
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: replica-ACCOUNT, VersioningConfiguration: {Status: Enabled}}
"""
SOURCE = """
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: source-ACCOUNT
      VersioningConfiguration: {Status: Enabled}
      ReplicationConfiguration:
        Role: arn:aws:iam::ACCOUNT:role/replication
        Rules:
          - Id: all
            Priority: 0
            Status: Enabled
            Filter: {Prefix: ""}
            DeleteMarkerReplication: {Status: Enabled}
            SourceSelectionCriteria: {SseKmsEncryptedObjects: {Status: Enabled}}
            Destination:
              Bucket: arn:aws:s3:::replica-ACCOUNT
              EncryptionConfiguration: {ReplicaKmsKeyID: "arn:aws:kms:us-west-2:ACCOUNT:key/k"}
              ReplicationTime: {Status: Enabled, Time: {Minutes: 15}}
              Metrics: {Status: Enabled, EventThreshold: {Minutes: 15}}
"""


def test_a_replicated_bucket(client: Client, account: str, stack: Stack) -> None:
    """Two versions and a deletion reach the other region; source and replica say so; the settings are shown."""
    replica = Stack(client("cloudformation", account=account, region="us-west-2"), "replica")
    assert replica.create(REPLICA.replace("ACCOUNT", account)) == "CREATE_COMPLETE"
    assert stack.create(SOURCE.replace("ACCOUNT", account)) == "CREATE_COMPLETE", stack.reasons()
    here = client("s3", account=account)
    there = client("s3", account=account, region="us-west-2")
    for body in (b"one", b"two"):
        here.put_object(Bucket=f"source-{account}", Key="a", Body=body)
    assert here.head_object(Bucket=f"source-{account}", Key="a")["ReplicationStatus"] == "COMPLETED"
    copy = there.get_object(Bucket=f"replica-{account}", Key="a")
    assert (copy["Body"].read(), copy["ReplicationStatus"]) == (b"two", "REPLICA")
    here.delete_object(Bucket=f"source-{account}", Key="a")
    found = there.list_object_versions(Bucket=f"replica-{account}")
    assert (len(found["Versions"]), len(found["DeleteMarkers"])) == (2, 1)
    (rule,) = here.get_bucket_replication(Bucket=f"source-{account}")["ReplicationConfiguration"]["Rules"]
    assert rule["ID"] == "all"
    assert rule["Destination"]["ReplicationTime"] == {"Status": "Enabled", "Time": {"Minutes": 15}}
    assert rule["SourceSelectionCriteria"] == {"SseKmsEncryptedObjects": {"Status": "Enabled"}}


def test_a_destination_without_versions_fails_the_stack(client: Client, account: str, stack: Stack) -> None:
    """S3 refuses such a replication, and so does the deployment."""
    here = client("s3", account=account)
    here.create_bucket(Bucket=f"replica-{account}")
    assert stack.create(SOURCE.replace("ACCOUNT", account)) == "ROLLBACK_COMPLETE"
    assert "versioning" in stack.reasons()["Bucket"].lower()
