"""Where ministack asks policies about a request, and what a request that names several things is asked for.

ministack asks once for each request. AWS asks for each event that is put, each parameter that is read: one that is
denied denies the call.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

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
EVALUATE = Name.function("core.iam_evaluator", "evaluate", "ctx", "policies", "limits")
CONTEXT = Name("core.iam_evaluator", "EvalContext")
ROLES = Name("services.iam", "_roles")
ROLE_POLICIES = Name.function("core.iam_evaluator", "_gather_role_policies", "role_name", "account_id")
BOUNDARY = Name.function("core.iam_evaluator", "_permissions_boundary", "store", "name", "account_id")

OF_ROLES = (EVALUATE, CONTEXT, ROLES, ROLE_POLICIES, BOUNDARY)
"""What the policies of a role are evaluated with."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the resource of a request is read from."""

    service: str
    body: bytes
    query: Mapping[str, Any]
    region: str
    account: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that policies are asked about."""

    resource: str = ""
    """Its ARN; empty for the one that ministack finds."""

    keys: Mapping[str, str] = field(default_factory=dict)
    """Condition keys that hold for this thing alone."""


def resource_of(find: Callable[[Request, Callable[[], str]], str]) -> None:
    """Have `find` say what resource a request is about; it is also given how to ask ministack."""

    def finding(original: Any) -> Any:
        def extract(*arguments: Any) -> str:
            service, _method, _path, _headers, body, query, region, account = arguments
            request = Request(service, body or b"", query, region, account)
            return find(request, lambda: str(original(*arguments)))

        return extract

    replace(RESOURCE, finding)


def ask_each(action: str, find: Callable[[Request], Iterable[Asked]]) -> None:
    """Have policies asked about an action once for each thing that `find` sees in the request.

    Where it sees none, they are asked once, as by ministack.
    """
    named: ContextVar[tuple[Asked, ...]] = ContextVar(f"what the request names, for {action}", default=())

    def noting(request: Request, resource: Callable[[], str]) -> str:
        named.set(tuple(find(request)))
        return resource()

    def asking(original: Any) -> Any:
        def enforce(
            access_key_id: str,
            iam_action: str,
            service: str,
            region: str,
            resource_arn: str = "*",
            service_context: Mapping[str, Any] | None = None,
        ) -> Any:
            things = (named.get() if iam_action == action else ()) or (Asked(),)
            answers = (
                original(
                    access_key_id,
                    iam_action,
                    service,
                    region,
                    each.resource or resource_arn,
                    service_context={**(service_context or {}), **each.keys},
                )
                for each in things
            )
            return next((denied for denied in answers if denied is not None), None)

        return enforce

    resource_of(noting)
    replace(ENFORCE, asking)
