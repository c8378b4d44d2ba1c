"""AssumeRole that refuses a role which does not exist or does not trust the caller.

ministack checks that only when it enforces every IAM policy; without it any ARN gives a session, and a wrong
role in the configuration would go unseen until AWS.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

HANDLE = Name.function("services.sts", "handle_request", "method", "path", "headers", "body", "query_params")
CALLER = Name.function("services.sts", "_caller_identity", "headers", "query_params")
ERROR = Name("services.iam", "_error")
ROLES = Name("services.iam", "_roles")
TRUSTS = Name.function("core.iam_evaluator", "evaluate_trust_policy", "trust_doc", "caller_arn", "ctx")


def _refusal(headers: Any, body: bytes, query_params: Any) -> Any:
    """Return the error answer to an AssumeRole that AWS would refuse; None for everything else."""
    asked = {**query_params, **parse_qs((body or b"").decode(errors="replace"))}
    if asked.get("Action") != ["AssumeRole"]:
        return None
    arn = (asked.get("RoleArn") or [""])[0]
    account, name = (arn.split(":") + [""] * 6)[4], arn.rsplit("/", 1)[-1]
    caller = CALLER.get()(headers, query_params)["userArn"]
    role = ROLES.get().get_scoped(account, None, name)
    if role is not None and TRUSTS.get()(role.get("AssumeRolePolicyDocument", "{}"), caller):
        return None
    message = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    return ERROR.get()(403, "AccessDenied", message, ns="sts")


def _make(original: Any) -> Any:
    async def handle_request(method: Any, path: Any, headers: Any, body: Any, query_params: Any) -> Any:
        refused = _refusal(headers, body, query_params)
        return refused or await original(method, path, headers, body, query_params)

    return handle_request


EXTENSION = Extension(
    name="assume_role",
    claims=(emulated("AssumeRole", "the role has to exist and its trust policy to allow the caller"),),
    names=(HANDLE, CALLER, ERROR, ROLES, TRUSTS),
    install=lambda: replace(HANDLE, _make),
)
