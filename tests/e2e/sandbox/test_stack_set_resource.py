"""AWS::CloudFormation::StackSet as a resource of a stack (REQ-C10)."""

from __future__ import annotations

import textwrap

import pytest

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stack_sets import TEMPLATE, make_roles
from tests.e2e.sandbox.stacks import Stack

EAST, OHIO, OREGON = "us-east-1", "us-east-2", "us-west-2"


def _template(*regions: str, greeting: str = "hello", fail_in: str = "nowhere", override: str = "") -> str:
    """Return a stack with a StackSet over these regions; the last one has an override where one is given."""
    groups = [(list(regions), "")]
    if override:
        groups = [(list(regions[:-1]), ""), ([regions[-1]], override)]
    shown = "".join(
        f"""
        - DeploymentTargets: {{Accounts: [!Ref AWS::AccountId]}}
          Regions: {names}
          ParameterOverrides: {f"[{{ParameterKey: Greeting, ParameterValue: {other}}}]" if other else "[]"}"""
        for names, other in groups
    )
    return f"""
Resources:
  Baseline:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: resource
      PermissionModel: SELF_MANAGED
      Capabilities: [CAPABILITY_IAM]
      ManagedExecution: {{Active: true}}
      OperationPreferences:
        RegionConcurrencyType: SEQUENTIAL
        RegionOrder: [us-east-1, us-east-2, us-west-2]
        FailureToleranceCount: 0
        MaxConcurrentCount: 1
      Parameters:
        - {{ParameterKey: Greeting, ParameterValue: {greeting}}}
        - {{ParameterKey: FailIn, ParameterValue: {fail_in}}}
      StackInstancesGroup: {shown}
      TemplateBody: |
{textwrap.indent(TEMPLATE, "        ")}
Outputs:
  Id: {{Value: !Ref Baseline}}
  Attribute: {{Value: !GetAtt Baseline.StackSetId}}
"""


@pytest.fixture(autouse=True)
def roles(client: Client, account: str) -> None:
    """Make both roles in the account."""
    make_roles(client, account, [account])


def _values(client: Client, account: str) -> dict[str, str]:
    """Return the value that each region's instance made."""
    found = {}
    for region in (EAST, OHIO, OREGON):
        for one in client("ssm", account=account, region=region).get_parameters(Names=["/stack-set/value"])[
            "Parameters"
        ]:
            found[region] = one["Value"]
    return found


def _instances(client: Client, account: str) -> set[tuple[str, str]]:
    found = client("cloudformation", account=account).list_stack_instances(StackSetName="resource")
    return {(one["Region"], one["Status"]) for one in found["Summaries"]}


def test_a_stack_is_complete_when_its_instances_are(client: Client, stack: Stack, account: str) -> None:
    """Ref and GetAtt give the id, and the stack's tags reach the instances (REQ-P6)."""
    assert stack.create(_template(EAST, OHIO), tags={"Workload": "control"}) == "CREATE_COMPLETE"
    assert _values(client, account) == {EAST: "hello", OHIO: "hello"}
    assert stack.outputs()["Id"] == stack.outputs()["Attribute"]
    described = client("cloudformation", account=account).describe_stack_set(StackSetName="resource")[
        "StackSet"
    ]
    assert described["StackSetId"] == stack.outputs()["Id"]
    assert described["Tags"] == [{"Key": "Workload", "Value": "control"}]
    assert described["ManagedExecution"] == {"Active": True}


def test_groups_follow_the_template(client: Client, stack: Stack, account: str) -> None:
    """Regions come and go, overrides come and go, a definition reaches all; nothing left when the stack is deleted."""
    assert stack.create(_template(EAST, OHIO)) == "CREATE_COMPLETE"
    assert stack.update(_template(OHIO, OREGON, override="hola")) == "UPDATE_COMPLETE"
    assert _values(client, account) == {OHIO: "hello", OREGON: "hola"}
    assert stack.update(_template(OHIO, OREGON, greeting="servus", override="hola")) == "UPDATE_COMPLETE"
    assert _values(client, account) == {OHIO: "servus", OREGON: "hola"}
    assert stack.update(_template(OHIO, OREGON, greeting="servus")) == "UPDATE_COMPLETE"
    assert _values(client, account) == {OHIO: "servus", OREGON: "servus"}
    assert stack.delete() == "DELETE_COMPLETE"
    assert _values(client, account) == {}
    sets = client("cloudformation", account=account).list_stack_sets(Status="ACTIVE")["Summaries"]
    assert sets == []


def test_a_failing_instance_fails_the_resource_with_its_reason(
    client: Client, stack: Stack, account: str
) -> None:
    """The creation is undone, the StackSet with it; the stack is not left in progress."""
    assert stack.create(_template(EAST, OHIO, OREGON, fail_in=OHIO)) == "ROLLBACK_COMPLETE"
    reason = stack.reasons()["Baseline"]
    assert reason.startswith("Stack set operation [")
    assert f"{account} {OHIO}: ResourceLogicalId:Wrong" in reason
    assert _values(client, account) == {}
    assert client("cloudformation", account=account).list_stack_sets(Status="ACTIVE")["Summaries"] == []


def test_a_failing_update_is_rolled_back_in_every_region(client: Client, stack: Stack, account: str) -> None:
    """Instances that had the update get the old definition back, and a new region is left again."""
    assert stack.create(_template(EAST, OHIO)) == "CREATE_COMPLETE"
    status = stack.update(_template(EAST, OHIO, OREGON, greeting="servus", fail_in=OHIO))
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert "ResourceLogicalId:Wrong" in stack.reasons()["Baseline"]
    assert _values(client, account) == {EAST: "hello", OHIO: "hello"}
    assert _instances(client, account) == {(EAST, "CURRENT"), (OHIO, "CURRENT")}


def test_a_missing_role_fails_the_resource(client: Client, stack: Stack, account: str) -> None:
    """Nobody waits for an operation that never began."""
    client("iam", account=account).delete_role(RoleName="AWSCloudFormationStackSetExecutionRole")
    assert stack.create(_template(EAST)) == "ROLLBACK_COMPLETE"
    assert f"Account {account} should have" in stack.reasons()["Baseline"]
