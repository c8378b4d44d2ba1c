"""What cfn-lint lets through, and a rule of ours does not (aws-facts, "What cfn-lint lets through"; REQ-V7).

The list is aws-facts' own. A template that is wrong in one way passes cfn-lint and fails our rule; the same template
put right passes both. So a rule here is needed, and is one that catches it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from pipelines.guard import check_stacks
from pipelines.linting.engine import lint_one
from pipelines.linting.job import Job

Resources = dict[str, Any]


def resource(kind: str, **properties: Any) -> Resources:
    return {"Type": kind, "Properties": properties}


# --- Aurora ---

KEY = "arn:aws:kms:us-west-2:111111111111:key/11111111-2222-3333-4444-555555555555"
OTHER_KEY = "arn:aws:kms:us-east-1:111111111111:key/11111111-2222-3333-4444-555555555555"


def cluster(**changes: Any) -> Resources:
    properties = {
        "Engine": "aurora-postgresql",
        "StorageEncrypted": True,
        "KmsKeyId": KEY,
        **changes,
    }
    kept = {key: value for key, value in properties.items() if value is not None}
    policies = {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    return {"Cluster": {**resource("AWS::RDS::DBCluster", **kept), **policies}}


def primary(**changes: Any) -> Resources:
    return cluster(
        MasterUsername="app",
        MasterUserPassword="{{resolve:secretsmanager:app:SecretString:password}}",
        **changes,
    )


def secondary(**changes: Any) -> Resources:
    return cluster(GlobalClusterIdentifier="ledger", **changes)


def clone(**changes: Any) -> Resources:
    base = {"SourceDBClusterIdentifier": "prod-orders", "StorageEncrypted": None, "KmsKeyId": None}
    return cluster(**{**base, **changes})


# --- S3 replication ---


def replicating(
    minutes: int = 15, threshold: int = 15, versioning: str | None = "Enabled", status: str = "Enabled"
) -> Resources:
    bucket = resource(
        "AWS::S3::Bucket",
        ReplicationConfiguration={
            "Role": "arn:aws:iam::111111111111:role/replication",
            "Rules": [
                {
                    "Status": status,
                    "Priority": 1,
                    "Filter": {"Prefix": ""},
                    "DeleteMarkerReplication": {"Status": "Disabled"},
                    "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
                    "Destination": {
                        "Bucket": "arn:aws:s3:::replica",
                        "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY},
                        "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": minutes}},
                        "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": threshold}},
                    },
                }
            ],
        },
    )
    if versioning is not None:
        bucket["Properties"]["VersioningConfiguration"] = {"Status": versioning}
    return {"Bucket": {**bucket, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}}


# --- DynamoDB ---

KEYS = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
ON: dict[str, Any] = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
OFF: dict[str, Any] = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False}}
NEW_AND_OLD = {"StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"}}


def table(**properties: Any) -> Resources:
    return {"Table": {**resource("AWS::DynamoDB::Table", **KEYS, **properties), **KEPT}}


def global_table(second: dict[str, Any], **properties: Any) -> Resources:
    replicas = [
        {"Region": "us-east-1", "SSESpecification": {"KMSMasterKeyId": OTHER_KEY}, **ON},
        {"Region": "us-west-2", "SSESpecification": {"KMSMasterKeyId": KEY}, **second},
    ]
    keys = {"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"}}
    return {
        "Table": {
            **resource("AWS::DynamoDB::GlobalTable", **KEYS, **keys, Replicas=replicas, **properties),
            **KEPT,
        }
    }


# --- Messages ---


def topic(key: str) -> Resources:
    rule = resource(
        "AWS::Events::Rule",
        EventPattern={"source": ["aws.cloudformation"]},
        Targets=[{"Id": "topic", "Arn": {"Ref": "Topic"}}],
    )
    return {"Topic": resource("AWS::SNS::Topic", KmsMasterKeyId=key), "Rule": rule}


def dead_letters(**policy: Any) -> Resources:
    dead = resource("AWS::SQS::Queue", MessageRetentionPeriod=1209600, RedriveAllowPolicy=policy)
    queue = resource(
        "AWS::SQS::Queue",
        QueueName="orders",
        MessageRetentionPeriod=86400,
        VisibilityTimeout=360,
        RedrivePolicy={"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 3},
    )
    return {"Queue": {**queue, **KEPT}, "Dead": {**dead, **KEPT}}


ORDERS = "arn:aws:sqs:us-east-1:111111111111:orders"


def stage(rate: float, burst: int) -> Resources:
    every = {"HttpMethod": "*", "ResourcePath": "/*", "LoggingLevel": "ERROR"}
    limits = {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}
    return {
        "Stage": resource(
            "AWS::ApiGateway::Stage",
            StageName="v1",
            RestApiId="a1b2c3d4e5",
            DeploymentId="d1e2f3",
            MethodSettings=[{**every, **limits}],
        )
    }


def plan(rate: float, burst: int) -> Resources:
    throttle = {"RateLimit": rate, "BurstLimit": burst}
    return {"Plan": resource("AWS::ApiGateway::UsagePlan", Throttle=throttle)}


# --- Roles that jobs on GitHub take ---

GITHUB = "token.actions.githubusercontent.com"


def trusting(**conditions: Any) -> Resources:
    """Return a role that trusts the provider of GitHub; the audience is checked, the rest is what is said."""
    conditions = {
        operator: {f"{GITHUB}:{key}": value for key, value in keys.items()}
        for operator, keys in conditions.items()
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::111111111111:oidc-provider/{GITHUB}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
    }
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Role": resource("AWS::IAM::Role", AssumeRolePolicyDocument=trust)}


AUDIENCE = {"aud": "sts.amazonaws.com"}
SUBJECT = "repo:example-org/lockstep:environment:dev"
HELD = trusting(StringEquals={**AUDIENCE, "sub": SUBJECT})


# --- Pipelines ---


def pipeline(place: str, provider: str, **more: Any) -> Resources:
    kind = {"Category": "Rule", "Owner": "AWS", "Provider": provider, "Version": "1", **more}
    condition = {"Conditions": [{"Result": "FAIL", "Rules": [{"Name": "wait", "RuleTypeId": kind}]}]}
    action = {
        "Name": "act",
        "ActionTypeId": {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"},
    }
    source = {
        "Name": "source",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
        "OutputArtifacts": [{"Name": "source"}],
        "Configuration": {
            "S3Bucket": "config",
            "S3ObjectKey": "release.zip",
            "PollForSourceChanges": "false",
        },
    }
    return {
        "Pipeline": resource(
            "AWS::CodePipeline::Pipeline",
            PipelineType="V2",
            RoleArn="arn:aws:iam::111111111111:role/pipeline",
            ArtifactStore={
                "Type": "S3",
                "Location": "artifacts",
                "EncryptionKey": {"Id": KEY, "Type": "KMS"},
            },
            Stages=[
                {"Name": "Source", "Actions": [source]},
                {"Name": "Prod", "Actions": [action], place: condition},
            ],
        )
    }


@dataclass(frozen=True, slots=True)
class Case:
    """One way to be wrong: the item of the list, the rule that catches it, the wrong template, and the right one."""

    item: str
    rule: str
    wrong: Resources
    right: Resources
    workload: str = "orders"


CASES = [
    Case("a bad ReplicationSourceIdentifier", "rds_cluster_no_replication_source",
         primary(ReplicationSourceIdentifier="arn:aws:rds:us-east-1:111111111111:cluster:prod"), primary()),
    Case("a managed password on a global secondary", "rds_global_secondary",
         secondary(ManageMasterUserPassword=True), secondary()),
    Case("a username on a global secondary", "rds_global_secondary",
         secondary(MasterUsername="app"), secondary()),
    Case("a username and a password on a global secondary", "rds_global_secondary",
         secondary(MasterUsername="app", MasterUserPassword="{{resolve:secretsmanager:app}}"), secondary()),
    Case("an identifier that takes a secondary out of its global database", "rds_global_secondary",
         cluster(GlobalClusterIdentifier=""), secondary()),
    Case("a misspelt RestoreType", "rds_cluster_restore_type",
         clone(RestoreType="copy_on_write"), clone(RestoreType="copy-on-write")),
    Case("a RestoreType in other letters", "rds_cluster_restore_type",
         clone(RestoreType="Copy-On-Write"), clone(RestoreType="copy-on-write")),
    Case("a replication time other than 15 minutes", "s3_replication_time",
         replicating(minutes=30), replicating()),
    Case("a replication threshold other than 15 minutes", "s3_replication_time",
         replicating(threshold=5), replicating()),
    Case("replication from an unversioned bucket", "s3_replication_versioned",
         replicating(versioning=None), replicating()),
    Case("replication from a bucket with versions suspended", "s3_replication_versioned",
         replicating(versioning="Suspended"), replicating()),
    Case("a table that does not say whether it can be recovered", "dynamodb_table_recovery_stated",
         table(), table(**OFF)),
    Case("a table outside orders that cannot be recovered", "dynamodb_table_recovery_on",
         table(**OFF), table(**ON), "control"),
    Case("a replica of a global table that cannot be recovered", "dynamodb_global_table_recovery",
         global_table({}, **NEW_AND_OLD), global_table(ON, **NEW_AND_OLD)),
    Case("a global table without streams", "dynamodb_global_table_streams",
         global_table(ON), global_table(ON, **NEW_AND_OLD)),
    Case("an AWS-managed key on a topic that EventBridge publishes to", "sns_topic_customer_key",
         topic("alias/aws/sns"), topic(OTHER_KEY)),
    *[Case(f"an invented pipeline rule in {place}", "codepipeline_known_rules",
           pipeline(place, "WaitAnHour"), pipeline(place, "LambdaInvoke"))
      for place in ("BeforeEntry", "OnSuccess", "OnFailure")],
    Case("a RedriveAllowPolicy with an invented permission", "sqs_redrive_allow_by_queue",
         dead_letters(redrivePermission="byQueues", sourceQueueArns=[ORDERS]),
         dead_letters(redrivePermission="byQueue", sourceQueueArns=[ORDERS])),
    Case("a RedriveAllowPolicy without sources", "sqs_redrive_allow_by_queue",
         dead_letters(redrivePermission="byQueue"),
         dead_letters(redrivePermission="byQueue", sourceQueueArns=[ORDERS])),
    Case("a RedriveAllowPolicy for everybody", "sqs_redrive_allow_by_queue",
         dead_letters(redrivePermission="allowAll"),
         dead_letters(redrivePermission="byQueue", sourceQueueArns=[ORDERS])),
    Case("a trust on GitHub without a subject", "iam_role_trust", trusting(StringEquals=AUDIENCE), HELD),
    Case("a trust on GitHub without an audience", "iam_role_trust", trusting(StringEquals={"sub": SUBJECT}), HELD),
    *[Case(f"a trust on GitHub for {subject}", "iam_role_trust",
           trusting(StringEquals=AUDIENCE, StringLike={"sub": subject}), HELD)
      for subject in ("repo:*", "repo:example-org/*:environment:dev", "repo:example-org/lockstep:*")],
    *[Case(f"an absurd throttle of a stage: {rate} a second, {burst} at once", "apigateway_stage_throttled",
           stage(rate, burst), stage(100, 200))
      for rate, burst in ((0, 200), (100, 0), (10001, 200), (100, 5001), (1e9, 10**9))],
    *[Case(f"an absurd throttle of a plan: {rate} a second, {burst} at once", "apigateway_usage_plan_throttle",
           plan(rate, burst), plan(100, 200))
      for rate, burst in ((0, 200), (100, 0), (10001, 200), (100, 5001))],
]  # fmt: skip


@cache
def said_by_cfn_lint(template: str) -> tuple[str, ...]:
    """Return what cfn-lint says of a template, by its own rules: errors and warnings."""
    outcome = lint_one(Job(template, "us-east-1", {}, frozenset(), {}))
    assert outcome.whole
    return tuple(finding.message for finding in outcome.findings)


def template(resources: Resources) -> str:
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})


def effective(value: Any) -> Any:
    """Return resources with their references as the symbols that evaluation leaves."""
    if isinstance(value, dict) and value.keys() == {"Ref"}:
        return {"$symbol": f"ref:{value['Ref']}"}
    if isinstance(value, dict) and value.keys() == {"Fn::GetAtt"}:
        return {"$symbol": f"att:{'.'.join(value['Fn::GetAtt'])}"}
    if isinstance(value, dict):
        return {key: effective(item) for key, item in value.items()}
    return [effective(item) for item in value] if isinstance(value, list) else value


def stack(name: str, resources: Resources, workload: str) -> dict[str, Any]:
    return {
        "name": name,
        "environment": "dev",
        "workload": workload,
        "account": "111111111111",
        "region": "us-east-1",
        "parameters": {"Lifecycle": "protected"},
        "resources": effective(resources),
    }


@pytest.fixture(scope="module")
def broken_rules() -> dict[str, set[str]]:
    """Which rules each template breaks, by `wrong` or `right` and the item: one run of the engine for all."""
    stacks = [
        stack(f"{which}: {case.item}", resources, case.workload)
        for case in CASES
        for which, resources in (("wrong", case.wrong), ("right", case.right))
    ]
    found: dict[str, set[str]] = {each["name"]: set() for each in stacks}
    for result in check_stacks(stacks):
        found[result.stack].add(result.rule)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.item)
def test_our_rule_catches_what_cfn_lint_lets_through(case: Case, broken_rules: dict[str, set[str]]) -> None:
    assert said_by_cfn_lint(template(case.wrong)) == ()
    assert case.rule in broken_rules[f"wrong: {case.item}"]
    assert said_by_cfn_lint(template(case.right)) == ()
    assert case.rule not in broken_rules[f"right: {case.item}"]


def consumer(visibility: int) -> Resources:
    """Return a queue, a function of 30 seconds, and the mapping between them, in one template."""
    function = resource(
        "AWS::Lambda::Function",
        Runtime="python3.13",
        Handler="index.handler",
        Role="arn:aws:iam::111111111111:role/consumer",
        Timeout=30,
        Code={"S3Bucket": "packages", "S3Key": "consumer.zip"},
    )
    mapping = resource(
        "AWS::Lambda::EventSourceMapping",
        EventSourceArn={"Fn::GetAtt": ["Queue", "Arn"]},
        FunctionName={"Ref": "Function"},
    )
    queue = {**resource("AWS::SQS::Queue", VisibilityTimeout=visibility), **KEPT}
    return {"Queue": queue, "Function": function, "Mapping": mapping}


def test_cfn_lint_knows_once_the_functions_timeout_and_not_six_times() -> None:
    """Why a check in Python has to: Guard cannot multiply, and mostly queue and function stand in different stacks."""
    assert said_by_cfn_lint(template(consumer(29))) != ()
    assert said_by_cfn_lint(template(consumer(30))) == ()
    assert said_by_cfn_lint(template(consumer(179))) == ()
