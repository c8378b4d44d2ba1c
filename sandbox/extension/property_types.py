"""Numbers and booleans that arrive as text become what the resource's schema says, as CloudFormation does it.

`Ref` to a parameter always gives text. ministack converts some properties and hands others on, where they fail later:
a `MaximumConcurrency` of "5" stops its poller for every queue. The table holds what the templates use; a test compares
it with the schemas of CloudFormation.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace
from sandbox.extension.resources import RefusedError

_MODULE = "services.cloudformation.provisioners"
PROVISION = Name.function(
    _MODULE, "_provision_resource", "resource_type", "logical_id", "props", "stack_name"
)
UPDATE = Name.function(
    _MODULE,
    "_update_resource",
    "resource_type",
    "physical_id",
    "old_props",
    "new_props",
    "stack_name",
    "logical_id",
    "old_attrs",
)
DELETE = Name.function(
    _MODULE, "_delete_resource", "resource_type", "physical_id", "props", "stack_name", "logical_id"
)


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


_RULE = "LifecycleConfiguration.Rules.*"
_ACCESS = "PublicAccessBlockConfiguration"
_TRACKING = "TargetTrackingScalingPolicyConfiguration"
TYPES: Mapping[str, tuple[str, ...]] = {
    "AWS::ApiGateway::Method": ("ApiKeyRequired?", "Integration.TimeoutInMillis"),
    "AWS::ApiGateway::RequestValidator": ("ValidateRequestBody?", "ValidateRequestParameters?"),
    "AWS::ApiGateway::RestApi": ("DisableExecuteApiEndpoint?",),
    "AWS::ApiGateway::Stage": (
        "MethodSettings.*.CachingEnabled?",
        "MethodSettings.*.DataTraceEnabled?",
        "MethodSettings.*.MetricsEnabled?",
        "MethodSettings.*.ThrottlingBurstLimit",
        "MethodSettings.*.ThrottlingRateLimit",
        "TracingEnabled?",
    ),
    "AWS::ApplicationAutoScaling::ScalableTarget": ("MaxCapacity", "MinCapacity"),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (
        f"{_TRACKING}.DisableScaleIn?",
        f"{_TRACKING}.ScaleInCooldown",
        f"{_TRACKING}.ScaleOutCooldown",
        f"{_TRACKING}.TargetValue",
    ),
    "AWS::CloudFormation::StackSet": (
        "ManagedExecution.Active?",
        "OperationPreferences.FailureToleranceCount",
        "OperationPreferences.MaxConcurrentCount",
    ),
    "AWS::CloudWatch::Alarm": (
        "ActionsEnabled?",
        "DatapointsToAlarm",
        "EvaluationPeriods",
        "Metrics.*.MetricStat.Period",
        "Metrics.*.ReturnData?",
        "Period",
        "Threshold",
        "Metrics.*.Period",
    ),
    "AWS::CodeBuild::Project": (
        "ConcurrentBuildLimit",
        "Environment.PrivilegedMode?",
        "QueuedTimeoutInMinutes",
        "TimeoutInMinutes",
    ),
    "AWS::CodePipeline::Pipeline": ("RestartExecutionOnUpdate?", "Stages.*.Actions.*.RunOrder"),
    "AWS::DynamoDB::Table": (
        "DeletionProtectionEnabled?",
        "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled?",
        "ProvisionedThroughput.ReadCapacityUnits",
        "ProvisionedThroughput.WriteCapacityUnits",
        "SSESpecification.SSEEnabled?",
        "TimeToLiveSpecification.Enabled?",
    ),
    "AWS::EC2::FlowLog": ("MaxAggregationInterval",),
    "AWS::EC2::SecurityGroup": (
        "SecurityGroupEgress.*.FromPort",
        "SecurityGroupEgress.*.ToPort",
        "SecurityGroupIngress.*.FromPort",
        "SecurityGroupIngress.*.ToPort",
    ),
    "AWS::EC2::SecurityGroupEgress": ("FromPort", "ToPort"),
    "AWS::EC2::SecurityGroupIngress": ("FromPort", "ToPort"),
    "AWS::EC2::Subnet": ("MapPublicIpOnLaunch?",),
    "AWS::EC2::VPC": ("EnableDnsHostnames?", "EnableDnsSupport?"),
    "AWS::EC2::VPCEndpoint": ("PrivateDnsEnabled?",),
    "AWS::Events::Archive": ("RetentionDays",),
    "AWS::Events::Rule": (
        "Targets.*.RetryPolicy.MaximumEventAgeInSeconds",
        "Targets.*.RetryPolicy.MaximumRetryAttempts",
    ),
    "AWS::IAM::Role": ("MaxSessionDuration",),
    "AWS::KMS::Key": (
        "EnableKeyRotation?",
        "Enabled?",
        "MultiRegion?",
        "PendingWindowInDays",
        "RotationPeriodInDays",
    ),
    "AWS::Lambda::EventSourceMapping": (
        "BatchSize",
        "Enabled?",
        "MaximumBatchingWindowInSeconds",
        "ScalingConfig.MaximumConcurrency",
        "BisectBatchOnFunctionError?",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts",
        "ParallelizationFactor",
    ),
    "AWS::Lambda::Function": (
        "EphemeralStorage.Size",
        "MemorySize",
        "ReservedConcurrentExecutions",
        "Timeout",
    ),
    "AWS::Logs::LogGroup": ("RetentionInDays",),
    "AWS::S3::Bucket": (
        "BucketEncryption.ServerSideEncryptionConfiguration.*.BucketKeyEnabled?",
        f"{_RULE}.AbortIncompleteMultipartUpload.DaysAfterInitiation",
        f"{_RULE}.ExpirationInDays",
        f"{_RULE}.ExpiredObjectDeleteMarker?",
        f"{_RULE}.NoncurrentVersionExpiration.NoncurrentDays",
        f"{_RULE}.Transitions.*.TransitionInDays",
        "ObjectLockConfiguration.Rule.DefaultRetention.Days",
        "ObjectLockEnabled?",
        f"{_ACCESS}.BlockPublicAcls?",
        f"{_ACCESS}.BlockPublicPolicy?",
        f"{_ACCESS}.IgnorePublicAcls?",
        f"{_ACCESS}.RestrictPublicBuckets?",
        "ReplicationConfiguration.Rules.*.Destination.Metrics.EventThreshold.Minutes",
        "ReplicationConfiguration.Rules.*.Destination.ReplicationTime.Time.Minutes",
        "ReplicationConfiguration.Rules.*.Priority",
    ),
    "AWS::SQS::Queue": (
        "DelaySeconds",
        "KmsDataKeyReusePeriodSeconds",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "RedrivePolicy.maxReceiveCount",
        "VisibilityTimeout",
    ),
    "AWS::Scheduler::Schedule": (
        "Target.RetryPolicy.MaximumEventAgeInSeconds",
        "Target.RetryPolicy.MaximumRetryAttempts",
    ),
    "AWS::SecretsManager::Secret": (
        "GenerateSecretString.ExcludePunctuation?",
        "GenerateSecretString.PasswordLength",
    ),
    "AWS::StepFunctions::StateMachine": (
        "LoggingConfiguration.IncludeExecutionData?",
        "TracingConfiguration.Enabled?",
    ),
}
"""Resource type to the paths of its numbers and, with a question mark, of its booleans; `*` is every member."""


def _convert(holder: Any, steps: list[str], path: str, convert: Callable[[str], Any]) -> None:
    """Convert the value at a path in place."""
    step, further = steps[0], steps[1:]
    if step == "*":
        for position in range(len(holder)) if isinstance(holder, list) else ():
            _convert(holder[position], further, path, convert)
    elif isinstance(holder, dict) and step in holder:
        if further:
            _convert(holder[step], further, path, convert)
        elif isinstance(holder[step], str):
            try:
                holder[step] = convert(holder[step])
            except (ValueError, KeyError):
                raise RefusedError(f"Value '{holder[step]}' of property {path} is of another type") from None


def typed(resource_type: str, properties: Any) -> Any:
    """Return the properties with the numbers and booleans of the type as such; `RefusedError` for other text."""
    if resource_type not in TYPES or not isinstance(properties, dict):
        return properties
    converted = copy.deepcopy(properties)
    for path in TYPES[resource_type]:
        bare = path.removesuffix("?")
        _convert(converted, bare.split("."), bare, _number if bare == path else _boolean)
    return converted


def _provisioning(original: Any) -> Any:
    def provision(resource_type: str, logical_id: str, props: Any, stack_name: str) -> Any:
        return original(resource_type, logical_id, typed(resource_type, props), stack_name)

    return provision


def _updating(original: Any) -> Any:
    def update(resource_type: str, physical_id: str, old_props: Any, new_props: Any, *further: Any) -> Any:
        old, new = typed(resource_type, old_props), typed(resource_type, new_props)
        return original(resource_type, physical_id, old, new, *further)

    return update


def _deleting(original: Any) -> Any:
    def delete(resource_type: str, physical_id: str, props: Any, *further: Any, **named: Any) -> Any:
        return original(resource_type, physical_id, typed(resource_type, props), *further, **named)

    return delete


def _install() -> None:
    replace(PROVISION, _provisioning)
    replace(UPDATE, _updating)
    replace(DELETE, _deleting)


EXTENSION = Extension(
    name="property_types",
    claims=(emulated("Numbers and booleans from parameters", "converted by the type's schema"),),
    names=(PROVISION, UPDATE, DELETE),
    install=_install,
)
