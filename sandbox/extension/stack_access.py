"""A call for all stacks is allowed or denied by every stack's ARN, and not by `*`.

ministack evaluates DescribeStacks without a name and ListStacks against `*`, so a policy that is limited to the stacks
of its account and region denies them. On AWS the resource is `stack/*/*` of the account and region.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

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
ACTIONS = (b"Action=DescribeStacks", b"Action=ListStacks")


def _naming_all(original: Any) -> Any:
    def extract(*arguments: Any) -> Any:
        found = original(*arguments)
        service, _method, _path, _headers, body, _query, region, account = arguments
        asks = service == "cloudformation" and any(action in (body or b"").split(b"&") for action in ACTIONS)
        return f"arn:aws:cloudformation:{region}:{account}:stack/*/*" if asks and found == "*" else found

    return extract


def _install() -> None:
    replace(RESOURCE, _naming_all)


EXTENSION = Extension(
    name="stack_access",
    claims=(emulated("DescribeStacks, ListStacks of all stacks", "allowed by the ARN of every stack there"),),
    names=(RESOURCE,),
    install=_install,
)
