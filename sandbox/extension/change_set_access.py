"""What may be done with a change set depends on its name, where a policy says so.

ministack gives policies no `cloudformation:ChangeSetName`, so a policy that is held to it denies every call.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
"""

from __future__ import annotations

from urllib.parse import parse_qs

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.policies import ENFORCE, RESOURCE, Asked, Request, ask_each

KEY = "cloudformation:ChangeSetName"
CALLS = ("CreateChangeSet", "DeleteChangeSet", "DescribeChangeSet", "ExecuteChangeSet")


def _named(request: Request) -> list[Asked]:
    if request.service != "cloudformation":
        return []
    names = parse_qs(request.body.decode(errors="replace")).get("ChangeSetName", [])
    return [
        Asked(keys={KEY.lower(): name.rpartition("changeSet/")[2].partition("/")[0]}) for name in names[:1]
    ]


def _install() -> None:
    for call in CALLS:
        ask_each(f"cloudformation:{call}", _named)


EXTENSION = Extension(
    name="change_set_access",
    claims=(emulated(f"IAM: {KEY}", "of the calls that name a change set"),),
    names=(ENFORCE, RESOURCE),
    install=_install,
)
