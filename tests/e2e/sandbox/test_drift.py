"""Drift detection finds what was changed by hand, in each type of the templates that it reads (REQ-C4)."""

from __future__ import annotations

import json
from collections.abc import Callable
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
