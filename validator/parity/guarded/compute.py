"""Functions, containers, instances, builds and deployments."""

_CONTAINERS = " ".join(
    f"ContainerDefinitions/{name}"
    for name in (
        "DockerSecurityOptions",
        "EnvironmentFiles",
        "FirelensConfiguration",
        "Image",
        "LinuxParameters/Capabilities",
        "MountPoints/ReadOnly",
        "Privileged",
        "ReadonlyRootFilesystem",
        "RepositoryCredentials",
        "Secrets",
        "User",
        "VersionConsistency",
    )
)
_INSTANCES = " ".join(
    f"LaunchTemplateData/{name}"
    for name in ("BlockDeviceMappings/Ebs/SnapshotId", "EnclaveOptions", "ImageId", "KeyName", "UserData")
)

NEVER = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "RoleARN",
    "AWS::AutoScaling::AutoScalingGroup": "AvailabilityZoneIds AvailabilityZones VPCZoneIdentifier",
    "AWS::AutoScaling::LaunchConfiguration": "ImageId KeyName UserData",
    "AWS::CloudFormation::StackSet": """AdministrationRoleARN AutoDeployment CallAs Capabilities ExecutionRoleName
        ManagedExecution PermissionModel TemplateBody TemplateURL""",
    "AWS::CodeBuild::Fleet": "FleetProxyConfiguration FleetServiceRole ImageId",
    "AWS::CodeBuild::Project": """BadgeEnabled Environment/Certificate Environment/Image Environment/PrivilegedMode
        Environment/RegistryCredential Environment/Type LogsConfig ResourceAccessRole SecondarySources/InsecureSsl
        Source/Auth Source/BuildSpec Source/InsecureSsl Triggers Visibility VpcConfig""",
    "AWS::CodeBuild::ReportGroup": "ExportConfig",
    "AWS::CodeBuild::SourceCredential": "*",
    "AWS::CodePipeline::Pipeline": """ArtifactStore/EncryptionKey ArtifactStores/ArtifactStore/EncryptionKey
        PipelineType Stages/Actions/ActionTypeId Stages/BeforeEntry Stages/Blockers Stages/OnFailure
        Stages/OnSuccess Triggers""",
    "AWS::CodePipeline::Webhook": "Authentication AuthenticationConfiguration",
    "AWS::EC2::Instance": "AvailabilityZone ImageId KeyName PropagateTagsToVolumeOnCreation SourceDestCheck UserData",
    "AWS::EC2::LaunchTemplate": _INSTANCES,
    "AWS::EC2::Volume": "AvailabilityZone AvailabilityZoneId SnapshotId",
    "AWS::ECR::PullThroughCacheRule": "*",
    "AWS::ECR::RegistryPolicy": "*",
    "AWS::ECR::RegistryScanningConfiguration": "*",
    "AWS::ECR::Repository": "ImageScanningConfiguration ImageTagMutability ImageTagMutabilityExclusionFilters",
    "AWS::ECR::RepositoryCreationTemplate": "CustomRoleArn ImageTagMutability RepositoryPolicy",
    "AWS::ECR::SigningConfiguration": "*",
    "AWS::ECS::Cluster": "ClusterSettings Configuration",
    "AWS::ECS::Service": """EnableExecuteCommand NetworkConfiguration PlatformVersion Role
        ServiceConnectConfiguration/AccessLogConfiguration ServiceConnectConfiguration/Services/Tls""",
    "AWS::ECS::TaskDefinition": f"""{_CONTAINERS} IpcMode NetworkMode PidMode ProxyConfiguration RuntimePlatform
        Volumes/EFSVolumeConfiguration/AuthorizationConfig Volumes/EFSVolumeConfiguration/TransitEncryption
        Volumes/Host""",
    "AWS::ECS::TaskSet": "NetworkConfiguration PlatformVersion",
    "AWS::Lambda::Alias": "RoutingConfig",
    "AWS::Lambda::CodeSigningConfig": "AllowedPublishers CodeSigningPolicies",
    "AWS::Lambda::EventInvokeConfig": "DestinationConfig/OnFailure",
    "AWS::Lambda::EventSourceMapping": """DestinationConfig/OnFailure FunctionResponseTypes
        SourceAccessConfigurations""",
    "AWS::Lambda::Function": """Code CodeSigningConfigArn FileSystemConfigs Handler ImageConfig
        Layers PackageType Role Runtime RuntimeManagementConfig VpcConfig""",
    "AWS::Lambda::LayerVersion": "CompatibleArchitectures CompatibleRuntimes Content",
    "AWS::Lambda::LayerVersionPermission": "*",
    "AWS::Lambda::Permission": "*",
    "AWS::Lambda::Url": "Cors",
    "AWS::Lambda::Version": "CodeSha256 RuntimePolicy",
    "AWS::Synthetics::Canary": "RunConfig/ActiveTracing RuntimeVersion VPCConfig",
}

VARIES: dict[str, str] = {}

PLAIN = """
    AWS::ApplicationAutoScaling::ScalingPolicy AWS::AutoScaling::ScalingPolicy AWS::AutoScaling::ScheduledAction
    AWS::CloudFormation::WaitCondition AWS::CloudFormation::WaitConditionHandle AWS::EC2::VolumeAttachment
    AWS::ECS::CapacityProvider AWS::ECS::ClusterCapacityProviderAssociations
"""

ALONE = """
    AWS::ECR::RegistryPolicy AWS::ECR::RegistryScanningConfiguration AWS::ECR::SigningConfiguration
    AWS::Lambda::CodeSigningConfig AWS::Lambda::LayerVersionPermission AWS::Lambda::Permission AWS::Lambda::Url
"""
