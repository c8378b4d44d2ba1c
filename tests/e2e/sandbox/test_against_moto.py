"""The operations that the sandbox adds, against moto, a second implementation of AWS, with the same client code.

What moto answers, the sandbox answers too, but for identifiers and times. What moto lacks is held to botocore's models
alone. Where moto is known to differ from AWS, the difference is listed here with its reason.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from sandbox.extension import EXTENSIONS
from tests.e2e.conftest import Client
from tests.e2e.sandbox.stack_sets import EXECUTION, make_roles
from tests.e2e.sandbox.walks import Make, Walk
from tests.e2e.sandbox.walks_of_events import permissions, rules
from tests.e2e.sandbox.walks_of_resources import networks, stores
from tests.e2e.sandbox.walks_of_stacks import refusals, stacks

EAST, OREGON = "us-east-1", "us-west-2"
BODY = json.dumps(
    {
        "Parameters": {"Greeting": {"Type": "String", "Default": "hello"}},
        "Resources": {
            "Value": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": "/moto/value", "Type": "String", "Value": {"Ref": "Greeting"}},
            }
        },
    }
)
CHANGING = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{12}|20\d\d-\d\d-\d\dT[0-9:.+Z-]+")
LEFT_OUT = {
    "ResponseMetadata",
    "CreationTimestamp",
    "EndTimestamp",
    "CreationTime",
    "LastModifiedTime",
    "CreateDate",
}
MOTO_DIFFERS = {
    "StackSetDriftDetectionDetails": "moto shows drift details of a set that was never looked at",
    "AdministrationRoleARN": "moto shows no role for a set that names none",
    "ExecutionRoleName": "moto shows no role for a set that names none",
    "StatusReason": "moto gives no reason where AWS gives an empty one",
    "OrganizationalUnitIds": "moto lists units for sets that manage their own permissions",
    "ManagedExecution": "moto does not know it",
}


def plain(value: Any) -> Any:
    """Return an answer without identifiers, times and what moto is known to do otherwise."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in sorted(value.items()) if k not in LEFT_OUT and k not in MOTO_DIFFERS}
    if isinstance(value, list):
        return sorted((plain(one) for one in value), key=repr)
    return CHANGING.sub("*", value) if isinstance(value, str) else value


def covers(ours: Any, theirs: Any) -> bool:
    """Tell whether an answer says everything that moto's says."""
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and all(
            key in ours and covers(ours[key], theirs[key]) for key in theirs
        )
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(covers, ours, theirs))
    return bool(ours == theirs)


def ended(client: Any, name: str, operation: str) -> Any:
    """Wait for the end of an operation on a StackSet, and return it."""
    for _ in range(150):
        found = client.describe_stack_set_operation(StackSetName=name, OperationId=operation)[
            "StackSetOperation"
        ]
        if found["Status"] not in ("RUNNING", "QUEUED"):
            return found
        time.sleep(0.1)
    raise AssertionError("the operation did not end")


def stack_sets(make: Make, account: str) -> Iterator[tuple[str, Any]]:
    client, name = make("cloudformation"), "compared"
    sent = {"Tags": [{"Key": "Workload", "Value": "control"}], "Description": "compared"}
    yield (
        "CreateStackSet",
        client.create_stack_set(StackSetName=name, TemplateBody=BODY, ExecutionRoleName=EXECUTION, **sent),
    )
    described = client.describe_stack_set(StackSetName=name)["StackSet"]
    yield (
        "DescribeStackSet",
        {key: described[key] for key in ("StackSetName", "Status", "TemplateBody", "Tags")},
    )
    yield "ListStackSets", client.list_stack_sets(Status="ACTIVE")
    made = client.create_stack_instances(StackSetName=name, Accounts=[account], Regions=[EAST, OREGON])
    yield "DescribeStackSetOperation", ended(client, name, made["OperationId"])
    instances = client.list_stack_instances(StackSetName=name)["Summaries"]
    yield (
        "ListStackInstances",
        [{key: one[key] for key in ("Account", "Region", "Status")} for one in instances],
    )
    one = client.describe_stack_instance(
        StackSetName=name, StackInstanceAccount=account, StackInstanceRegion=EAST
    )
    yield "DescribeStackInstance", {key: one["StackInstance"][key] for key in ("Account", "Region", "Status")}
    results = client.list_stack_set_operation_results(StackSetName=name, OperationId=made["OperationId"])
    yield "ListStackSetOperationResults", results["Summaries"]
    again = client.update_stack_set(
        StackSetName=name,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Greeting", "ParameterValue": "again"}],
    )
    yield "UpdateStackSet", ended(client, name, again["OperationId"])["Status"]
    gone = client.delete_stack_instances(
        StackSetName=name, Accounts=[account], Regions=[EAST, OREGON], RetainStacks=False
    )
    yield "DeleteStackInstances", ended(client, name, gone["OperationId"])["Status"]
    operations = client.list_stack_set_operations(StackSetName=name)["Summaries"]
    yield "ListStackSetOperations", [{key: each[key] for key in ("Action", "Status")} for each in operations]
    yield "DeleteStackSet", client.delete_stack_set(StackSetName=name)
    # moto lists deleted ones too, whatever status it is asked for.
    left = client.list_stack_sets(Status="ACTIVE")["Summaries"]
    yield "ListStackSets after", [each["StackSetName"] for each in left if each["Status"] == "ACTIVE"]


def buses(make: Make, account: str) -> Iterator[tuple[str, Any]]:
    client = make("events")
    bus = client.create_event_bus(Name="compared")["EventBusArn"]
    statement = {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
        "Action": "events:PutEvents",
        "Resource": bus,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.put_permission(EventBusName="compared", Policy=policy)
    yield "DescribeEventBus", json.loads(client.describe_event_bus(Name="compared")["Policy"])
    client.remove_permission(EventBusName="compared", StatementId="one")
    yield "RemovePermission", client.describe_event_bus(Name="compared").get("Policy", "")
    client.create_archive(ArchiveName="compared", EventSourceArn=bus, RetentionDays=3)
    archive = client.describe_archive(ArchiveName="compared")
    yield (
        "DescribeArchive",
        {key: archive[key] for key in ("ArchiveName", "State", "RetentionDays", "EventSourceArn")},
    )
    client.delete_archive(ArchiveName="compared")
    yield "ListArchives", client.list_archives(NamePrefix="compared")["Archives"]


def providers(make: Make, account: str) -> Iterator[tuple[str, Any]]:
    client = make("iam")
    made = client.create_open_id_connect_provider(
        Url="https://token.example.com", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40]
    )
    arn = made["OpenIDConnectProviderArn"]
    yield "CreateOpenIDConnectProvider", made
    shown = client.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    # Without its Url: ministack keeps the scheme, which AWS and moto leave out. No template reads it.
    yield "GetOpenIDConnectProvider", {key: shown[key] for key in ("ClientIDList", "ThumbprintList")}
    client.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    yield "ListOpenIDConnectProviders", client.list_open_id_connect_providers()["OpenIDConnectProviderList"]


COMPARED: dict[str, tuple[Walk, ...]] = {
    "conditions": (stacks,),
    "describe_stacks": (stacks,),
    "dynamodb_tables": (stores,),
    "ec2_addresses": (networks,),
    "ec2_networks": (networks,),
    "ec2_security_group_rules": (networks,),
    "event_archives": (buses,),
    "event_bus_policies": (buses, permissions),
    "event_buses": (permissions, rules),
    "iam_roles": (stores,),
    "oidc_providers": (providers,),
    "parameter_constraints": (stacks,),
    "property_types": (stores,),
    "s3_buckets": (stores,),
    "sns_topics": (stores,),
    "stack_sets": (stack_sets, refusals),
    "template_parsing": (stacks,),
    "template_urls": (stacks,),
}
"""What of the extension the walks go through, by the names of its files."""

NO_DOCKER = "moto runs functions in Docker alone"
NO_POLICIES = "moto asks no policy; held to IAM's documentation by tests of its own"
NO_TYPE = "moto's CloudFormation does not know the type"
NOT_COMPARED = {
    "alarms": "moto has no composite alarms and no math in an alarm, and tells EventBridge of none",
    "api_owners": "moto serves no REST API over HTTP",
    "autoscaling": NO_TYPE,
    "change_set_access": NO_POLICIES,
    "change_sets": "moto's change sets call every resource added",
    "code_pipelines": "recorded alone: there is no operation to compare",
    "decisions": NO_POLICIES,
    "drift_readers": "moto detects no drift of a stack",
    "dynamodb_access": NO_POLICIES,
    "event_access": NO_POLICIES,
    "event_targets": "moto wants a further package to deliver an event",
    "existing_resources": "moto puts the new resource in the place of the old one",
    "kms_keys": "moto imports no material into an asymmetric key, and asks no policy",
    "lambda_functions": NO_DOCKER,
    "lambda_mappings": NO_DOCKER,
    "lambda_processes": NO_DOCKER,
    "lambda_wheels": NO_DOCKER,
    "lambda_workers": NO_DOCKER,
    "mapping_access": NO_POLICIES,
    "nested_references": "moto does not know AWS::LanguageExtensions",
    "object_access": NO_POLICIES,
    "parameter_access": NO_POLICIES,
    "policy_documents": NO_POLICIES,
    "policy_variables": NO_POLICIES,
    "principal_arn": NO_POLICIES,
    "rest_apis": "moto serves no REST API over HTTP, and its CloudFormation knows no validators",
    "s3_object_locks": "moto's CloudFormation leaves the lock of a bucket out",
    "s3_replication": "moto replicates nothing",
    "schedules": NO_TYPE,
    "sns_redrives": "moto delivers whatever a queue's policy says",
    "stack_access": NO_POLICIES,
    "stack_events": "moto tells EventBridge nothing of stacks",
    "stack_set_resource": NO_TYPE,
    "stream_mappings": NO_DOCKER,
    "stream_records": NO_DOCKER,
}
"""What moto does not have, so that it is held to AWS's documentation and botocore's models alone."""


def test_whatever_the_extension_does_is_compared_or_has_its_reason() -> None:
    """A file that comes to the extension comes to one of the two lists."""
    names = {each.name for each in EXTENSIONS}
    assert names <= COMPARED.keys() | NOT_COMPARED.keys()
    assert COMPARED.keys() <= names - NOT_COMPARED.keys()


DIFFERENT = {
    "PutEvents of what is no JSON": "ministack takes it; EventBridge and moto say MalformedDetail",
    "DescribeStacks: parameters": "moto gives the value of a stored parameter where AWS gives its name",
    "create_stack_set of one that is there": "moto takes a name twice; AWS says NameAlreadyExistsException",
    "describe_stack_set_operation of none": "moto says ValidationError; AWS says OperationNotFoundException",
    "GetBucketEncryption": "moto's CloudFormation forgets BucketKeyEnabled, which S3 shows",
    "DescribeFlowLogs": "ministack shows neither group, role nor interval of a flow log, which EC2 does",
    "CreateArchive of no bus": "ministack makes one, where EventBridge does not find the bus",
}
"""Steps whose answers differ, and who is right by AWS's documentation."""

WALKS = tuple(dict.fromkeys(walk for walks in COMPARED.values() for walk in walks))


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
def test_the_sandbox_says_what_moto_says(client: Client, account: str, walk: Walk) -> None:
    """REQ-C2, REQ-C10: two implementations that know nothing of each other agree."""
    if walk is stack_sets:
        make_roles(client, account, [account])
    ours = [
        (name, plain(found))
        for name, found in walk(lambda service: client(service, account=account), account)
    ]
    with mock_aws():
        session: Any = boto3.Session("111111111111", "moto", region_name=EAST)
        theirs = [(name, plain(found)) for name, found in walk(session.client, "111111111111")]
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    wrong = {
        name: f"{name}: {mine}, and moto says {other}"
        for (name, mine), (_, other) in zip(ours, theirs, strict=True)
        if not covers(mine, other)
    }
    listed = {name for name, _ in ours} & DIFFERENT.keys()
    assert wrong.keys() == listed, "\n".join(wrong.values())
