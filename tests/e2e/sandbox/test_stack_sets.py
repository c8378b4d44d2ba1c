"""StackSets with self-managed permissions: order, tolerance, roles, statuses, events, template addresses (REQ-C10)."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stack_sets import EXECUTION, TEMPLATE, Set, make_roles, trust

EAST, OHIO, OREGON = "us-east-1", "us-east-2", "us-west-2"
FAIL_IN_OHIO = [{"ParameterKey": "FailIn", "ParameterValue": OHIO}]


@pytest.fixture
def other() -> str:
    """Return a second account that nobody else uses."""
    return f"8{random.SystemRandom().randrange(10**11):011d}"


@pytest.fixture
def baseline(client: Client, account: str, other: str) -> Set:
    """Return a StackSet, not yet created, whose roles exist in two accounts."""
    make_roles(client, account, [account, other])
    return Set(client("cloudformation", account=account), [account, other])


def _value(client: Client, account: str, region: str) -> str:
    found = client("ssm", account=account, region=region).get_parameter(Name="/stack-set/value")
    value: str = found["Parameter"]["Value"]
    return value


def _code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_instances_are_stacks_in_their_own_accounts_and_regions(
    client: Client, baseline: Set, account: str, other: str
) -> None:
    """They are named after the StackSet and carry its tags."""
    baseline.define(Tags=[{"Key": "Workload", "Value": "control"}])
    assert baseline.add(EAST, OREGON) == "SUCCEEDED"
    found = baseline.instances()
    assert len(found) == 4
    assert {one["Status"] for one in found.values()} == {"CURRENT"}
    assert {one["StackInstanceStatus"]["DetailedStatus"] for one in found.values()} == {"SUCCEEDED"}
    for target in (account, other):
        for region in (EAST, OREGON):
            stack_id = found[f"{target}/{region}"]["StackId"]
            cloudformation = client("cloudformation", account=target, region=region)
            stack = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
            assert stack["StackName"].startswith("StackSet-baseline-")
            assert stack["Tags"] == [{"Key": "Workload", "Value": "control"}]
            assert _value(client, target, region) == "hello"
    assert set(baseline.last()) == set(found)


def test_regions_are_worked_through_in_order(client: Client, baseline: Set, account: str) -> None:
    """RegionOrder decides, not the order in which regions are named."""
    baseline.define()
    baseline.preferences["RegionOrder"] = [OREGON, EAST, OHIO]
    assert baseline.add(EAST, OHIO, OREGON) == "SUCCEEDED"
    made = {}
    for key, one in baseline.instances().items():
        target, region = key.split("/")
        cloudformation = client("cloudformation", account=target, region=region)
        made[key] = cloudformation.describe_stacks(StackName=one["StackId"])["Stacks"][0]["CreationTime"]
    regions = [key.split("/")[1] for key in sorted(made, key=lambda key: made[key])]
    assert regions == [OREGON, OREGON, EAST, EAST, OHIO, OHIO]


def test_a_failure_beyond_the_tolerance_keeps_the_next_region_untouched(
    client: Client, baseline: Set, account: str, other: str
) -> None:
    """The rest of the region and the next one are CANCELLED, and nothing exists there."""
    baseline.define(Parameters=FAIL_IN_OHIO)
    assert baseline.add(EAST, OHIO, OREGON) == "FAILED"
    results = baseline.last()
    assert [results[f"{one}/{EAST}"]["Status"] for one in (account, other)] == ["SUCCEEDED"] * 2
    failed = results[f"{account}/{OHIO}"]
    assert failed["Status"] == "FAILED"
    assert failed["StatusReason"].startswith(
        "ResourceLogicalId:Wrong, ResourceType:AWS::IAM::Role, ResourceStatusReason:"
    )
    assert "DoesNotExist" in failed["StatusReason"]
    cancelled = [results[f"{other}/{OHIO}"], *(results[f"{one}/{OREGON}"] for one in (account, other))]
    assert {one["Status"] for one in cancelled} == {"CANCELLED"}
    assert {one["StatusReason"] for one in cancelled} == {"Cancelled since failure tolerance has exceeded"}
    instances = baseline.instances()
    assert instances[f"{account}/{OHIO}"]["Status"] == "OUTDATED"
    assert instances[f"{account}/{OHIO}"]["StackInstanceStatus"]["DetailedStatus"] == "FAILED"
    assert instances[f"{other}/{OREGON}"]["StackInstanceStatus"]["DetailedStatus"] == "CANCELLED"
    assert not client("cloudformation", account=other, region=OREGON).describe_stacks()["Stacks"]


def test_a_failure_within_the_tolerance_goes_on(baseline: Set, account: str, other: str) -> None:
    """The count is a region's own; in parallel the regions do not wait for one another."""
    baseline.define(Parameters=FAIL_IN_OHIO)
    baseline.preferences |= {
        "FailureToleranceCount": 2,
        "MaxConcurrentCount": 2,
        "RegionConcurrencyType": "PARALLEL",
    }
    assert baseline.add(EAST, OHIO, OREGON) == "SUCCEEDED"
    statuses = {key: one["Status"] for key, one in baseline.last().items()}
    assert [key.split("/")[1] for key, status in statuses.items() if status == "FAILED"] == [OHIO, OHIO]
    assert list(statuses.values()).count("SUCCEEDED") == 4


def test_what_failed_is_mended_by_the_next_operation(client: Client, baseline: Set, account: str) -> None:
    """A stack whose creation failed is made anew; the others are left as they are."""
    baseline.define(Parameters=FAIL_IN_OHIO)
    assert baseline.add(EAST, OHIO, OREGON) == "FAILED"
    assert baseline.update(Parameters=[]) == "SUCCEEDED"
    assert {one["Status"] for one in baseline.instances().values()} == {"CURRENT"}
    assert _value(client, account, OREGON) == "hello"


def test_an_account_without_the_execution_role_fails(baseline: Set, client: Client, account: str) -> None:
    """The reason is the one that AWS gives; so it is when the role trusts somebody else."""
    stranger = f"7{random.SystemRandom().randrange(10**11):011d}"
    baseline.define()
    baseline.accounts = [stranger]
    reason = (
        f"Account {stranger} should have '{EXECUTION}' role with trust relationship to Role "
        "'AWSCloudFormationStackSetAdministrationRole'."
    )
    assert baseline.add(EAST) == "FAILED"
    assert baseline.last()[f"{stranger}/{EAST}"]["StatusReason"] == reason
    client("iam", account=stranger).create_role(
        RoleName=EXECUTION, AssumeRolePolicyDocument=trust({"AWS": "arn:aws:iam::444444444444:role/Another"})
    )
    assert baseline.add(EAST) == "FAILED"
    assert baseline.last()[f"{stranger}/{EAST}"]["StatusReason"] == reason


def test_without_administration_role_no_operation_begins(client: Client, account: str) -> None:
    """Nothing is added then."""
    made = Set(client("cloudformation", account=account), [account])
    made.define()
    with pytest.raises(ClientError, match="AWSCloudFormationStackSetAdministrationRole not found"):
        made.add(EAST)
    assert made.instances() == {}


def test_overrides_are_an_instances_own(client: Client, baseline: Set, account: str) -> None:
    """UpdateStackInstances changes them, an update of the StackSet keeps them."""
    override = [{"ParameterKey": "Greeting", "ParameterValue": "hola"}]
    baseline.define()
    baseline.accounts = [account]
    assert baseline.add(EAST) == "SUCCEEDED"
    assert baseline.add(OREGON, ParameterOverrides=override) == "SUCCEEDED"
    assert (_value(client, account, EAST), _value(client, account, OREGON)) == ("hello", "hola")
    greeting = [{"ParameterKey": "Greeting", "ParameterValue": "good day"}]
    assert baseline.update(Parameters=greeting) == "SUCCEEDED"
    assert (_value(client, account, EAST), _value(client, account, OREGON)) == ("good day", "hola")
    described = baseline.cloudformation.describe_stack_instance(
        StackSetName="baseline", StackInstanceAccount=account, StackInstanceRegion=OREGON
    )["StackInstance"]
    assert described["ParameterOverrides"] == override
    assert (
        baseline.ended(baseline.begin("update_stack_instances", OREGON, ParameterOverrides=[])) == "SUCCEEDED"
    )
    assert _value(client, account, OREGON) == "good day"


def test_an_update_of_some_leaves_the_others_outdated(baseline: Set, account: str, other: str) -> None:
    """They are brought up to date by the next operation over all."""
    baseline.define()
    baseline.add(EAST)
    greeting = [{"ParameterKey": "Greeting", "ParameterValue": "good day"}]
    baseline.update(Parameters=greeting, Accounts=[account], Regions=[EAST])
    statuses = {key.split("/")[0]: one["Status"] for key, one in baseline.instances().items()}
    assert statuses == {account: "CURRENT", other: "OUTDATED"}
    baseline.update(Parameters=greeting)
    assert {one["Status"] for one in baseline.instances().values()} == {"CURRENT"}


def test_deletion_takes_the_stacks_along_unless_they_are_retained(
    client: Client, baseline: Set, account: str
) -> None:
    """A StackSet that holds instances is not deleted; a deleted one leaves its name free."""
    baseline.define()
    baseline.accounts = [account]
    baseline.add(EAST, OREGON)
    with pytest.raises(ClientError) as caught:
        baseline.cloudformation.delete_stack_set(StackSetName="baseline")
    assert _code(caught) == "StackSetNotEmptyException"
    kept = baseline.instances()[f"{account}/{OREGON}"]["StackId"]
    assert baseline.ended(baseline.begin("delete_stack_instances", EAST, RetainStacks=False)) == "SUCCEEDED"
    assert baseline.ended(baseline.begin("delete_stack_instances", OREGON, RetainStacks=True)) == "SUCCEEDED"
    assert baseline.instances() == {}
    assert client("cloudformation", account=account, region=EAST).describe_stacks()["Stacks"] == []
    stacks = client("cloudformation", account=account, region=OREGON).describe_stacks(StackName=kept)[
        "Stacks"
    ]
    assert stacks[0]["StackStatus"] == "CREATE_COMPLETE"
    baseline.cloudformation.delete_stack_set(StackSetName="baseline")
    with pytest.raises(ClientError) as gone:
        baseline.cloudformation.describe_stack_set(StackSetName="baseline")
    assert _code(gone) == "StackSetNotFoundException"
    baseline.define()
    assert [one["Status"] for one in baseline.cloudformation.list_stack_sets()["Summaries"]] == [
        "DELETED",
        "ACTIVE",
    ]


def test_a_stack_that_does_not_go_makes_the_instance_inoperable(
    client: Client, baseline: Set, account: str
) -> None:
    """It leaves the StackSet when its stack is retained."""
    baseline.define("Resources: {Bucket: {Type: AWS::S3::Bucket}}")
    baseline.accounts = [account]
    baseline.add(EAST)
    bucket = client("s3", account=account).list_buckets()["Buckets"][0]["Name"]
    client("s3", account=account).put_object(Bucket=bucket, Key="held", Body=b"")
    assert baseline.ended(baseline.begin("delete_stack_instances", EAST, RetainStacks=False)) == "FAILED"
    instance = baseline.instances()[f"{account}/{EAST}"]
    assert instance["Status"] == "INOPERABLE"
    assert "ResourceLogicalId:Bucket" in instance["StatusReason"]
    assert baseline.ended(baseline.begin("delete_stack_instances", EAST, RetainStacks=True)) == "SUCCEEDED"


def test_one_operation_at_a_time_unless_execution_is_managed(baseline: Set) -> None:
    """Managed execution queues what conflicts; an operation id serves once."""
    baseline.define()
    first = baseline.begin("create_stack_instances", EAST, OperationId="first")
    with pytest.raises(ClientError) as caught:
        baseline.begin("create_stack_instances", OREGON)
    assert _code(caught) == "OperationInProgressException"
    assert first in str(caught.value)
    baseline.ended(first)
    with pytest.raises(ClientError) as again:
        baseline.begin("create_stack_instances", OREGON, OperationId="first")
    assert _code(again) == "OperationIdAlreadyExistsException"
    baseline.update(ManagedExecution={"Active": True})
    begun = [baseline.begin("create_stack_instances", OREGON) for _ in range(2)]
    assert baseline.operation(begun[1])["Status"] == "QUEUED"
    assert [baseline.ended(one) for one in begun] == ["SUCCEEDED", "SUCCEEDED"]


def test_a_stopped_operation_begins_nothing_new(baseline: Set) -> None:
    """What is left is CANCELLED, and the operation STOPPED."""
    baseline.define()
    operation = baseline.begin("create_stack_instances", EAST, OHIO, OREGON)
    baseline.cloudformation.stop_stack_set_operation(StackSetName="baseline", OperationId=operation)
    assert baseline.ended(operation) == "STOPPED"
    statuses = [one["Status"] for one in baseline.last().values()]
    assert "CANCELLED" in statuses
    assert set(statuses) <= {"SUCCEEDED", "CANCELLED"}
    with pytest.raises(ClientError) as caught:
        baseline.cloudformation.stop_stack_set_operation(StackSetName="baseline", OperationId=operation)
    assert _code(caught) == "InvalidOperationException"


def test_drift_of_instances_is_summed_up(client: Client, baseline: Set, account: str, other: str) -> None:
    """One instance that was changed by hand makes the StackSet DRIFTED."""
    baseline.define(
        "Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: set, DelaySeconds: 1}}}"
    )
    baseline.add(EAST)
    detect = baseline.cloudformation.detect_stack_set_drift
    assert baseline.ended(detect(StackSetName="baseline")["OperationId"]) == "SUCCEEDED"
    assert _drift(baseline)["DriftStatus"] == "IN_SYNC"
    sqs = client("sqs", account=other)
    url = sqs.get_queue_url(QueueName="set")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "9"})
    baseline.ended(detect(StackSetName="baseline")["OperationId"])
    found = _drift(baseline)
    assert (found["DriftStatus"], found["DriftDetectionStatus"]) == ("DRIFTED", "COMPLETED")
    assert (found["DriftedStackInstancesCount"], found["InSyncStackInstancesCount"]) == (1, 1)
    assert baseline.instances()[f"{other}/{EAST}"]["DriftStatus"] == "DRIFTED"


def _drift(baseline: Set) -> dict[str, Any]:
    described = baseline.cloudformation.describe_stack_set(StackSetName="baseline")["StackSet"]
    found: dict[str, Any] = described["StackSetDriftDetectionDetails"]
    return found


def test_statuses_are_events_on_the_administrators_bus(client: Client, baseline: Set, account: str) -> None:
    """Operations and instances, with the fields that AWS documents (REQ-C2)."""
    sqs, events = client("sqs", account=account), client("events", account=account)
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    pattern = {"source": ["aws.cloudformation"], "detail-type": [{"prefix": "CloudFormation StackSet"}]}
    events.put_rule(Name="all", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn}])
    identity = baseline.define()
    baseline.accounts = [account]
    operation = baseline.begin("create_stack_instances", OREGON)
    baseline.ended(operation)
    found, deadline = [], time.monotonic() + 10
    while time.monotonic() < deadline and len(found) < 4:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            found.append(json.loads(message["Body"]))
    stack_set = f"arn:aws:cloudformation:us-east-1:{account}:stackset/{identity}"
    assert {(one["account"], one["region"], *one["resources"]) for one in found} == {
        (account, EAST, stack_set)
    }
    assert {one["detail"]["stack-set-arn"] for one in found} == {stack_set}
    operations = [one["detail"] for one in found if "Operation" in one["detail-type"]]
    assert {one["stack-set-operation-id"] for one in operations} == {operation}
    assert {one["status-details"]["status"] for one in operations} == {"RUNNING", "SUCCEEDED"}
    instances = [one["detail"] for one in found if "StackInstance" in one["detail-type"]]
    ended = next(one for one in instances if one["status-details"]["detailed-status"] == "SUCCEEDED")
    assert ended["status-details"] == {
        "status": "CURRENT",
        "status-reason": "",
        "detailed-status": "SUCCEEDED",
    }
    assert ended["stack-id"] == baseline.instances()[f"{account}/{OREGON}"]["StackId"]
    assert ended["action"] == "CREATE"


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("https://{bucket}.s3.us-west-2.amazonaws.com/sets/a%20b.yaml", OREGON),
        ("https://{bucket}.s3.amazonaws.com/sets/a%20b.yaml", EAST),
        ("https://s3.us-west-2.amazonaws.com/{bucket}/sets/a%20b.yaml", OREGON),
        ("https://s3.amazonaws.com/{bucket}/sets/a%20b.yaml", EAST),
    ],
)
def test_templates_are_read_from_their_address(
    client: Client, baseline: Set, account: str, address: str, region: str
) -> None:
    """Both styles of S3's addresses serve for every call that takes a template, beyond 51,200 bytes too."""
    s3 = client("s3", account=account, region=region)
    bucket = f"templates-{account}"
    where = {} if region == EAST else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **where)
    s3.put_object(Bucket=bucket, Key="sets/a b.yaml", Body=TEMPLATE + "#" * 60_000)
    url = address.format(bucket=bucket)
    cloudformation = client("cloudformation", account=account)
    assert cloudformation.validate_template(TemplateURL=url)["Parameters"]
    cloudformation.create_stack(StackName="direct", TemplateURL=url, Capabilities=["CAPABILITY_IAM"])
    cloudformation.create_stack_set(StackSetName="baseline", TemplateURL=url, Capabilities=["CAPABILITY_IAM"])
    baseline.accounts = [account]
    assert baseline.add(OREGON) == "SUCCEEDED"
    assert _value(client, account, OREGON) == "hello"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"TemplateBody": "Resources: ["}, "ValidationError"),
        ({"Capabilities": []}, "InsufficientCapabilitiesException"),
        ({"Parameters": [{"ParameterKey": "Unknown", "ParameterValue": "x"}]}, "ValidationError"),
        ({"PermissionModel": "SERVICE_MANAGED"}, "ValidationError"),
        ({"TemplateBody": "Parameters: {A: {Type: String}}\nResources: {}"}, "ValidationError"),
    ],
)
def test_a_definition_that_cannot_work_is_refused(
    client: Client, account: str, change: dict[str, Any], code: str
) -> None:
    """Before any instance exists."""
    cloudformation = client("cloudformation", account=account)
    sound: dict[str, Any] = {"TemplateBody": TEMPLATE, "Capabilities": ["CAPABILITY_IAM"]}
    with pytest.raises(ClientError) as caught:
        cloudformation.create_stack_set(StackSetName="baseline", **{**sound, **change})
    assert _code(caught) == code
    assert cloudformation.list_stack_sets()["Summaries"] == []
