"""AssumeRoleWithWebIdentity, with the roles that jobs on GitHub take, as their stacks make them (REQ-P9).

The embedded AWS looks at no signature and no audience list of a provider (docs/sandbox.md), so what is tried here is
the trust policy: the one that CloudFormation made, asked by the API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack
from tests.github_tokens import forged, right, written
from tests.trust_policies import Provider, permitted
from tests.unit.small_project import ROOT, rendered
from validator.environments import ENVIRONMENTS

HOST = "token.actions.githubusercontent.com"


def lets_in(client: Client, role: str, claims: Mapping[str, Any]) -> bool:
    """Ask for the role's credentials with a token; tell whether they came."""
    try:
        given = client("sts").assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="tests", WebIdentityToken=written(claims)
        )
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"
        return False
    assert given["Credentials"]["SessionToken"]
    return True


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_jobs_of_the_environment_take_the_role(
    client: Client, account: str, stack: Stack, environment: str
) -> None:
    """One role of each environment; the answers are those that IAM's rules give for the policy that was deployed."""
    (own,) = (each for each in rendered() if each["name"] == f"{environment}/control/github-deploy")
    template = (ROOT / "templates/oidc-roles.yaml").read_text(encoding="utf-8")
    assert stack.create(template, own["parameters"]) == "CREATE_COMPLETE", stack.reasons()
    role = client("iam", account=account).get_role(RoleName=f"{environment}-control-github")["Role"]
    trust = role["AssumeRolePolicyDocument"]
    trust = json.loads(trust) if isinstance(trust, str) else trust
    provider = Provider(stack.physical("GitHubProvider"), f"https://{HOST}", ("sts.amazonaws.com",))
    asked = {f"right for {each}": right("example-org", "lockstep", each) for each in ENVIRONMENTS}
    asked |= forged("example-org", "lockstep", environment)
    passed = [name for name, claims in asked.items() if lets_in(client, role["Arn"], claims)]
    assert passed == [f"right for {environment}"]
    keys = {f"{HOST}:{key}": right("example-org", "lockstep", environment)[key] for key in ("aud", "sub")}
    assert permitted(trust, provider.arn, keys)
