"""OpenID Connect providers, and a role that trusts one (REQ-P9)."""

from __future__ import annotations

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack

TEMPLATE = """
Resources:
  Provider:
    Type: AWS::IAM::OIDCProvider
    Properties:
      Url: https://token.actions.githubusercontent.com
      ClientIdList: [CLIENT]
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: deploy
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Federated: !Ref Provider}
            Action: sts:AssumeRoleWithWebIdentity
            Condition: {StringEquals: {"token.actions.githubusercontent.com:aud": sts.amazonaws.com}}
Outputs: {Arn: {Value: !GetAtt Provider.Arn}}
"""


def test_the_life_of_a_provider(client: Client, account: str, stack: Stack) -> None:
    """It is there with the stack's tags, changes in place, and goes with the stack; a second one is refused."""
    iam = client("iam", account=account)
    tags = {"Environment": "dev"}
    assert stack.create(TEMPLATE.replace("CLIENT", "one"), tags=tags) == "CREATE_COMPLETE", stack.reasons()
    arn = f"arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com"
    assert (stack.outputs()["Arn"], stack.physical("Provider")) == (arn, arn)
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["one"], [])
    assert {"Key": "Environment", "Value": "dev"} in found["Tags"]
    other = Stack(stack.cloudformation, "other")
    assert other.create(TEMPLATE.replace("CLIENT", "two")) == "ROLLBACK_COMPLETE"
    assert "already exists" in other.reasons()["Provider"]
    stack.update(TEMPLATE.replace("CLIENT", "sts.amazonaws.com"), tags=tags)
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert found["ClientIDList"] == ["sts.amazonaws.com"]
    stack.delete()
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
