"""Drift detection finds what was changed by hand, in each type of the templates that it reads (REQ-C4)."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.conftest import Client
from tests.e2e.sandbox.functions import ROLE, package
from tests.e2e.sandbox.stacks import Stack

TEMPLATE = f"""
Resources:{ROLE}
  Dead: {{Type: AWS::SQS::Queue}}
  Key: {{Type: AWS::KMS::Key, Properties: {{KeyPolicy: {{Version: "2012-10-17", Statement: []}}}}}}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 30
      KmsMasterKeyId: !Ref Key
      RedrivePolicy: {{deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}}
  Topic: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: d, KmsMasterKeyId: !Ref Key}}}}
  Parameter: {{Type: AWS::SSM::Parameter, Properties: {{Name: /p, Type: String, Value: v}}}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: t
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
      SSESpecification: {{SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !GetAtt Key.Arn}}
      PointInTimeRecoverySpecification: {{PointInTimeRecoveryEnabled: true}}
      TimeToLiveSpecification: {{AttributeName: expires_at, Enabled: true}}
      DeletionProtectionEnabled: false
      StreamSpecification: {{StreamViewType: NEW_AND_OLD_IMAGES}}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: p
      Description: d
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{{Effect: Allow, Action: "s3:GetObject", Resource: "*"}}]
  Plain:
    Type: AWS::IAM::Role
    Properties:
      RoleName: plain
      PermissionsBoundary: !Ref Policy
      ManagedPolicyArns: [!Ref Policy]
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: "sts:AssumeRole"}}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: f
      Runtime: python3.13
      Handler: code.handler
      MemorySize: 256
      Timeout: 9
      ReservedConcurrentExecutions: 2
      Role: !GetAtt Role.Arn
      Code: {{S3Bucket: code-BUCKET, S3Key: code.zip}}
      DeadLetterConfig: {{TargetArn: !GetAtt Dead.Arn}}
      VpcConfig: {{SubnetIds: [subnet-1, subnet-2], SecurityGroupIds: [sg-1]}}
      TracingConfig: {{Mode: Active}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Dead.Arn
      FunctionName: !Ref Function
      BatchSize: 5
      FunctionResponseTypes: [ReportBatchItemFailures]
  Log: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: l, RetentionInDays: 30}}}}
  Bus: {{Type: AWS::Events::EventBus, Properties: {{Name: b, Description: d}}}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      Name: r
      EventBusName: !Ref Bus
      EventPattern: {{source: [test]}}
      Targets: [{{Id: one, Arn: !GetAtt Queue.Arn}}]
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {{BucketName: "drift-BUCKET", VersioningConfiguration: {{Status: Enabled}}}}
"""
CHECKED = {
    "Bucket",
    "Bus",
    "Dead",
    "Function",
    "Log",
    "Mapping",
    "Parameter",
    "Plain",
    "Policy",
    "Queue",
    "Role",
    "Rule",
    "Table",
    "Topic",
}
"""What detection reads; the key is left out."""
OTHER = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
)
AWS_KEY = {"AttributeName": "KmsMasterKeyId", "AttributeValue": "alias/aws/sns"}
NO_RECOVERY = {"PointInTimeRecoveryEnabled": False}

Change = tuple[str, str, str, str, dict[str, Any]]
"""Logical id, path of the difference, service, operation, request; `@X` is the physical id of X."""

CHANGES: list[Change] = [
    (
        "Queue",
        "/VisibilityTimeout",
        "sqs",
        "set_queue_attributes",
        {"QueueUrl": "@Queue", "Attributes": {"VisibilityTimeout": "31"}},
    ),
    (
        "Queue",
        "/KmsMasterKeyId",
        "sqs",
        "set_queue_attributes",
        {"QueueUrl": "@Queue", "Attributes": {"KmsMasterKeyId": "alias/aws/sqs"}},
    ),
    ("Topic", "/KmsMasterKeyId", "sns", "set_topic_attributes", {"TopicArn": "@Topic", **AWS_KEY}),
    ("Parameter", "/Value", "ssm", "put_parameter", {"Name": "/p", "Value": "w", "Overwrite": True}),
    (
        "Table",
        "/DeletionProtectionEnabled",
        "dynamodb",
        "update_table",
        {"TableName": "t", "DeletionProtectionEnabled": True},
    ),
    (
        "Table",
        "/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled",
        "dynamodb",
        "update_continuous_backups",
        {"TableName": "t", "PointInTimeRecoverySpecification": NO_RECOVERY},
    ),
    (
        "Table",
        "/SSESpecification/SSEEnabled",
        "dynamodb",
        "update_table",
        {"TableName": "t", "SSESpecification": {"Enabled": False}},
    ),
    (
        "Policy",
        "/PolicyDocument/Statement/0/Action",
        "iam",
        "create_policy_version",
        {"PolicyArn": "@Policy", "PolicyDocument": OTHER, "SetAsDefault": True},
    ),
    ("Plain", "/PermissionsBoundary", "iam", "delete_role_permissions_boundary", {"RoleName": "plain"}),
    (
        "Plain",
        "/ManagedPolicyArns/1",
        "iam",
        "attach_role_policy",
        {"RoleName": "plain", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    ),
    (
        "Function",
        "/MemorySize",
        "lambda",
        "update_function_configuration",
        {"FunctionName": "f", "MemorySize": 512},
    ),
    (
        "Function",
        "/ReservedConcurrentExecutions",
        "lambda",
        "put_function_concurrency",
        {"FunctionName": "f", "ReservedConcurrentExecutions": 7},
    ),
    ("Mapping", "/BatchSize", "lambda", "update_event_source_mapping", {"UUID": "@Mapping", "BatchSize": 6}),
    ("Log", "/RetentionInDays", "logs", "put_retention_policy", {"logGroupName": "l", "retentionInDays": 1}),
    ("Bus", "/Description", "events", "update_event_bus", {"Name": "b", "Description": "other"}),
    (
        "Rule",
        "/EventPattern/source/0",
        "events",
        "put_rule",
        {"Name": "r", "EventBusName": "b", "EventPattern": '{"source": ["x"]}'},
    ),
    (
        "Bucket",
        "/VersioningConfiguration/Status",
        "s3",
        "put_bucket_versioning",
        {"Bucket": "@Bucket", "VersioningConfiguration": {"Status": "Suspended"}},
    ),
]


def _drifts(stack: Stack) -> dict[str, dict[str, Any]]:
    """Detect and return what was found, by logical id."""
    stack.cloudformation.detect_stack_drift(StackName=stack.name)
    found = stack.cloudformation.describe_stack_resource_drifts(StackName=stack.name)["StackResourceDrifts"]
    return {one["LogicalResourceId"]: one for one in found}


def _paths(stack: Stack) -> dict[str, set[str]]:
    """Return the paths of the differences of each resource that is not in sync."""
    return {
        key: {difference["PropertyPath"] for difference in one["PropertyDifferences"]}
        for key, one in _drifts(stack).items()
        if one["StackResourceDriftStatus"] != "IN_SYNC"
    }


def test_every_change_by_hand_is_found(client: Client, account: str, stack: Stack) -> None:
    """Nothing is found before; then each change under its path, one after the other, in its resource alone."""
    s3 = client("s3", account=account)
    s3.create_bucket(Bucket=f"code-{account}")
    s3.put_object(Bucket=f"code-{account}", Key="code.zip", Body=package("def handler(event, context): pass"))
    tags = {"Environment": "dev", "Version": "v1"}
    assert stack.create(TEMPLATE.replace("BUCKET", account), tags=tags) == "CREATE_COMPLETE", stack.reasons()
    assert _paths(stack) == {}
    assert set(_drifts(stack)) == CHECKED
    expected: dict[str, set[str]] = {}
    for logical_id, path, service, operation, request in CHANGES:
        filled = {
            name: stack.physical(value[1:]) if str(value).startswith("@") else value
            for name, value in request.items()
        }
        getattr(client(service, account=account), operation)(**filled)
        expected.setdefault(logical_id, set()).add(path)
        found = _paths(stack)
        assert set(found) == set(expected)
        assert all(paths <= found[key] for key, paths in expected.items()), found


def test_what_is_not_checked_says_so(stack: Stack) -> None:
    """A type without a reader is NOT_CHECKED, never in sync."""
    stack.create("Resources: {Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {}}}}")
    assert _drifts(stack) == {}
    found = stack.cloudformation.list_stack_resources(StackName=stack.name)["StackResourceSummaries"]
    assert [one["DriftInformation"]["StackResourceDriftStatus"] for one in found] == ["NOT_CHECKED"]
