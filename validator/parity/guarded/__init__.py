"""What never differs between environments, by resource type, as data (REQ-V5). Pure.

Source: aws-facts "May vary between environments; never varies", and the resource reference of each type. A test holds
every type and property against the schemas that cfn-lint carries.

In each module, by resource type, or by service as `AWS::IAM::*`:

- `NEVER`: properties as paths, `/` between names, list items left out, `*` for every property;
- `VARIES`: what is free below one of those;
- `PLAIN`: types of which nothing but the names in `EVERYWHERE` never varies;
- `ALONE`: types that are guards themselves, so that no environment may lack one that another has.

Of a type that stands nowhere here nothing is known, so that nothing of it varies.
"""

from . import access, compute, data, messaging, network

MODULES = (access, compute, data, messaging, network)

NEVER: dict[str, str] = {key: paths for module in MODULES for key, paths in module.NEVER.items()}
VARIES: dict[str, str] = {key: paths for module in MODULES for key, paths in module.VARIES.items()}
PLAIN: frozenset[str] = frozenset(name for module in MODULES for name in module.PLAIN.split())
ALONE: frozenset[str] = frozenset(name for module in MODULES for name in module.ALONE.split())

_NAMES = """
    EncryptionConfiguration EncryptionKey EncryptionKeyArn EncryptionDisabled Encrypted StorageEncrypted
    KMSKeyArn KMSKeyId KMSMasterKeyID KMSMasterKeyId KmsDataKeyReusePeriodSeconds KmsKey KmsKeyArn KmsKeyId
    KmsKeyIdentifier KmsMasterKeyId PerformanceInsightsKMSKeyId PerformanceInsightsKmsKeyId ReplicaKmsKeyID
    SourceKMSKeyArn
    AccessPolicies AccessPolicy AssumeRolePolicyDocument ExecutionRoleArn IamInstanceProfile IamRoleArn InlinePolicy
    KeyPolicy ManagedPolicyArns PermissionsBoundary PolicyDocument Principal RepositoryPolicyText ResourcePolicy
    ResourcePolicyDocument RoleARN RoleArn ServiceRole ServiceToken TaskRoleArn
    AssignPublicIp AssociatePublicIpAddress MapPublicIpOnLaunch PublicAccessBlockConfiguration PubliclyAccessible
    SecurityGroupIds SecurityGroups VPCSecurityGroups VpcSecurityGroupIds
    AuthType AuthorizationType AuthorizerId MetadataOptions MutualTlsAuthentication SecurityPolicy SslPolicy
    AccessLogSetting AccessLogSettings LogConfiguration LoggingConfig LoggingConfiguration TracingConfig
    TracingConfiguration TracingEnabled
    Architectures DeadLetterConfig
"""
EVERYWHERE = frozenset(_NAMES.split())
"""Properties that guard data or access wherever they stand."""

ALONE_WITH = {
    "AWS::EC2::Route": """CarrierGatewayId CoreNetworkArn EgressOnlyInternetGatewayId GatewayId LocalGatewayId
        NetworkInterfaceId TransitGatewayId VpcPeeringConnectionId""",
    "AWS::SQS::Queue": "RedriveAllowPolicy",
}
"""Types that are guards where they have one of these properties: a dead letter queue, a way out that is no NAT."""

REGIONAL = {
    "AWS::DynamoDB::GlobalTable": "Replicas",
    "AWS::S3::Bucket": "ReplicationConfiguration",
    "AWS::SecretsManager::Secret": "ReplicaRegions",
}
"""What has an item for each further region. Regions may vary, so it may be missing or longer; each item is guarded."""

_ONCE = """
    AWS::CloudTrail::Trail AWS::IAM::* AWS::Route53::DNSSEC AWS::Route53::KeySigningKey AWS::Route53::QueryLoggingConfig
    AWS::SecretsManager::ResourcePolicy AWS::SecretsManager::RotationSchedule
"""
ONCE = frozenset(_ONCE.split())
"""Guards that a workload of several regions has in one of them: global names, a trail of all regions, a rotation."""

ROLES = frozenset({"sceptre_role", "iam_role", "role_arn", "cloudformation_service_role", "profile"})
"""Options of a stack that say with whose rights it is deployed."""

ATTRIBUTES = frozenset({"Type"})
"""What of a resource beside its properties never varies. Deletion policies may: their class is declared."""

_KNOWN = frozenset({*NEVER, *VARIES, *ALONE, *ALONE_WITH, *REGIONAL, *PLAIN})


def is_known(resource_type: str) -> bool:
    """Tell whether these lists know a type, by itself or by its service: else nobody said what of it may vary."""
    return not _KNOWN.isdisjoint((resource_type, resource_type.rpartition("::")[0] + "::*"))
