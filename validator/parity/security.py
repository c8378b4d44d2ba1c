"""What can never be declared a variance (REQ-V5): encryption, access, logging, tracing, recovery paths. Pure.

Source: aws-facts "May vary between environments; never varies", and the resource reference of each type.
"""

from __future__ import annotations

from collections.abc import Sequence

EVERYWHERE = frozenset(
    {
        "AssumeRolePolicyDocument",
        "KeyPolicy",
        "KmsDataKeyReusePeriodSeconds",
        "KmsKeyArn",
        "KmsKeyId",
        "KmsMasterKeyId",
        "ManagedPolicyArns",
        "PermissionsBoundary",
        "PolicyDocument",
        "Policies",
        "ResourcePolicy",
    }
)
"""Properties that guard data or access in every type that has them."""

BY_TYPE: dict[str, frozenset[str]] = {
    "AWS::ApiGateway::Method": frozenset({"AuthorizationType", "AuthorizerId", "ApiKeyRequired"}),
    "AWS::ApiGateway::RestApi": frozenset(
        {"EndpointConfiguration", "MinimumCompressionSize", "SecurityPolicy"}
    ),
    "AWS::ApiGateway::Stage": frozenset({"AccessLogSetting", "TracingEnabled"}),
    "AWS::DynamoDB::Table": frozenset(
        {"DeletionProtectionEnabled", "SSESpecification", "StreamSpecification"}
    ),
    "AWS::EC2::SecurityGroup": frozenset({"SecurityGroupEgress", "SecurityGroupIngress"}),
    "AWS::EC2::Subnet": frozenset({"AvailabilityZone", "AvailabilityZoneId", "MapPublicIpOnLaunch"}),
    "AWS::KMS::Key": frozenset({"EnableKeyRotation", "KeySpec", "KeyUsage", "MultiRegion"}),
    "AWS::Lambda::EventSourceMapping": frozenset({"FunctionResponseTypes"}),
    "AWS::Lambda::Function": frozenset(
        {"Architectures", "DeadLetterConfig", "LoggingConfig", "Runtime", "TracingConfig", "VpcConfig"}
    ),
    "AWS::S3::Bucket": frozenset(
        {
            "BucketEncryption",
            "LoggingConfiguration",
            "OwnershipControls",
            "PublicAccessBlockConfiguration",
            "VersioningConfiguration",
        }
    ),
    "AWS::SQS::Queue": frozenset({"RedriveAllowPolicy", "SqsManagedSseEnabled"}),
}
"""Further properties by resource type."""

ATTRIBUTES = frozenset({"Type"})
"""What of a resource beside its properties never varies. Deletion policies may: their class is declared."""


def guards(resource_type: str, path: Sequence[str | int]) -> bool:
    """Tell whether the effective path `Resources.<id>.Properties.<name>...` is one that security rests on."""
    if len(path) < 3 or path[0] != "Resources":
        return False
    if path[2] in ATTRIBUTES:
        return True
    if path[2] != "Properties":
        return False
    names = {part for part in path[3:] if isinstance(part, str)}
    top = path[3] if len(path) > 3 else ""
    if resource_type == "AWS::SQS::Queue" and list(path[3:5]) == ["RedrivePolicy", "deadLetterTargetArn"]:
        return True
    return bool(names & EVERYWHERE) or top in BY_TYPE.get(resource_type, frozenset())
