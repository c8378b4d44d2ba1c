"""GetParameters is allowed or denied by the parameters it names.

ministack builds no resource for it and evaluates policies against `*`, so a policy that is limited to paths denies
every call. On AWS each named parameter has to be allowed.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
"""

from __future__ import annotations

import json

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.policies import ENFORCE, RESOURCE, Asked, Request, ask_each

ACTION = "ssm:GetParameters"


def named(body: bytes, region: str, account: str) -> tuple[str, ...]:
    """Return the ARNs of the parameters that the body of a GetParameters call names; none for any other body."""
    try:
        names = json.loads(body)["Names"]
    except (ValueError, KeyError, TypeError):
        return ()
    prefix = f"arn:aws:ssm:{region}:{account}:parameter"
    return tuple(f"{prefix}/{str(name).lstrip('/')}" for name in names)


def _each(request: Request) -> list[Asked]:
    if request.service != "ssm":
        return []
    return [Asked(arn) for arn in named(request.body, request.region, request.account)]


EXTENSION = Extension(
    name="parameter_access",
    claims=(emulated("ssm:GetParameters", "allowed by the parameters that the call names"),),
    names=(ENFORCE, RESOURCE),
    install=lambda: ask_each(ACTION, _each),
)
