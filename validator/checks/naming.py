"""Resources are named by the workload's pattern (REQ-P5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from ..effective import Symbol
from ..findings import Finding, Severity
from .check import Check
from .subject import Subject, at

NAMES = {
    "AWS::ApiGateway::RestApi": "Name",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "PolicyName",
    "AWS::AutoScaling::AutoScalingGroup": "AutoScalingGroupName",
    "AWS::CloudFormation::StackSet": "StackSetName",
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::CodeBuild::Project": "Name",
    "AWS::CodePipeline::Pipeline": "Name",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::ECS::Service": "ServiceName",
    "AWS::ECS::TaskDefinition": "Family",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
    "AWS::Events::Archive": "ArchiveName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::Scheduler::ScheduleGroup": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
"""Types that are told apart by a name of ours, and the property that holds it."""
LEAD = r"(?:/[\w./-]*/|alias/)?"
"""What a kind of resource wants before a name: the path of a log group, `alias/` of a key."""
GIVEN = "API-Gateway-Execution-Logs_"
"""How API Gateway names the log group of a stage itself."""


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each resource that has no name, or one that is not of the pattern of its stack."""
    for item in subject.rendered:
        pattern = subject.naming(item.stack)
        if not pattern:
            continue
        for name, resource in item.effective.resources.items():
            key = NAMES.get(resource.type)
            if key is None:
                continue
            value = resource.properties.get(key)
            path = ("Resources", name, "Properties", key)
            if value is None:
                yield at(CHECK.id, item, path[:2], f"{name} has no {key}", f"name it `{pattern}`")
            elif not _is_invalid(value) and not _follows(str(value), pattern):
                shown = value.text if isinstance(value, Symbol) else value
                message = f"{name} is named {shown}, which is not of the form {pattern}"
                yield at(CHECK.id, item, path, message, f"name it `{pattern}`")


def _is_invalid(value: Any) -> bool:
    """Tell whether a name could not be computed, which the check `template` says."""
    return isinstance(value, Symbol) and value.kind == "invalid"


def _follows(name: str, pattern: str) -> bool:
    return name.startswith(GIVEN) or _expression(pattern).fullmatch(name) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in pattern.split("*")]
    return re.compile(LEAD + r"[A-Za-z0-9][A-Za-z0-9._-]*".join(parts))


CHECK = Check(
    id="naming",
    severity=Severity.ERROR,
    summary="Every resource that carries a name follows the pattern of its workload",
    remediation="Build the name from NamePrefix, the type, and NameSuffix.",
    source="REQ-P5",
    why="A name without its environment collides in a shared account, and hides whose resource it is.",
    before="QueueName: orders",
    after="QueueName: !Sub ${NamePrefix}queue${NameSuffix}",
    run=run,
)
