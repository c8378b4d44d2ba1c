"""A call for all stacks is allowed or denied by every stack's ARN, and not by `*`.

ministack evaluates DescribeStacks without a name and ListStacks against `*`, so a policy that is limited to the stacks
of its account and region denies them. On AWS the resource is `stack/*/*` of the account and region.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.policies import RESOURCE, Request, resource_of

ACTIONS = (b"Action=DescribeStacks", b"Action=ListStacks")


def _naming_all(request: Request, resource: Callable[[], str]) -> str:
    found = resource()
    asks = request.service == "cloudformation" and any(
        action in request.body.split(b"&") for action in ACTIONS
    )
    all_stacks = f"arn:aws:cloudformation:{request.region}:{request.account}:stack/*/*"
    return all_stacks if asks and found == "*" else found


EXTENSION = Extension(
    name="stack_access",
    claims=(emulated("DescribeStacks, ListStacks of all stacks", "allowed by the ARN of every stack there"),),
    names=(RESOURCE,),
    install=lambda: resource_of(_naming_all),
)
