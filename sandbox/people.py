"""People on the sandbox: IAM users with keys of their own, who may take the roles that trust them (REQ-G2)."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

ASSUMES = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}],
    }
)


def user(iam: Any, name: str) -> dict[str, str]:
    """Return the variables of an IAM user with that name, who is made where there is none, with a key of its own."""
    try:
        iam.create_user(UserName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
    iam.put_user_policy(UserName=name, PolicyName="assumes", PolicyDocument=ASSUMES)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
