"""The operations that the sandbox adds, against moto, a second implementation of AWS, with the same client code.

What moto answers, the sandbox answers too, but for identifiers and times. What moto lacks is held to botocore's models
alone. Where moto is known to differ from AWS, the difference is listed here with its reason.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stack_sets import EXECUTION, make_roles

Make = Callable[[str], Any]
"""Makes the client of a service."""

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


@pytest.mark.parametrize("walk", [stack_sets, buses, providers])
def test_the_sandbox_says_what_moto_says(
    client: Client, account: str, walk: Callable[[Make, str], Iterator[tuple[str, Any]]]
) -> None:
    """REQ-C2, REQ-C10: two implementations that know nothing of each other agree."""
    if walk is stack_sets:
        make_roles(client, account, [account])
    ours = [
        (name, plain(found))
        for name, found in walk(lambda service: client(service, account=account), account)
    ]
    with mock_aws():
        session = boto3.Session("111111111111", "moto", region_name=EAST)
        theirs = [(name, plain(found)) for name, found in walk(session.client, "111111111111")]
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    for (name, mine), (_, other) in zip(ours, theirs, strict=True):
        assert covers(mine, other), f"{name}: {mine}, and moto says {other}"
