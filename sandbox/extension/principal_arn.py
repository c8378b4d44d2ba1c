"""The condition key aws:PrincipalArn names the role of a session, and not the session.

ministack gives the session's ARN, so that a policy that names the one role it is for shuts that role out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

RESOLVE = Name.function("core.iam_evaluator", "_resolve_condition_key", "key", "ctx")
ROLES = Name("services.iam", "_roles")
_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/.+")


def _of_role(original: Any) -> Any:
    def resolve(key: str, ctx: Any) -> Any:
        found = original(key, ctx)
        if key.lower() != "aws:principalarn" or not isinstance(found, str):
            return found
        session = _SESSION.fullmatch(found)
        if session is None:
            return found
        role = ROLES.get().get_scoped(session["account"], None, session["role"]) or {}
        plain = f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}"
        return role.get("Arn", plain)

    return resolve


def _install() -> None:
    replace(RESOLVE, _of_role)


EXTENSION = Extension(
    name="principal_arn",
    claims=(emulated("IAM: aws:PrincipalArn", "of a session it is the ARN of its role, path included"),),
    names=(RESOLVE, ROLES),
    install=_install,
)
