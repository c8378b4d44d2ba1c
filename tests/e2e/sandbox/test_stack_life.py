"""A stack's life: no-op updates, failures with their reasons, policies, loops and tags."""

from __future__ import annotations

import json

import pytest
from ruamel.yaml import YAML

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack

TOPIC = "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: NAME}}}"


def test_an_update_without_a_change_is_refused(stack: Stack) -> None:
    """The words are those that Sceptre takes for "nothing to do"."""
    stack.create(TOPIC, tags={"Environment": "dev"})
    with pytest.raises(
        stack.cloudformation.exceptions.ClientError, match=r"No updates are to be performed\."
    ):
        stack.update(TOPIC, tags={"Environment": "dev"})


def test_a_failing_resource_rolls_the_creation_back(client: Client, account: str, stack: Stack) -> None:
    """The stack ends as failed, the reason is in the events, and what was made is gone."""
    template = """
    Resources:
      Made: {Type: AWS::SSM::Parameter, Properties: {Name: /made, Type: String, Value: v}}
      Refused: {Type: AWS::SSM::Parameter, DependsOn: Made, Properties: {Name: /taken, Type: String, Value: v}}
    """
    ssm = client("ssm", account=account)
    ssm.put_parameter(Name="/taken", Type="String", Value="mine")
    assert stack.create(template) == "ROLLBACK_COMPLETE"
    assert "ParameterAlreadyExists" in stack.reasons()["Refused"]
    assert [one["Name"] for one in ssm.describe_parameters()["Parameters"]] == ["/taken"]


def test_a_failing_extension_rolls_the_update_back(stack: Stack) -> None:
    """A provisioner of the extension that raises leaves the stack as it was, never in progress."""
    template = """
    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          Description: TEXT
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
    """
    assert stack.create(template) == "CREATE_COMPLETE"
    bounded = template.replace(
        "TEXT", "TEXT\n          PermissionsBoundary: arn:aws:iam::111111111111:policy/none"
    )
    assert stack.update(bounded) == "UPDATE_ROLLBACK_COMPLETE"
    assert "does not exist or is not attachable" in stack.reasons()["Role"]


KEPT = """
Transform: AWS::LanguageExtensions
Parameters: {Lifecycle: {Type: String}}
Conditions: {IsProtected: !Equals [!Ref Lifecycle, protected]}
Resources:
  Parameter:
    Type: AWS::SSM::Parameter
    DeletionPolicy: !If [IsProtected, RetainExceptOnCreate, Delete]
    UpdateReplacePolicy: !If [IsProtected, Retain, Delete]
    Properties: {Name: /kept, Type: String, Value: v}
"""


@pytest.mark.parametrize(("lifecycle", "left"), [("protected", ["/kept"]), ("disposable", [])])
def test_deletion_policy_by_condition(
    client: Client, account: str, stack: Stack, lifecycle: str, left: list[str]
) -> None:
    """AWS::LanguageExtensions allows a condition in a deletion policy."""
    stack.create(KEPT, {"Lifecycle": lifecycle})
    assert stack.delete() == "DELETE_COMPLETE"
    found = client("ssm", account=account).describe_parameters()["Parameters"]
    assert [one["Name"] for one in found] == left


def test_retain_except_on_create(client: Client, account: str, stack: Stack) -> None:
    """What a creation that failed had made does not stay behind and block the next one."""
    template = (
        KEPT
        + """
  Refused:
    Type: AWS::SSM::Parameter
    DependsOn: Parameter
    Properties: {Name: /taken, Type: String, Value: v}
"""
    )
    ssm = client("ssm", account=account)
    ssm.put_parameter(Name="/taken", Type="String", Value="mine")
    assert stack.create(template, {"Lifecycle": "protected"}) == "ROLLBACK_COMPLETE"
    assert [one["Name"] for one in ssm.describe_parameters()["Parameters"]] == ["/taken"]


def test_logical_ids_from_a_loop_over_a_parameter(stack: Stack) -> None:
    """Fn::ForEach over a list parameter makes logical ids that change with it, and references to them."""
    template = """
    Transform: AWS::LanguageExtensions
    Parameters: {Digests: {Type: CommaDelimitedList}}
    Resources:
      Fn::ForEach::Deployments:
        - Digest
        - !Ref Digests
        - Topic${Digest}: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub "t-${Digest}"}}
          Fn::ForEach::Parts:
            - Part
            - [Stage]
            - Api${Part}:
                Type: AWS::SSM::Parameter
                Properties: {Type: String, Value: {Ref: {Fn::Sub: "Topic${Digest}"}}}
    Outputs: {Topic: {Value: !GetAtt ApiStage.Value}}
    """
    assert stack.create(template, {"Digests": "abc123"}) == "CREATE_COMPLETE"
    assert stack.outputs()["Topic"].endswith(":t-abc123")
    assert stack.update(template, {"Digests": "def456"}) == "UPDATE_COMPLETE"
    assert stack.outputs()["Topic"].endswith(":t-def456")
    resources = stack.cloudformation.describe_stack_resources(StackName=stack.name)["StackResources"]
    assert {one["LogicalResourceId"] for one in resources} == {"Topicdef456", "ApiStage"}


def test_references_to_a_name_that_is_computed(stack: Stack) -> None:
    """Ref and Fn::GetAtt take a function that the parameters decide."""
    template = """
    Transform: AWS::LanguageExtensions
    Parameters: {Digests: {Type: CommaDelimitedList}}
    Resources:
      Fn::ForEach::Queues: [Digest, !Ref Digests, {"Queue${Digest}": {Type: AWS::SQS::Queue}}]
    Outputs:
      Name: {Value: {Fn::GetAtt: [{Fn::Sub: ["Queue${First}", {First: !Select [0, !Ref Digests]}]}, QueueName]}}
      Url: {Value: {Ref: {Fn::Sub: ["Queue${First}", {First: !Select [1, !Ref Digests]}]}}}
    """
    assert stack.create(template, {"Digests": "a1,b2"}) == "CREATE_COMPLETE"
    assert "Queuea1" in stack.outputs()["Name"]
    assert stack.outputs()["Url"] == stack.physical("Queueb2")


TAGGED = """
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Address: {Type: AWS::EC2::EIP, Properties: {Domain: vpc, Tags: [{Key: Name, Value: own}]}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
  Queue: {Type: AWS::SQS::Queue}
  Parameter: {Type: AWS::SSM::Parameter, Properties: {Name: /p, Type: String, Value: v}}
"""


def _tags(client: Client, account: str, stack: Stack) -> dict[str, dict[str, str]]:
    """Return the tags of each resource of `TAGGED`, as its own service gives them."""
    ec2 = client("ec2", account=account)
    sqs = client("sqs", account=account)
    table = client("dynamodb", account=account)
    arn = table.describe_table(TableName=stack.physical("Table"))["Table"]["TableArn"]
    lists = {
        "Bucket": client("s3", account=account).get_bucket_tagging(Bucket=stack.physical("Bucket"))["TagSet"],
        "Vpc": ec2.describe_vpcs(VpcIds=[stack.physical("Vpc")])["Vpcs"][0]["Tags"],
        "Address": ec2.describe_addresses()["Addresses"][0]["Tags"],
        "Table": table.list_tags_of_resource(ResourceArn=arn)["Tags"],
        "Parameter": client("ssm", account=account).list_tags_for_resource(
            ResourceType="Parameter", ResourceId="/p"
        )["TagList"],
    }
    found = {name: {tag["Key"]: tag["Value"] for tag in tags} for name, tags in lists.items()}
    return found | {"Queue": sqs.list_queue_tags(QueueUrl=stack.physical("Queue"))["Tags"]}


def test_stack_tags_reach_the_resources(client: Client, account: str, stack: Stack) -> None:
    """REQ-P6 rests on stack tags: each service shows them, and a change of them alone reaches it too."""
    stack.create(TAGGED, tags={"Environment": "dev", "Version": "1"})
    for name, tags in _tags(client, account, stack).items():
        assert {"Environment": "dev", "Version": "1"}.items() <= tags.items(), name
    assert stack.update(TAGGED, tags={"Environment": "dev", "Version": "2"}) == "UPDATE_COMPLETE"
    for name, tags in _tags(client, account, stack).items():
        assert tags["Version"] == "2", name
    assert _tags(client, account, stack)["Address"]["Name"] == "own"


NAMED = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      TableName: kept
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
"""


def test_a_name_that_is_taken_is_refused(client: Client, account: str, stack: Stack) -> None:
    """What a deleted stack retained is not overwritten by the next one."""
    stack.create(NAMED)
    dynamodb = client("dynamodb", account=account)
    dynamodb.put_item(TableName="kept", Item={"id": {"S": "1"}})
    assert stack.delete() == "DELETE_COMPLETE"
    assert stack.create(NAMED) == "ROLLBACK_COMPLETE"
    assert "already exists" in stack.reasons()["Table"]
    assert dynamodb.scan(TableName="kept")["Count"] == 1


EVERY_NAME = """
Resources:
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: same
      Namespace: n
      MetricName: m
      ComparisonOperator: GreaterThanThreshold
      EvaluationPeriods: 1
      Threshold: 1
  Group: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: same}}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: same
      PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: same}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: same
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: same}}
"""


@pytest.mark.parametrize("logical_id", ["Alarm", "Group", "Policy", "Queue", "Role", "Topic"])
def test_every_named_type_is_refused(stack: Stack, logical_id: str) -> None:
    """Each type on its own, against a stack that holds the name."""
    assert stack.create(EVERY_NAME) == "CREATE_COMPLETE", stack.reasons()
    resource = YAML(typ="safe").load(EVERY_NAME)["Resources"][logical_id]
    other = Stack(stack.cloudformation, "other")
    assert other.create(json.dumps({"Resources": {logical_id: resource}})) == "ROLLBACK_COMPLETE"
    assert "already exists" in other.reasons()[logical_id]
