"""GetParameters is allowed or denied by the parameters it names.

ministack builds no resource for it and evaluates policies against `*`, so a policy that is limited to paths denies
every call. On AWS each named parameter has to be allowed.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

ENFORCE = Name.function(
    "core.iam_evaluator",
    "enforce",
    "access_key_id",
    "iam_action",
    "service",
    "region",
    "resource_arn",
    "service_context",
)
RESOURCE = Name.function(
    "core.iam_actions",
    "extract_resource_arn",
    "service",
    "method",
    "path",
    "headers",
    "body",
    "query_params",
    "region",
    "account_id",
)
ACTION = "ssm:GetParameters"

_asked: ContextVar[tuple[str, ...]] = ContextVar("parameters that the request names", default=())


def named(body: bytes, region: str, account: str) -> tuple[str, ...]:
    """Return the ARNs of the parameters that the body of a GetParameters call names; none for any other body."""
    try:
        names = json.loads(body)["Names"]
    except (ValueError, KeyError, TypeError):
        return ()
    prefix = f"arn:aws:ssm:{region}:{account}:parameter"
    return tuple(f"{prefix}/{str(name).lstrip('/')}" for name in names)


def _noting(original: Any) -> Any:
    def extract(*arguments: Any) -> Any:
        service, _method, _path, _headers, body, _query, region, account = arguments
        _asked.set(named(body, region, account) if service == "ssm" else ())
        return original(*arguments)

    return extract


def _enforcing(original: Any) -> Any:
    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        **further: Any,
    ) -> Any:
        arns = (_asked.get() if iam_action == ACTION else ()) or (resource_arn,)
        answers = (original(access_key_id, iam_action, service, region, arn, **further) for arn in arns)
        return next((denied for denied in answers if denied is not None), None)

    return enforce


def _install() -> None:
    replace(RESOURCE, _noting)
    replace(ENFORCE, _enforcing)


EXTENSION = Extension(
    name="parameter_access",
    claims=(emulated("ssm:GetParameters", "allowed by the parameters that the call names"),),
    names=(ENFORCE, RESOURCE),
    install=_install,
)
