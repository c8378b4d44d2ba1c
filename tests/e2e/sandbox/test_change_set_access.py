"""IAM decides about change sets by their names, where a policy says so."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from sandbox.place import Record
from tests.e2e.clients import assumed
from tests.e2e.conftest import Client

TEMPLATE = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}"


def _policy(action: str | list[str], **more: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **more}]})


def test_a_policy_may_name_the_change_sets_that_it_allows(
    client: Client, account: str, sandbox: Record
) -> None:
    """Made, read and deleted under that name; under another none is, and nothing is executed under either."""
    iam, sts = client("iam", account=account), client("sts", account=account)
    trust = _policy("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{account}:root"})
    arn = iam.create_role(RoleName="asks", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    actions = [f"cloudformation:{name}ChangeSet" for name in ("Create", "Delete", "Describe")]
    condition = {"StringLike": {"cloudformation:ChangeSetName": "ours-*"}}
    iam.put_role_policy(
        RoleName="asks", PolicyName="own", PolicyDocument=_policy(actions, Resource="*", Condition=condition)
    )
    given = sts.assume_role(RoleArn=arn, RoleSessionName="asks")["Credentials"]
    cloudformation = assumed(sandbox.endpoint, "cloudformation", "us-east-1", given)
    sent = {"StackName": "asked", "TemplateBody": TEMPLATE, "ChangeSetType": "CREATE"}
    with pytest.raises(ClientError, match="AccessDenied"):
        cloudformation.create_change_set(ChangeSetName="theirs-1", **sent)
    made = cloudformation.create_change_set(ChangeSetName="ours-1", **sent)
    cloudformation.describe_change_set(StackName="asked", ChangeSetName="ours-1")
    cloudformation.describe_change_set(ChangeSetName=made["Id"])
    with pytest.raises(ClientError, match="AccessDenied"):
        cloudformation.execute_change_set(StackName="asked", ChangeSetName="ours-1")
    with pytest.raises(ClientError, match="AccessDenied"):
        cloudformation.delete_change_set(StackName="asked", ChangeSetName="theirs-1")
    cloudformation.delete_change_set(StackName="asked", ChangeSetName="ours-1")
