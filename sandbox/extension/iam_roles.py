"""The permissions boundary of a role (REQ-P8).

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
"""

from __future__ import annotations

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Properties, RefusedError, complete

ROLES = Name("services.iam", "_roles")
POLICIES = Name("services.iam", "_policies")


def _apply(name: str, old: Properties, new: Properties) -> None:
    boundary = new.get("PermissionsBoundary")
    if boundary and boundary not in POLICIES.get():
        raise RefusedError(
            f"Scope ARN: {boundary} does not exist or is not attachable. "
            "(Service: Iam, Status Code: 404, Code: NoSuchEntity)"
        )
    ROLES.get()[name]["PermissionsBoundary"] = boundary


EXTENSION = Extension(
    name="iam_roles",
    claims=(emulated("AWS::IAM::Role PermissionsBoundary", "has to exist; limits what the role may do"),),
    names=(*NAMES, ROLES, POLICIES),
    install=lambda: complete("AWS::IAM::Role", _apply),
)
