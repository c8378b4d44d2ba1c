"""The settings of a bucket are what the template says, and a bucket with objects stays."""

from __future__ import annotations

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack

BUCKET = """
Parameters: {Retention: {Type: Number}}
Conditions: {Expires: !Not [!Equals [!Ref Retention, 0]]}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: {Status: Enabled}
      PublicAccessBlockConfiguration:
        {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
      OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - BucketKeyEnabled: true
            ServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: key}
      LifecycleConfiguration:
        TransitionDefaultMinimumObjectSize: varies_by_storage_class
        Rules:
          - Id: tier
            Status: Enabled
            Transitions:
              - {StorageClass: INTELLIGENT_TIERING, TransitionInDays: 0}
              - {StorageClass: GLACIER, TransitionInDays: 365}
          - !If
            - Expires
            - Id: expire
              Status: Enabled
              Prefix: trades/
              ExpirationInDays: !Ref Retention
              NoncurrentVersionExpiration: {NoncurrentDays: 1}
            - !Ref AWS::NoValue
          - {Id: parts, Status: Enabled, AbortIncompleteMultipartUpload: {DaysAfterInitiation: 7}}
"""


def test_settings_of_a_bucket(client: Client, account: str, stack: Stack) -> None:
    """Encryption with its bucket key, versioning, public access, ownership and life cycle are shown by S3."""
    assert stack.create(BUCKET, {"Retention": "30"}) == "CREATE_COMPLETE", stack.reasons()
    s3, name = client("s3", account=account), stack.physical("Bucket")
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": "key",
    }
    assert encryption["BucketKeyEnabled"] is True
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    ownership = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]}
    assert rules["tier"]["Transitions"] == [
        {"Days": 0, "StorageClass": "INTELLIGENT_TIERING"},
        {"Days": 365, "StorageClass": "GLACIER"},
    ]
    assert rules["expire"]["Expiration"] == {"Days": 30}
    assert rules["expire"]["Filter"] == {"Prefix": "trades/"}
    assert rules["expire"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert rules["parts"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_settings_change_in_place(client: Client, account: str, stack: Stack) -> None:
    """An update changes the life cycle and keeps the objects."""
    stack.create(BUCKET, {"Retention": "30"})
    s3, name = client("s3", account=account), stack.physical("Bucket")
    s3.put_object(Bucket=name, Key="trades/1", Body=b"x")
    assert stack.update(BUCKET, {"Retention": "0"}) == "UPDATE_COMPLETE"
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert [rule["ID"] for rule in rules] == ["tier", "parts"]
    assert s3.get_object(Bucket=name, Key="trades/1")["Body"].read() == b"x"


def test_a_bucket_that_holds_versions_is_not_deleted(client: Client, account: str, stack: Stack) -> None:
    """An object that was deleted leaves versions behind; only without them the bucket goes."""
    stack.create(BUCKET, {"Retention": "30"})
    s3, name = client("s3", account=account), stack.physical("Bucket")
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    s3.delete_object(Bucket=name, Key="k")
    assert stack.delete() == "DELETE_FAILED"
    assert "BucketNotEmpty" in stack.reasons()["Bucket"]
    versions = s3.list_object_versions(Bucket=name)
    for one in versions.get("Versions", []) + versions.get("DeleteMarkers", []):
        s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
    assert stack.delete() == "DELETE_COMPLETE"
