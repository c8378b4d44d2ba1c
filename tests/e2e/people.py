"""People on the sandbox: IAM users with keys of their own, and sessions as IAM Identity Center makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox import accounts
from tests.e2e import clients

ASSUMES = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}],
    }
)
IDENTITY_CENTER = "AWSReservedSSO_Developers_0123456789abcdef"


def user(iam: Any, name: str) -> dict[str, str]:
    """Make an IAM user that may take any role that trusts it, and return its variables."""
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="assumes", PolicyDocument=ASSUMES)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def role(iam: Any, name: str = IDENTITY_CENTER, path: str = "/aws-reserved/sso.amazonaws.com/") -> str:
    """Make a role that may take any role that trusts it, and return its ARN; by default like one of Identity Center.

    On AWS nobody but Identity Center takes that, and makes roles with that path.
    """
    made = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=accounts.trust_policy())
    iam.put_role_policy(RoleName=name, PolicyName="assumes", PolicyDocument=ASSUMES)
    return str(made["Role"]["Arn"])


def session(endpoint: str, role_arn: str, name: str, who: Mapping[str, str] | None = None) -> dict[str, str]:
    """Take a role under a name, as the operator unless somebody is given, and return the session's variables."""
    key = (who["AWS_ACCESS_KEY_ID"], who["AWS_SECRET_ACCESS_KEY"]) if who else (accounts.OPERATOR,)
    token = (who["AWS_SESSION_TOKEN"],) if who and "AWS_SESSION_TOKEN" in who else ()
    sts = clients.make(endpoint, "sts", "us-east-1", *key, *token)
    given = sts.assume_role(RoleArn=role_arn, RoleSessionName=name)["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
