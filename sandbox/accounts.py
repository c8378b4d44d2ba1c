"""The AWS accounts of the sandbox and how one reaches another, as in a real organisation.

The emulator takes a 12-digit access key as the account it acts for, so an account needs no registration;
what has to exist before a deployment is the role that it assumes (REQ-P9).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

ACCOUNTS: Mapping[str, str] = MappingProxyType(
    {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}
)
"""Environment to account id."""

DEPLOYED: Mapping[str, str] = MappingProxyType({"shared": ACCOUNTS["prod"], **ACCOUNTS})
"""Everything that is deployed, by account id: what belongs to no environment too."""

OPERATOR = ACCOUNTS["dev"]
"""The account whose credentials a user of the sandbox holds; it may assume each deploy role."""

OPERATOR_REGION = "us-east-1"
SECRET = "sandbox"  # noqa: S105 - no secret: it opens nothing but this machine's own emulator
"""The secret access key of every account; requests are signed with it."""


def role_name(environment: str) -> str:
    """Return the name of the role that deploys to an environment."""
    return f"{environment}-lockstep-deploy"


def role_arn(environment: str) -> str:
    """Return the ARN of the role that deploys to an environment, or the shared part; KeyError for an unknown one."""
    return f"arn:aws:iam::{DEPLOYED[environment]}:role/{role_name(environment)}"


def trust_policy() -> str:
    """Return the trust policy of the deploy roles: the operator's account and nobody else, as JSON."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{OPERATOR}:root"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    )


def variables(endpoint: str) -> dict[str, str]:
    """Return the environment variables with which an AWS client is the operator of the sandbox at `endpoint`.

    The endpoint is an IP address, so clients address S3 buckets by path and need no name service.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": OPERATOR,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": OPERATOR_REGION,
        "AWS_EC2_METADATA_DISABLED": "true",  # no look-up of credentials on the network
    }


FOREIGN_VARIABLES = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
"""Variables that would lead a client past the sandbox, or with other credentials into it."""
