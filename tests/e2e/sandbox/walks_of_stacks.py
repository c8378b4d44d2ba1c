"""Walks through CloudFormation: a stack's life, and what the calls for StackSets are refused with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.e2e.sandbox.stacks import Stack
from tests.e2e.sandbox.walks import Make, picked, refusal

STACK = """
Parameters:
  Stored: {Type: "AWS::SSM::Parameter::Value<String>"}
  Many: {Type: "AWS::SSM::Parameter::Value<List<String>>"}
  Size: {Type: String, Default: small}
Mappings:
  Sizes: {small: {Name: s}, large: {Name: l}}
Conditions:
  IsLarge: !Equals [!Ref Size, large]
  IsHere: !And [!Equals [!Ref AWS::Region, us-east-1], !Not [{Condition: IsLarge}]]
  IsEither: !Or [{Condition: IsLarge}, !Equals [!FindInMap [Sizes, !Ref Size, Name], s]]
Resources:
  Always: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "compared-${Size}"}}
  Large: {Type: AWS::SQS::Queue, Condition: IsLarge, Properties: {QueueName: compared-only}}
Outputs:
  Stored: {Value: !Ref Stored}
  Second: {Value: !Select [1, !Ref Many]}
  Here: {Value: !If [IsHere, "yes", "no"]}
  Either: {Value: !If [IsEither, "yes", "no"]}
  Name: {Value: !GetAtt Always.QueueName}
  Joined: {Value: !Join ["/", [!Ref AWS::StackName, !Ref Size, !FindInMap [Sizes, !Ref Size, Name]]]}
"""


def stacks(make: Make, account: str) -> Iterator[tuple[str, Any]]:
    """A stack's life as DescribeStacks shows it: parameters from the store, conditions, topics, tags.

    moto evaluates conditions at creation alone, and calls every resource of a change set added.
    """
    ssm, cloudformation, sqs = make("ssm"), make("cloudformation"), make("sqs")
    ssm.put_parameter(Name="/compared/one", Type="String", Value="first")
    ssm.put_parameter(Name="/compared/many", Type="StringList", Value="a,b,c")
    topic = make("sns").create_topic(Name="compared")["TopicArn"]
    given, tags = (
        {"Stored": "/compared/one", "Many": "/compared/many", "Size": "small"},
        {"Workload": "compared"},
    )
    stack = Stack(cloudformation, "compared")
    yield "CreateStack", stack.create(STACK, given, tags, NotificationARNs=[topic])
    yield (
        "DescribeStacks",
        picked(stack.described(), "StackName", "StackStatus", "NotificationARNs", "Tags", "Outputs"),
    )
    yield (
        "DescribeStacks: parameters",
        [picked(one, "ParameterKey", "ParameterValue") for one in stack.described()["Parameters"]],
    )
    resources = cloudformation.describe_stack_resources(StackName="compared")["StackResources"]
    yield (
        "DescribeStackResources",
        # moto shows nothing but a status of what its condition leaves out.
        [
            picked(one, "LogicalResourceId", "ResourceType", "ResourceStatus")
            for one in resources
            if "LogicalResourceId" in one
        ],
    )
    yield "UpdateStack", stack.update(STACK.replace('["/", [', '["-", ['), given, tags)
    yield "DescribeStacks after", picked(stack.described(), "StackStatus", "NotificationARNs", "Outputs")
    larger = Stack(cloudformation, "larger")
    yield "CreateStack of another size", larger.create(STACK, {**given, "Size": "large"})
    yield "DescribeStacks of another size", picked(larger.described(), "Outputs")
    yield (
        "queues",
        sorted(url.rsplit("/", 1)[1] for url in sqs.list_queues(QueueNamePrefix="compared")["QueueUrls"]),
    )
    yield (
        "CreateStack of one that is there",
        refusal(
            cloudformation.create_stack,
            StackName="compared",
            TemplateBody="Resources: {T: {Type: AWS::SNS::Topic}}",
        ),
    )
    yield "DeleteStack", stack.delete()
    yield "DescribeStacks of none", refusal(cloudformation.describe_stacks, StackName="compared")
    s3, bucket = make("s3"), f"templates-{account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(
        Bucket=bucket, Key="stack.json", Body=b'{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    )
    for style in (
        f"{bucket}.s3.us-east-1.amazonaws.com/stack.json",
        f"s3.us-east-1.amazonaws.com/{bucket}/stack.json",
    ):
        cloudformation.create_stack(StackName="stored", TemplateURL=f"https://{style}")
        stored = Stack(cloudformation, "stored")
        yield "CreateStack by TemplateURL", (stored.settled(), stored.delete())


def refusals(make: Make, account: str) -> Iterator[tuple[str, Any]]:
    """What the calls for StackSets are refused with. Asked for an instance that is not there, moto fails itself."""
    client = make("cloudformation")
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    name = {"StackSetName": "missing"}
    for call in ("describe_stack_set", "list_stack_instances", "list_stack_set_operations"):
        yield f"{call} of none", refusal(getattr(client, call), **name)
    yield "update_stack_set of none", refusal(client.update_stack_set, **name, TemplateBody=body)
    client.create_stack_set(StackSetName="refused", TemplateBody=body)
    yield (
        "describe_stack_set_operation of none",
        refusal(client.describe_stack_set_operation, StackSetName="refused", OperationId="missing"),
    )
    yield (
        "create_stack_set of one that is there",
        refusal(client.create_stack_set, StackSetName="refused", TemplateBody=body),
    )
    yield "delete_stack_set", refusal(client.delete_stack_set, StackSetName="refused")
