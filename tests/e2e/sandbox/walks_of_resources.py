"""Walks through what a stack made: networks, stores and roles, as their own services show them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.e2e.sandbox.stacks import Stack
from tests.e2e.sandbox.walks import Make, picked, refusal

NETWORK = """
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.9.0.0/24}}
  Address: {Type: AWS::EC2::EIP, Properties: {Domain: vpc}}
  Gateway:
    Type: AWS::EC2::NatGateway
    Properties: {SubnetId: !Ref Subnet, AllocationId: !GetAtt Address.AllocationId}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: compared}}
  FlowLog:
    Type: AWS::EC2::FlowLog
    Properties:
      ResourceId: !Ref Vpc
      ResourceType: VPC
      TrafficType: REJECT
      LogGroupName: !Ref Logs
      DeliverLogsPermissionArn: arn:aws:iam::111111111111:role/logs
      MaxAggregationInterval: 60
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: g, VpcId: !Ref Vpc}}
  Inward:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      {GroupId: !GetAtt Group.GroupId, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.9.0.0/16}
Outputs:
  Range: {Value: !GetAtt Vpc.CidrBlock}
"""

STORES = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: compared
      BillingMode: PAY_PER_REQUEST
      DeletionProtectionEnabled: PROTECTION
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      Tags: [{Key: Workload, Value: compared}]
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: BUCKET
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - BucketKeyEnabled: true
            ServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: key}
      Tags: [{Key: Workload, Value: compared}]
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: compared, KmsMasterKeyId: key, DisplayName: Compared}}
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: compared
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "sqs:*", Resource: "*"}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: compared
      PermissionsBoundary: !Ref Boundary
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]
"""


def networks(make: Make, account: str) -> Iterator[tuple[str, Any]]:
    """Addresses, gateways, flow logs and rules of a group as EC2 shows them.

    moto's CloudFormation has no AWS::EC2::SecurityGroupEgress.
    """
    ec2, stack = make("ec2"), Stack(make("cloudformation"), "networks")
    yield "CreateStack", stack.create(NETWORK)
    yield "GetAtt Vpc.CidrBlock", stack.outputs()
    (address,) = ec2.describe_addresses()["Addresses"]
    yield "DescribeAddresses", picked(address, "Domain")
    (gateway,) = ec2.describe_nat_gateways()["NatGateways"]
    yield "DescribeNatGateways", picked(gateway, "State", "ConnectivityType")
    (flow_log,) = ec2.describe_flow_logs()["FlowLogs"]
    yield (
        "DescribeFlowLogs",
        picked(
            flow_log,
            *(
                "TrafficType",
                "LogGroupName",
                "LogDestinationType",
                "DeliverLogsPermissionArn",
                "MaxAggregationInterval",
            ),
        ),
    )
    yield "DescribeFlowLogs: of the VPC", flow_log["ResourceId"] == stack.physical("Vpc")
    groups = ec2.describe_security_groups(GroupIds=[stack.physical("Group")])["SecurityGroups"]
    yield (
        "DescribeSecurityGroups",
        [picked(rule, "IpProtocol", "FromPort", "ToPort", "IpRanges") for rule in groups[0]["IpPermissions"]],
    )
    yield "DeleteStack", stack.delete()


def stores(make: Make, account: str) -> Iterator[tuple[str, Any]]:
    """A table, a bucket and a role as their services show them.

    moto's CloudFormation leaves out a table's recovery and expiry, and a bucket's versions, life cycle and ownership.
    """
    dynamodb, s3, iam = make("dynamodb"), make("s3"), make("iam")
    stack, bucket = Stack(make("cloudformation"), "stores"), f"compared-{account}"
    template = STORES.replace("BUCKET", bucket)
    yield "CreateStack", stack.create(template.replace("PROTECTION", "true"))
    table = dynamodb.describe_table(TableName="compared")["Table"]
    yield (
        "DescribeTable",
        picked(
            table,
            "TableName",
            "KeySchema",
            "AttributeDefinitions",
            "StreamSpecification",
            "DeletionProtectionEnabled",
        ),
    )
    yield "DescribeTable: billing", table["BillingModeSummary"]["BillingMode"]
    yield (
        "ListTagsOfResource",
        [
            tag
            for tag in dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
            if not tag["Key"].startswith("aws:")
        ],
    )
    yield "DeleteTable of one that is protected", refusal(dynamodb.delete_table, TableName="compared")
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    yield "GetBucketEncryption", encryption
    yield (
        "GetBucketTagging",
        [tag for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"] if not tag["Key"].startswith("aws:")],
    )
    topic = make("sns").get_topic_attributes(TopicArn=stack.physical("Topic"))["Attributes"]
    yield "GetTopicAttributes", picked(topic, "KmsMasterKeyId", "DisplayName")
    role = iam.get_role(RoleName="compared")["Role"]
    yield "GetRole", picked(role, "RoleName", "PermissionsBoundary", "AssumeRolePolicyDocument")
    yield (
        "UpdateTable",
        dynamodb.update_table(TableName="compared", DeletionProtectionEnabled=False)["TableDescription"][
            "DeletionProtectionEnabled"
        ],
    )
    s3.put_object(Bucket=bucket, Key="kept", Body=b"x")
    yield "DeleteBucket of one that holds objects", refusal(s3.delete_bucket, Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="kept")
    yield "DeleteStack", stack.delete()
    yield "ListTables", dynamodb.list_tables()["TableNames"]
    yield "HeadBucket", refusal(s3.head_bucket, Bucket=bucket)
