"""What exists in each account before the first deployment: the role that deploys."""

from __future__ import annotations

from typing import Any

from sandbox import accounts
from sandbox.extension.names import Name
from sandbox.extension.resources import RefusedError

HANDLERS = Name("services.iam", "_IAM_HANDLERS")
ROLES = Name("services.iam", "_roles")
SCOPE = Name.function("core.responses", "request_scope", "account_id", "region")

NAMES = (HANDLERS, ROLES, SCOPE)

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
"""What the deploy roles may do here; on AWS they have a policy of their own (REQ-P8)."""


def _iam(action: str, **parameters: str) -> Any:
    status, _headers, body = HANDLERS.get()[action]({name: [value] for name, value in parameters.items()})
    if status >= 400:
        raise RefusedError(f"{action}: {body.decode()}")
    return body


def make_accounts() -> None:
    """Make the deploy role of each account; one that saved state brought back is left as it is."""
    for environment, account in accounts.DEPLOYED.items():
        with SCOPE.get()(account, accounts.OPERATOR_REGION):
            name = accounts.role_name(environment)
            if name in ROLES.get():
                continue
            _iam("CreateRole", RoleName=name, AssumeRolePolicyDocument=accounts.trust_policy())
            _iam("AttachRolePolicy", RoleName=name, PolicyArn=ADMINISTRATOR)
