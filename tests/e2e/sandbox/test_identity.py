"""Accounts, deploy roles and boundaries."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox import accounts
from sandbox.place import Record
from tests.e2e import clients
from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack


def _assumed(client: Client, sandbox: Record, environment: str, service: str, region: str) -> object:
    role = accounts.role_arn(environment)
    given = client("sts").assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
    return clients.assumed(sandbox.endpoint, service, region, given)


@pytest.mark.parametrize(("environment", "region"), [("staging", "us-east-2"), ("prod", "us-east-1")])
def test_the_operator_deploys_to_another_account(
    client: Client, sandbox: Record, account: str, environment: str, region: str
) -> None:
    """A stack made with the assumed role lands in that account and region, and nowhere else."""
    name = f"identity-{account}"
    stack = Stack(_assumed(client, sandbox, environment, "cloudformation", region), name)
    template = "Resources: {Topic: {Type: AWS::SNS::Topic}}\nOutputs: {Arn: {Value: !Ref Topic}}"
    assert stack.create(template) == "CREATE_COMPLETE"
    assert stack.outputs()["Arn"].split(":")[3:5] == [region, accounts.ACCOUNTS[environment]]
    with pytest.raises(ClientError, match="does not exist"):
        Stack(client("cloudformation", region=region), name).described()
    assert stack.delete() == "DELETE_COMPLETE"


@pytest.mark.parametrize("environment", sorted(accounts.DEPLOYED))
def test_the_deploy_role_trusts_the_operator_only(client: Client, environment: str) -> None:
    """Another account is refused, although the role exists."""
    sts = client("sts", account="999999999999")
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=accounts.role_arn(environment), RoleSessionName="tests")


def test_a_role_that_does_not_exist_is_refused(client: Client) -> None:
    """A wrong role in the configuration is found here, not first on AWS."""
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        client("sts").assume_role(RoleArn="arn:aws:iam::222222222222:role/none", RoleSessionName="tests")


def test_a_role_shows_its_boundary(client: Client, account: str, stack: Stack) -> None:
    """REQ-P8: the boundary of a role can be read back."""
    template = """
    Resources:
      Boundary:
        Type: AWS::IAM::ManagedPolicy
        Properties:
          ManagedPolicyName: boundary
          PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
      Role:
        Type: AWS::IAM::Role
        Properties:
          RoleName: bounded
          PermissionsBoundary: !Ref Boundary
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
    """
    assert stack.create(template) == "CREATE_COMPLETE", stack.reasons()
    role = client("iam", account=account).get_role(RoleName="bounded")["Role"]
    expected = f"arn:aws:iam::{account}:policy/boundary"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == expected


LIMITED = """
Resources:
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: ["ssm:GetParameters", "sqs:ListQueues"], Resource: "*"}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: limited
      PermissionsBoundary: !Ref Boundary
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {AWS: !Ref AWS::AccountId}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: ["sns:ListTopics", "sqs:ListQueues"], Resource: "*"}
              - Effect: Allow
                Action: ssm:GetParameters
                Resource: !Sub "arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:parameter/own/*"
"""


@pytest.fixture
def limited(client: Client, sandbox: Record, account: str, stack: Stack) -> Callable[[str], Any]:
    """Return a maker of clients that act as a role with little, inside a boundary."""
    assert stack.create(LIMITED) == "CREATE_COMPLETE", stack.reasons()
    role = f"arn:aws:iam::{account}:role/limited"
    given = client("sts", account=account).assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
    return lambda service: clients.assumed(sandbox.endpoint, service, "us-east-1", given)


def test_policies_are_enforced(limited: Callable[[str], Any]) -> None:
    """A role may do what its policy allows, within its boundary, and nothing else (REQ-P8)."""
    limited("sqs").list_queues()
    with pytest.raises(ClientError, match=r"AccessDenied|AuthorizationError"):
        limited("sns").list_topics()  # allowed by the policy, not by the boundary
    with pytest.raises(ClientError, match="AccessDenied"):
        limited("dynamodb").list_tables()


def test_parameters_are_allowed_one_by_one(
    client: Client, account: str, limited: Callable[[str], Any]
) -> None:
    """GetParameters needs leave for each parameter that it names."""
    client("ssm", account=account).put_parameter(Name="/own/a", Type="String", Value="v")
    ssm = limited("ssm")
    found = ssm.get_parameters(Names=["/own/a", "/own/none"])
    assert [one["Value"] for one in found["Parameters"]] == ["v"]
    for names in (["/other/a"], ["/own/a", "/other/a"]):
        with pytest.raises(ClientError, match="AccessDenied"):
            ssm.get_parameters(Names=names)


def test_a_wrong_secret_is_refused(client: Client, sandbox: Record) -> None:
    """The signatures of sessions are verified."""
    role = accounts.role_arn("staging")
    given = client("sts").assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
    sqs = clients.assumed(sandbox.endpoint, "sqs", "us-east-1", {**given, "SecretAccessKey": "wrong"})
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        sqs.list_queues()


def test_a_bucket_policy_names_the_role_of_a_session(client: Client, sandbox: Record, account: str) -> None:
    """REQ-C8: only the one role that a bucket's policy names may write, and it may with any of its sessions."""
    bucket = f"written-by-one-role-{account}"
    mine = _assumed(client, sandbox, "staging", "s3", "us-east-1")
    mine.create_bucket(Bucket=bucket)  # type: ignore[attr-defined]
    for role, may in ((accounts.role_arn("staging"), True), (accounts.role_arn("staging") + "-other", False)):
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        mine.put_bucket_policy(Bucket=bucket, Policy=policy)  # type: ignore[attr-defined]
        with nullcontext() if may else pytest.raises(ClientError, match="AccessDenied"):
            mine.put_object(Bucket=bucket, Key="one", Body=b"1")  # type: ignore[attr-defined]
