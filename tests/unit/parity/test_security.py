"""What can never be declared a variance, and what may vary (REQ-V5). Source: aws-facts, "May vary; never varies"."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from validator.findings import Finding
from validator.hierarchy import Hierarchy
from validator.model import Project, Stack
from validator.parity import ABSENT, Declared, Policy, compare, judge, pairs_of
from validator.parity.entries import declaration_of
from validator.parity.guarded import (
    ALONE,
    ALONE_WITH,
    EVERYWHERE,
    MODULES,
    NEVER,
    ONCE,
    PLAIN,
    REGIONAL,
    VARIES,
    is_known,
)
from validator.parity.security import guards
from validator.places import StackPlaces

REGION = "us-east-1"

# --- The data, against the schemas that cfn-lint carries ---


@cache
def schema(resource_type: str) -> dict[str, Any]:
    found: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema
    return found


@cache
def resource_types() -> frozenset[str]:
    return frozenset(PROVIDER_SCHEMA_MANAGER.get_resource_types(REGION))


def below(root: dict[str, Any], node: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return what the schema says of a property of a node; `{}` where the node takes any property."""
    if "$ref" in node:
        target: Any = root
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part]
        return below(root, target, name)
    found = [node["properties"][name]] if name in node.get("properties", {}) else []
    alternatives = [each for word in ("anyOf", "oneOf", "allOf") for each in node.get(word, ())]
    items = node.get("items")
    for each in [*alternatives, *([items] if isinstance(items, dict) else [])]:
        found += below(root, each, name)
    kinds = node.get("type", ())
    is_open = not node.get("properties") and "object" in ([kinds] if isinstance(kinds, str) else kinds)
    return found or ([{}] if node == {} or is_open else [])


def exists(resource_type: str, path: str) -> bool:
    nodes = [schema(resource_type)]
    for name in [] if path == "*" else path.split("/"):
        nodes = [each for node in nodes for each in below(schema(resource_type), node, name)]
    return bool(nodes)


def all_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        properties = value.get("properties", {})
        yield from properties if isinstance(properties, dict) else ()
        for each in value.values():
            yield from all_names(each)
    elif isinstance(value, list):
        for each in value:
            yield from all_names(each)


def test_a_property_that_is_not_there_is_noticed() -> None:
    assert exists("AWS::S3::Bucket", "ReplicationConfiguration/Rules/Destination/EncryptionConfiguration")
    assert exists("AWS::RDS::DBClusterParameterGroup", "Parameters/rds.force_ssl")
    assert not exists("AWS::S3::Bucket", "ReplicationConfiguration/Rules/Destinations")
    assert not exists("AWS::SQS::Queue", "RedrivePolicy/deadLetterTargetArn/Arn")
    assert not exists("AWS::SQS::Queue", "KmsKeyId")


@pytest.mark.parametrize(
    "listed", [NEVER, VARIES, ALONE_WITH, REGIONAL], ids=["NEVER", "VARIES", "WITH", "REGIONAL"]
)
def test_every_type_and_property_exists(listed: dict[str, str]) -> None:
    wrong = [
        f"{resource_type}: {path}"
        for resource_type, paths in listed.items()
        for path in paths.split()
        if not (
            any(each.startswith(resource_type[:-1]) for each in resource_types())
            if resource_type.endswith("::*")
            else resource_type in resource_types() and exists(resource_type, path)
        )
    ]
    assert wrong == []


def test_every_guard_by_itself_exists() -> None:
    assert [
        each for each in ALONE if not any(t.startswith(each.removesuffix("*")) for t in resource_types())
    ] == []


def test_every_plain_type_exists_and_has_no_entry_elsewhere() -> None:
    assert PLAIN - resource_types() == set()
    assert PLAIN & {*NEVER, *VARIES, *ALONE} == set()


def test_a_type_is_known_by_itself_or_by_its_service() -> None:
    assert all(is_known(each) for each in ("AWS::SQS::Queue", "AWS::IAM::Group", "AWS::EC2::NatGateway"))
    unknown = (
        "AWS::CloudFormation::Stack",
        "AWS::CloudFormation::CustomResource",
        "Custom::Thing",
        "AWS::SQS::New",
    )
    assert not any(is_known(each) for each in unknown)


def test_what_stands_in_one_region_is_a_guard_by_itself() -> None:
    """Else the entry would say nothing."""
    assert [each for each in ONCE if each not in ALONE] == []


def test_every_name_that_guards_everywhere_exists() -> None:
    unlisted = {"AWS::OpenSearchService", "AWS::SSO"}  # whose types are guarded as a whole
    services = {each.rpartition("::")[0] for each in NEVER} | unlisted
    listed = [each for each in resource_types() if each.rpartition("::")[0] in services]
    names = {name for each in listed for name in all_names(schema(each))}
    services_token = {"ServiceToken"}  # of a custom resource, whose schema is not among those
    assert EVERYWHERE - names <= services_token


def test_each_type_stands_in_one_module_and_each_path_once() -> None:
    assert len(NEVER) == sum(len(module.NEVER) for module in MODULES)
    assert len(VARIES) == sum(len(module.VARIES) for module in MODULES)
    for resource_type, paths in NEVER.items():
        listed = paths.split()
        assert len(set(listed)) == len(listed), resource_type


def test_what_varies_lies_below_what_never_does() -> None:
    """Else the entry would say nothing."""
    for resource_type, paths in VARIES.items():
        service = f"{resource_type.rpartition('::')[0]}::*"
        never = NEVER.get(resource_type, NEVER.get(service, "")).split()
        for path in paths.split():
            assert any(each == "*" or path.startswith(f"{each}/") for each in never), (
                f"{resource_type}: {path}"
            )


# --- Properties ---

NEVER_VARIES = """
AWS::ApiGateway::DomainName SecurityPolicy
AWS::ApiGateway::Method AuthorizationType
AWS::ApiGateway::RestApi EndpointConfiguration/Types
AWS::ApiGateway::RestApi Policy
AWS::ApiGateway::Stage AccessLogSetting/DestinationArn
AWS::ApiGateway::Stage MethodSettings/0/DataTraceEnabled
AWS::ApiGateway::Stage MethodSettings/0/LoggingLevel
AWS::ApiGateway::Stage TracingEnabled
AWS::ApiGatewayV2::Api CorsConfiguration/AllowOrigins
AWS::ApiGatewayV2::Route AuthorizationType
AWS::ApiGatewayV2::Stage AccessLogSettings
AWS::AutoScaling::LaunchConfiguration AssociatePublicIpAddress
AWS::Backup::BackupVault EncryptionKeyArn
AWS::CertificateManager::Certificate KeyAlgorithm
AWS::CloudFormation::Stack Parameters/Open
AWS::CloudFormation::Stack TemplateURL
AWS::CloudFormation::StackSet ExecutionRoleName
AWS::CloudFront::Distribution DistributionConfig/ViewerCertificate/MinimumProtocolVersion
AWS::CloudTrail::Trail IsLogging
AWS::CloudWatch::Alarm ActionsEnabled
AWS::CloudWatch::Alarm AlarmActions
AWS::CodeBuild::Project Environment/PrivilegedMode
AWS::CodeBuild::Project EncryptionKey
AWS::Cognito::UserPool MfaConfiguration
AWS::CodePipeline::Pipeline Stages/2/BeforeEntry/Conditions/0/Result
AWS::Config::ConfigurationRecorder RecordingGroup/AllSupported
AWS::DynamoDB::GlobalTable Replicas/0/SSESpecification/KMSMasterKeyId
AWS::DynamoDB::GlobalTable StreamSpecification/StreamViewType
AWS::DynamoDB::Table SSESpecification/SSEEnabled
AWS::EC2::FlowLog TrafficType
AWS::EC2::LaunchTemplate LaunchTemplateData/BlockDeviceMappings/0/Ebs/Encrypted
AWS::EC2::LaunchTemplate LaunchTemplateData/ImageId
AWS::EC2::LaunchTemplate LaunchTemplateData/MetadataOptions/HttpTokens
AWS::EC2::LaunchTemplate LaunchTemplateData/NetworkInterfaces/0/AssociatePublicIpAddress
AWS::EC2::NetworkAclEntry CidrBlock
AWS::EC2::Route GatewayId
AWS::EC2::SecurityGroup SecurityGroupIngress/0/CidrIp
AWS::EC2::Subnet AvailabilityZoneId
AWS::EC2::Subnet MapPublicIpOnLaunch
AWS::EC2::VPCEndpoint PolicyDocument/Statement/0/Action
AWS::EC2::VPCEndpoint PrivateDnsEnabled
AWS::ECR::Repository EncryptionConfiguration/EncryptionType
AWS::ECR::Repository ImageTagMutability
AWS::ECS::Cluster ClusterSettings/0/Value
AWS::ECS::Service NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp
AWS::ECS::TaskDefinition ContainerDefinitions/0/Image
AWS::ECS::TaskDefinition ContainerDefinitions/1/LogConfiguration/LogDriver
AWS::ECS::TaskDefinition ContainerDefinitions/0/Privileged
AWS::ECS::TaskDefinition ContainerDefinitions/0/ReadonlyRootFilesystem
AWS::ECS::TaskDefinition ContainerDefinitions/0/Secrets/0/ValueFrom
AWS::ECS::TaskDefinition RuntimePlatform/CpuArchitecture
AWS::EKS::Cluster ResourcesVpcConfig/EndpointPublicAccess
AWS::ElastiCache::ReplicationGroup TransitEncryptionEnabled
AWS::ElasticLoadBalancingV2::Listener Certificates/0/CertificateArn
AWS::ElasticLoadBalancingV2::Listener Protocol
AWS::ElasticLoadBalancingV2::Listener SslPolicy
AWS::ElasticLoadBalancingV2::LoadBalancer LoadBalancerAttributes/3/Value
AWS::ElasticLoadBalancingV2::LoadBalancer Scheme
AWS::Events::Archive EventPattern
AWS::Events::EventBusPolicy Statement
AWS::Events::Rule State
AWS::Events::Rule Targets/0/DeadLetterConfig/Arn
AWS::GuardDuty::Detector Enable
AWS::IAM::ManagedPolicy PolicyDocument/Statement/0/Resource
AWS::IAM::OIDCProvider ClientIdList/0
AWS::IAM::Role AssumeRolePolicyDocument/Statement/0/Condition
AWS::IAM::Role ManagedPolicyArns
AWS::IAM::Role PermissionsBoundary
AWS::KMS::Key EnableKeyRotation
AWS::KMS::Key KeyPolicy/Statement/0/Principal
AWS::Lambda::Alias RoutingConfig
AWS::Lambda::EventSourceMapping FunctionResponseTypes
AWS::Lambda::Function Architectures/0
AWS::Lambda::Function Code/ImageUri
AWS::Lambda::Function Code/S3Bucket
AWS::Lambda::Function Code/S3ObjectVersion
AWS::Lambda::Function DeadLetterConfig/TargetArn
AWS::Lambda::Function TracingConfig/Mode
AWS::Lambda::LayerVersion CompatibleArchitectures
AWS::Lambda::LayerVersion Content/S3Bucket
AWS::Lambda::LayerVersion Content/S3ObjectVersion
AWS::Lambda::Permission Principal
AWS::Lambda::Permission SourceArn
AWS::Lambda::Url AuthType
AWS::Lambda::Version CodeSha256
AWS::Logs::LogGroup KmsKeyId
AWS::Logs::ResourcePolicy PolicyDocument
AWS::OpenSearchService::Domain AccessPolicies/Statement
AWS::OpenSearchService::Domain NodeToNodeEncryptionOptions/Enabled
AWS::RDS::DBCluster EnableCloudwatchLogsExports/0
AWS::RDS::DBCluster EngineVersion
AWS::RDS::DBCluster StorageEncrypted
AWS::RDS::DBClusterParameterGroup Parameters/rds.force_ssl
AWS::RDS::DBInstance PubliclyAccessible
AWS::RDS::GlobalCluster EngineVersion
AWS::Route53::HostedZone QueryLoggingConfig
AWS::Redshift::Cluster LoggingProperties/BucketName
AWS::S3::Bucket BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm
AWS::S3::Bucket PublicAccessBlockConfiguration/BlockPublicAcls
AWS::S3::Bucket ReplicationConfiguration/Rules/0/Destination/ReplicationTime/Time/Minutes
AWS::S3::Bucket VersioningConfiguration/Status
AWS::S3::BucketPolicy PolicyDocument
AWS::SNS::Topic KmsMasterKeyId
AWS::SNS::Topic Subscription/0/Protocol
AWS::SQS::Queue KmsMasterKeyId
AWS::SQS::Queue RedrivePolicy/deadLetterTargetArn
AWS::SSM::Parameter Type
AWS::Scheduler::Schedule KmsKeyArn
AWS::Scheduler::Schedule Target/DeadLetterConfig
AWS::SecretsManager::Secret KmsKeyId
AWS::StepFunctions::StateMachine LoggingConfiguration/Level
AWS::StepFunctions::StateMachine TracingConfiguration/Enabled
AWS::WAFv2::WebACL Rules/0/Action/Block
AWS::XRay::Group FilterExpression
Custom::ParityCheck Depth
Custom::ParityCheck ServiceToken
""".strip().splitlines()

MAY_VARY = """
AWS::ApiGateway::Stage MethodSettings/0/ThrottlingRateLimit
AWS::ApiGateway::UsagePlan Quota/Limit
AWS::ApplicationAutoScaling::ScalableTarget MaxCapacity
AWS::AutoScaling::AutoScalingGroup DesiredCapacity
AWS::AutoScaling::AutoScalingGroup MixedInstancesPolicy/InstancesDistribution/OnDemandBaseCapacity
AWS::Backup::BackupPlan BackupPlan/BackupPlanRule/0/ScheduleExpression
AWS::Backup::BackupVault LockConfiguration/MinRetentionDays
AWS::CloudWatch::Alarm EvaluationPeriods
AWS::CloudWatch::Alarm Threshold
AWS::DynamoDB::Table DeletionProtectionEnabled
AWS::DynamoDB::Table ProvisionedThroughput/ReadCapacityUnits
AWS::EC2::LaunchTemplate LaunchTemplateData/InstanceType
AWS::EC2::Route NatGatewayId
AWS::EC2::Subnet CidrBlock
AWS::ECS::Service CapacityProviderStrategy/0/Base
AWS::ECS::Service DesiredCount
AWS::ECS::TaskDefinition ContainerDefinitions/0/Memory
AWS::ECS::TaskDefinition Cpu
AWS::Events::Archive RetentionDays
AWS::Events::Rule ScheduleExpression
AWS::KMS::Key PendingWindowInDays
AWS::Lambda::EventSourceMapping ScalingConfig/MaximumConcurrency
AWS::Lambda::Function MemorySize
AWS::Lambda::Function ReservedConcurrentExecutions
AWS::Logs::LogGroup RetentionInDays
AWS::RDS::DBCluster BackupRetentionPeriod
AWS::RDS::DBCluster DeletionProtection
AWS::RDS::DBCluster ServerlessV2ScalingConfiguration/MaxCapacity
AWS::RDS::DBClusterParameterGroup Parameters/work_mem
AWS::RDS::DBInstance DBInstanceClass
AWS::S3::Bucket LifecycleConfiguration/Rules/0/ExpirationInDays
AWS::SQS::Queue MessageRetentionPeriod
AWS::SQS::Queue RedrivePolicy/maxReceiveCount
AWS::SQS::Queue VisibilityTimeout
AWS::SSM::Parameter Value
AWS::Scheduler::Schedule ScheduleExpression
AWS::WAFv2::WebACL Rules/0/Statement/RateBasedStatement/Limit
""".strip().splitlines()


def path_of(text: str) -> tuple[str | int, ...]:
    parts = [int(part) if part.isdigit() else part for part in text.split("/")]
    return ("Resources", "Thing", "Properties", *parts)


@pytest.mark.parametrize("line", NEVER_VARIES)
def test_never_varies(line: str) -> None:
    resource_type, _, path = line.partition(" ")
    assert guards(resource_type, path_of(path), "one", "other")
    assert guards(resource_type, path_of(path), "one", ABSENT)
    assert guards(resource_type, path_of(path))


@pytest.mark.parametrize("line", MAY_VARY)
def test_may_vary(line: str) -> None:
    resource_type, _, path = line.partition(" ")
    assert not guards(resource_type, path_of(path), 1, 2)
    assert not guards(resource_type, path_of(path), ABSENT, 2)
    assert not guards(resource_type, path_of(path))


def test_recovery_to_a_point_in_time_varies_in_orders_alone() -> None:
    path = path_of("PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled")
    assert not guards("AWS::DynamoDB::Table", path, False, True, "orders")
    assert guards("AWS::DynamoDB::Table", path, False, True, "control")
    assert guards(
        "AWS::DynamoDB::GlobalTable", path_of("Replicas/0/" + "/".join(map(str, path[3:]))), False, True
    )


def test_a_type_never_varies_and_what_becomes_of_data_does() -> None:
    assert guards("AWS::SQS::Queue", ("Resources", "Queue", "Type"), "AWS::SQS::Queue", "AWS::SNS::Topic")
    assert not guards("AWS::SQS::Queue", ("Resources", "Queue", "DeletionPolicy"), "Retain", "Delete")
    assert not guards("AWS::SQS::Queue", ("Outputs", "KmsKeyId", "Value"), "one", "other")


# --- Whole values: lists of different length, and what one side does not have ---

LOG = {"LogDriver": "awslogs"}
APP, PROXY = {"Image": "app@sha256:1", "LogConfiguration": LOG}, {"Image": "proxy@sha256:2"}
KEYED = {"Region": "us-east-1", "SSESpecification": {"KMSMasterKeyId": "one"}}
KEYED_TOO = {"Region": "us-west-2", "SSESpecification": {"KMSMasterKeyId": "two"}}
METHOD = {"HttpMethod": "*", "ResourcePath": "/*", "LoggingLevel": "ERROR", "ThrottlingRateLimit": 1}


@pytest.mark.parametrize(
    ("resource_type", "path", "left", "right", "expected"),
    [
        ("AWS::SQS::Queue", "RedrivePolicy", {"deadLetterTargetArn": "a", "maxReceiveCount": 3}, ABSENT, True),
        ("AWS::SQS::Queue", "RedrivePolicy", {"maxReceiveCount": 3}, ABSENT, False),
        ("AWS::SQS::Queue", "RedrivePolicy", {"$symbol": "param:Policy"}, {"maxReceiveCount": 3}, True),
        ("AWS::ECS::TaskDefinition", "ContainerDefinitions", [APP], [APP, PROXY], True),
        ("AWS::ECS::TaskDefinition", "ContainerDefinitions", [APP], [APP, {**APP, "Memory": 1}], False),
        ("AWS::ECS::TaskDefinition", "ContainerDefinitions", [{"Name": "a"}], [{"Name": "b"}, APP], True),
        ("AWS::ApiGateway::Stage", "MethodSettings", [METHOD], [], True),
        ("AWS::ApiGateway::Stage", "MethodSettings", [METHOD], [METHOD, {**METHOD, "ThrottlingRateLimit": 2}], False),
        ("AWS::DynamoDB::GlobalTable", "Replicas", [KEYED], [KEYED, KEYED_TOO], False),
        ("AWS::DynamoDB::GlobalTable", "Replicas", [KEYED], [KEYED, {"Region": "us-west-2"}], True),
        ("AWS::SecretsManager::Secret", "ReplicaRegions", [{"Region": "a", "KmsKeyId": "k"}], ABSENT, False),
        ("AWS::SecretsManager::Secret", "ReplicaRegions/0/KmsKeyId", "k", "l", True),
        ("AWS::S3::Bucket", "ReplicationConfiguration", {"Role": "r", "Rules": []}, ABSENT, False),
        ("AWS::S3::Bucket", "ReplicationConfiguration/Role", "r", ABSENT, True),
        ("AWS::S3::Bucket", "LifecycleConfiguration", {"Rules": [{"Status": "Enabled"}]}, ABSENT, False),
        ("AWS::EC2::LaunchTemplate", "LaunchTemplateData", {"InstanceType": "a"}, ABSENT, False),
        ("AWS::EC2::LaunchTemplate", "LaunchTemplateData", {"ImageId": "a"}, ABSENT, True),
        ("AWS::Glue::Job", "SecurityConfiguration", {"KmsKeyArn": "k"}, ABSENT, True),
        ("AWS::RDS::DBClusterParameterGroup", "Parameters", {"rds.force_ssl": "1"}, {"$symbol": "x"}, True),
    ],
)  # fmt: skip
def test_whole_values(resource_type: str, path: str, left: Any, right: Any, expected: bool) -> None:
    assert guards(resource_type, path_of(path), left, right) is expected
    assert guards(resource_type, path_of(path), right, left) is expected


def test_nothing_of_an_unknown_type_varies_but_the_values_of_tags() -> None:
    def domain(path: str, left: Any, right: Any) -> bool:
        return guards("AWS::OpenSearchService::Domain", path_of(path), left, right)

    assert domain("EngineVersion", "OpenSearch_1.3", "OpenSearch_2.13")
    assert domain("ClusterConfig", {"InstanceCount": 1}, ABSENT)
    assert domain("ClusterConfig/InstanceCount", 1, 3)
    assert not domain("Tags/0/Value", "one", "other")


def test_all_properties_at_once() -> None:
    path = ("Resources", "Queue", "Properties")
    assert guards("AWS::SQS::Queue", path, {"KmsMasterKeyId": "a"}, ABSENT)
    assert not guards("AWS::SQS::Queue", path, {"DelaySeconds": 1}, ABSENT)


@pytest.mark.parametrize(
    ("path", "left", "right", "expected"),
    [
        (("Tags", "CostCenter"), "one", "other", False),
        (("Tags", "Compliance"), "pci", ABSENT, True),
        (path_of("Tags/0/Key"), "Name", "Label", True),
        (path_of("Tags/0/Value"), "one", "other", False),
        (path_of("Tags/Owner"), "one", "other", False),
        (path_of("Tags/Owner"), "one", ABSENT, True),
        (path_of("Tags"), [{"Key": "A", "Value": "1"}], ABSENT, True),
        (path_of("Tags"), [{"Key": "A", "Value": "1"}], [{"Key": "A", "Value": "1"}, {"Key": "B"}], True),
    ],
)
def test_tag_keys_never_vary_and_their_values_may(
    path: tuple[str | int, ...], left: Any, right: Any, expected: bool
) -> None:
    assert guards("AWS::IAM::Role", path, left, right) is expected


# --- Whole resources and stacks, through comparison and judgement, with everything declared ---

ANYTHING = [
    Declared(
        declaration_of(
            {
                "path": path,
                "reason": "somebody wants everything to be allowed",
                "owner": "somebody",
                "bound": {"range": {"minimum": 0}},
            }
        )
    )
    for path in ("*/**:Resources.**", "*/**:Tags.**", "*/**:Stack", "*/**:Parameters.**")
]


def stack(name: str, resources: dict[str, Any], **more: Any) -> Stack:
    environment, workload, _ = name.split("/", 2)
    declared = {key: {"Type": "String"} for key in more.get("parameters", {})}
    body = json.dumps(
        {"Parameters": declared, "Resources": resources} if declared else {"Resources": resources}
    )
    common: dict[str, Any] = {"parameters": {}, "tags": {}, "dependencies": (), **more}
    return Stack(
        name=name,
        environment=environment,
        workload=workload,
        account="111111111111",
        region=REGION,
        role_arn="",
        external_name=name.replace("/", "-"),
        file=f"sceptre/config/{name}.yaml",
        template="templates/thing.yaml",
        body=body,
        **common,
    )


def never_said(left: list[Stack], right: list[Stack]) -> list[str]:
    """Return the keys of the findings that no declaration can take away."""
    project = Project(("staging", "prod"), (*left, *right))
    policy, places = Policy("variance.yaml", tuple(ANYTHING)), StackPlaces(project, Hierarchy({}))
    found: list[Finding] = list(
        judge(compare(pairs_of(project)), {}, policy, datetime.date(2026, 1, 1), places)
    )
    return [one.key for one in found if "security never varies" in one.message]


OTHER = {"Other": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}


@pytest.mark.parametrize(
    "resource_type",
    [
        "AWS::CloudTrail::Trail", "AWS::CloudWatch::Alarm", "AWS::EC2::FlowLog", "AWS::EC2::NetworkAclEntry",
        "AWS::EC2::SecurityGroup", "AWS::EC2::VPCEndpoint", "AWS::Events::EventBusPolicy", "AWS::GuardDuty::Detector",
        "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::KMS::Key", "AWS::Lambda::Permission", "AWS::Logs::LogGroup",
        "AWS::Logs::MetricFilter", "AWS::RDS::DBClusterParameterGroup", "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::WAFv2::WebACLAssociation",
    ],
)  # fmt: skip
def test_a_guard_that_one_environment_lacks(resource_type: str) -> None:
    whole = stack("staging/orders/thing", {**OTHER, "Guard": {"Type": resource_type, "Properties": {}}})
    without = stack("prod/orders/thing", OTHER)
    assert never_said([whole], [without]) == ["Resources.Guard"]
    assert never_said([without], [whole]) == ["Resources.Guard"]


@pytest.mark.parametrize(
    ("resource_type", "properties", "expected"),
    [
        ("AWS::SQS::Queue", {"RedriveAllowPolicy": {"redrivePermission": "byQueue"}}, True),
        ("AWS::SQS::Queue", {"KmsMasterKeyId": "key"}, False),
        ("AWS::EC2::Route", {"GatewayId": "igw"}, True),
        ("AWS::EC2::Route", {"NatGatewayId": "nat"}, False),
        ("AWS::EC2::NatGateway", {}, False),
        ("AWS::RDS::DBInstance", {"PubliclyAccessible": False}, False),
        ("AWS::KMS::ReplicaKey", {"KeyPolicy": {}}, False),
        ("AWS::Cognito::UserPoolClient", {}, True),
    ],
)
def test_a_resource_that_is_a_guard_by_what_it_says(
    resource_type: str, properties: dict[str, Any], expected: bool
) -> None:
    """Counts may vary: a reader less, a NAT gateway less. A dead letter queue less, or a way out more, may not."""
    whole = stack(
        "staging/orders/thing", {**OTHER, "Guard": {"Type": resource_type, "Properties": properties}}
    )
    assert bool(never_said([whole], [stack("prod/orders/thing", OTHER)])) is expected


def test_a_stack_with_guards_that_one_environment_lacks() -> None:
    keys = {"Key": {"Type": "AWS::KMS::Key", "Properties": {}}}
    beside = [stack("staging/orders/queue", OTHER)], [stack("prod/orders/queue", OTHER)]
    assert never_said([*beside[0], stack("staging/orders/keys", keys)], beside[1]) == [""]
    assert never_said(beside[0], [*beside[1], stack("prod/orders/keys", keys)]) == [""]
    assert never_said([*beside[0], stack("staging/orders/page", OTHER)], beside[1]) == []


def test_a_region_that_one_environment_lacks_may_vary_but_no_guard_inside_one() -> None:
    keys = {"Key": {"Type": "AWS::KMS::Key", "Properties": {}}}
    one = stack("staging/ledger/primary/keys", keys)
    standby = [stack("prod/ledger/standby/keys", keys), stack("prod/ledger/standby/page", OTHER)]
    both = [stack("prod/ledger/primary/keys", keys), *standby]
    assert never_said([one], both) == []
    assert never_said([one, stack("staging/ledger/standby/page", OTHER)], both) == [""]


@pytest.mark.parametrize(
    ("resource_type", "expected"),
    [
        ("AWS::IAM::Role", False),
        ("AWS::CloudTrail::Trail", False),
        ("AWS::KMS::Key", True),
        ("AWS::EC2::FlowLog", True),
    ],
)
def test_a_region_may_lack_what_is_once_for_all_regions_and_nothing_else(
    resource_type: str, expected: bool
) -> None:
    guard = {"Guard": {"Type": resource_type, "Properties": {}}}
    primary = stack("prod/ledger/primary/base", {**OTHER, **guard})
    standby = replace(stack("prod/ledger/standby/base", OTHER), region="us-west-2")
    assert bool(never_said([primary], [standby])) is expected


def test_a_stack_may_be_for_one_region_and_what_both_have_is_guarded() -> None:
    def queue(region_role: str, key: str) -> Stack:
        properties = {"KmsMasterKeyId": key}
        return stack(
            f"prod/ledger/{region_role}/queue",
            {"Queue": {"Type": "AWS::SQS::Queue", "Properties": properties}},
        )

    keys = stack("prod/ledger/standby/keys", {"Key": {"Type": "AWS::KMS::Key", "Properties": {}}})
    standby = [replace(queue("standby", "one"), region="us-west-2"), replace(keys, region="us-west-2")]
    assert never_said([queue("primary", "one")], standby) == []
    assert never_said([queue("primary", "two")], standby) == ["Resources.Queue.Properties.KmsMasterKeyId"]


def test_a_parameter_that_changes_nothing_but_a_guarded_property() -> None:
    def queue(environment: str, **parameters: str) -> Stack:
        properties = {"KmsMasterKeyId": {"Ref": "Key"}, "DelaySeconds": {"Ref": "Delay"}}
        resources = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": properties}}
        return stack(f"{environment}/orders/queue", resources, parameters=parameters)

    left, right = queue("staging", Key="one", Delay="1"), queue("prod", Key="two", Delay="2")
    assert never_said([left], [right]) == ["Parameters.Key", "Resources.Queue.Properties.KmsMasterKeyId"]


def test_a_parameter_that_changes_something_else_too_can_be_declared() -> None:
    def queue(environment: str, **parameters: str) -> Stack:
        properties = {"KmsMasterKeyId": {"Ref": "Word"}, "QueueName": {"Ref": "Word"}}
        resources = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": properties}}
        return stack(f"{environment}/orders/queue", resources, parameters=parameters)

    found = never_said([queue("staging", Word="one")], [queue("prod", Word="two")])
    assert found == ["Resources.Queue.Properties.KmsMasterKeyId"]


def test_a_tag_that_one_environment_lacks() -> None:
    left = stack("staging/orders/queue", OTHER, tags={"Compliance": "pci", "CostCenter": "1"})
    right = stack("prod/orders/queue", OTHER, tags={"CostCenter": "2"})
    assert never_said([left], [right]) == ["stack_tags.Compliance"]
