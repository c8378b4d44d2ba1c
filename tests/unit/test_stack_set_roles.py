"""The roles that deploy the StackSets' stacks: what CloudFormation's handlers call for these templates, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from .template_facts import ROOT, read
from .template_protection import listed
from .test_regional_templates import BODIES, actions, statements

NAME = "stack-set-roles"
POLICIES = {"Storage": ("StoragePolicy",), "Agent": ("AgentPolicy", "AgentRolesPolicy")}
"""The policies of each deploying role."""

ALL = tuple(name for names in POLICIES.values() for name in names)
CARRIED = {"Storage": "regional-storage", "Agent": "regional-agent"}
"""The template of the StackSets that each role deploys."""

HANDLERS = ("create", "read", "update", "delete")
"""What CloudFormation calls for a stack; nothing lists all resources of a type."""

UNUSED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "AWS::EC2::FlowLog": {
        "LogDestination": ("iam:CreateServiceLinkedRole", "s3:GetBucketPolicy", "s3:PutBucketPolicy")
    },
    "AWS::EC2::Subnet": {
        "Ipv6CidrBlock": ("ec2:AssociateSubnetCidrBlock", "ec2:DisassociateSubnetCidrBlock")
    },
    "AWS::EC2::VPC": {"VpcEncryptionControl": ("ec2:CreateVpcEncryptionControl",)},
    "AWS::EC2::VPCEndpoint": {"ServiceNetworkArn": ("vpc-lattice:*",), "ServiceRegion": ("vpce:*",)},
    "AWS::Events::EventBus": {"KmsKeyIdentifier": ("kms:*",)},
    "AWS::IAM::ManagedPolicy": {
        "Groups": ("iam:AttachGroupPolicy", "iam:DetachGroupPolicy"),
        "Users": ("iam:AttachUserPolicy", "iam:DetachUserPolicy"),
    },
    "AWS::IAM::Role": {"Policies": ("iam:DeleteRolePolicy", "iam:PutRolePolicy")},
    "AWS::Lambda::Function": {
        "CapacityProviderConfig": ("lambda:PassCapacityProvider",),
        "Code.S3ObjectVersion": ("s3:GetObjectVersion",),
        "CodeSigningConfigArn": ("lambda:[DP]*FunctionCodeSigningConfig", "lambda:GetCodeSigningConfig"),
        "FileSystemConfigs": ("elasticfilesystem:DescribeMountTargets", "s3files:ListMountTargets"),
        "FunctionScalingConfig": ("lambda:PutFunctionScalingConfig",),
        "Layers": ("lambda:GetLayerVersion",),
        "PublishToLatestPublished": ("lambda:PublishVersion",),
        "RecursiveLoop": ("lambda:PutFunctionRecursionConfig",),
        "RuntimeManagementConfig": ("lambda:AssociateRuntimeAlias", "lambda:PutRuntimeManagementConfig"),
    },
    "AWS::Logs::LogGroup": {
        "BearerTokenAuthenticationEnabled": ("logs:PutBearerTokenAuthentication",),
        # What such a policy finds goes to a bucket or to Firehose.
        "DataProtectionPolicy": (
            "firehose:TagDeliveryStream",
            "logs:PutDataProtectionPolicy",
            "s3:REST.PUT.OBJECT",
        ),
        "DeletionProtectionEnabled": ("logs:PutLogGroupDeletionProtection",),
        "FieldIndexPolicies": ("logs:DeleteIndexPolicy", "logs:PutIndexPolicy"),
        "ResourcePolicyDocument": ("logs:DeleteResourcePolicy", "logs:PutResourcePolicy"),
    },
    "AWS::S3::Bucket": {
        "AbacStatus": ("s3:PutBucketAbac",),
        "AccelerateConfiguration": ("s3:PutAccelerateConfiguration",),
        "AccessControl": ("s3:PutBucketAcl", "s3:PutObjectAcl"),
        "AnalyticsConfigurations": ("s3:DeleteBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration"),
        "CorsConfiguration": ("s3:DeleteBucketCors", "s3:PutBucketCORS"),
        "IntelligentTieringConfigurations": ("s3:PutIntelligentTieringConfiguration",),
        "InventoryConfigurations": ("s3:PutInventoryConfiguration",),
        "LoggingConfiguration": ("s3:PutBucketLogging",),
        "MetadataConfiguration": ("s3:UpdateBucketMetadata*",),
        "MetadataTableConfiguration": ("s3:[CD]*BucketMetadataTableConfiguration", "s3tables:*"),
        "MetricsConfigurations": ("s3:DeleteBucketMetricsConfiguration", "s3:PutMetricsConfiguration"),
        "NotificationConfiguration": ("s3:PutBucketNotification",),
        "ReplicationConfiguration": ("iam:PassRole", "s3:DeleteBucketReplication", "s3:Put*Replication*"),
        "WebsiteConfiguration": ("s3:DeleteBucketWebsite", "s3:PutBucketWebsite"),
    },
}
"""Called only for a property that none of the templates has, by type and property."""

KEPT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "AWS::EC2::VPC": {"InstanceTenancy": ("ec2:ModifyVpcTenancy",)},
    "AWS::IAM::Role": {"PermissionsBoundary": ("iam:DeleteRolePermissionsBoundary",)},
    "AWS::Logs::LogGroup": {"KmsKeyId": ("logs:DisassociateKmsKey",)},
    "AWS::S3::Bucket": {
        "BucketEncryption": ("s3:DeleteBucketEncryption",),
        "LifecycleConfiguration": ("s3:DeleteBucketLifecycle",),
    },
}
"""Called only where a property goes or turns weaker that each resource of the templates has from the beginning."""

NEVER_CALLED = {"AWS::S3::Bucket": ("s3:DeleteObject", "s3:PutObjectLockConfiguration")}
"""Nothing is in a bucket that is being made, and CloudFormation empties none. The second is no action, but an
operation, which needs `s3:PutBucketObjectLockConfiguration`.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
"""

BESIDE = {"route53:AssociateVPCWithHostedZone"}
"""EC2 asks for it besides `ec2:CreateVpcEndpoint` where an endpoint has private names.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""


def resources(role: str) -> list[dict[str, Any]]:
    """Return every resource that a role deploys."""
    return [resource for body in BODIES[CARRIED[role]].values() for _, resource in read(body).resources()]


def has(resource: Mapping[str, Any], path: str) -> bool:
    """Tell whether a resource has a property."""
    found: Any = resource["Properties"]
    for part in path.split("."):
        if part not in found:
            return False
        found = found[part]
    return True


def reviewed(kind: str) -> set[str]:
    """Return the patterns of what the handlers of a type call and these templates need not."""
    listed = [*UNUSED.get(kind, {}).values(), *KEPT.get(kind, {}).values(), NEVER_CALLED.get(kind, ())]
    return {pattern for patterns in listed for pattern in patterns}


def called(kind: str) -> set[str]:
    """Return what the handlers of a type call, as its schema in CloudFormation's registry has it."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
    return {each for name in HANDLERS if name in handlers for each in handlers[name]["permissions"]}


def needed(kind: str) -> set[str]:
    """Return what the handlers of a type call for these templates."""
    patterns = reviewed(kind)
    return {each for each in called(kind) if not any(fnmatchcase(each, pattern) for pattern in patterns)}


@pytest.mark.parametrize("role", POLICIES)
def test_a_role_may_do_what_the_handlers_of_its_types_call_and_no_more(role: str) -> None:
    """REQ-C10, REQ-P8: what is missing ends an operation in the first region that asks for it."""
    wanted = set[str]().union(*(needed(kind) for kind in {each["Type"] for each in resources(role)}))
    allowed = actions(statements(NAME, "Allow", *POLICIES[role]))
    given = {each for each in allowed - BESIDE if not each.startswith("cloudformation:")}
    assert (wanted - given, given - wanted) == (set(), set())


def properties_reviewed(table: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, list[bool]]]:
    """Yield each type and property of a reviewed list with what the resources of that type say of it."""
    deployed = [resource for role in POLICIES for resource in resources(role)]
    for kind, properties in table.items():
        for path in properties:
            yield kind, path, [has(each, path) for each in deployed if each["Type"] == kind]


def test_what_no_template_needs_is_what_no_template_has() -> None:
    """REQ-P8: a property that comes into a template brings its permissions along."""
    for kind, path, found in properties_reviewed(UNUSED):
        assert found and not any(found), f"{kind} {path}"
    for kind, path, found in properties_reviewed(KEPT):
        assert found and all(found), f"{kind} {path}"
    tenancies = {
        each["Properties"]["InstanceTenancy"]
        for each in resources("Agent")
        if each["Type"] == "AWS::EC2::VPC"
    }
    assert tenancies == {"default"}


@pytest.mark.parametrize("table", [UNUSED, KEPT])
def test_nothing_is_reviewed_that_no_handler_calls(
    table: Mapping[str, Mapping[str, tuple[str, ...]]],
) -> None:
    for kind, properties in table.items():
        for patterns in properties.values():
            for pattern in patterns:
                assert any(fnmatchcase(each, pattern) for each in called(kind)), f"{kind} {pattern}"


def test_each_stack_set_has_the_role_for_what_it_carries() -> None:
    """REQ-P8: keys and buckets are made by a role that makes no roles or functions."""
    stacks, home = ROOT / "sceptre/stacks/control", ROOT / "sceptre/config/shared/control"
    for role, name in CARRIED.items():
        for path in (stacks / f"{name}.yaml", home / f"{name}.yaml"):
            if path.exists():
                given = re.findall(
                    r"^  ExecutionRoleName: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE
                )
                assert given == [f"!output {NAME}.{role}RoleName"], path


@pytest.mark.parametrize("role", POLICIES)
def test_the_boundary_of_a_role_is_what_its_policies_allow(role: str) -> None:
    """REQ-P8: what is in one alone would be cut in silence, or would hold nothing."""
    body = dict(read(NAME).resources("AWS::IAM::Role"))[f"{role}Role"]["Properties"]
    assert body["PermissionsBoundary"] == {"Ref": f"{role}Boundary"}
    assert body["ManagedPolicyArns"] == [{"Ref": name} for name in POLICIES[role]]
    bounded = actions(statements(NAME, "Allow", f"{role}Boundary"))
    assert bounded == actions(statements(NAME, "Allow", *POLICIES[role]))


def test_nobody_deploys_a_role_without_the_agents_boundary() -> None:
    """REQ-P8; nor changes a role that deploys."""
    makers = [each for each in statements(NAME, "Allow", *ALL) if "iam:CreateRole" in listed(each["Action"])]
    assert [list(each["Condition"]["ArnLike"]) for each in makers] == [["iam:PermissionsBoundary"]]
    denied = [each for each in statements(NAME, "Deny") if each["Action"] == "iam:*"]
    assert len(denied) == 1 and "role/${NamePrefix}stack-set*" in str(denied[0]["Resource"])


@pytest.mark.parametrize("role", POLICIES)
def test_a_deploying_role_keeps_off_what_is_anothers(role: str) -> None:
    """REQ-P8: keys and networks have ids that AWS makes up, so that their tags say whose they are (REQ-P6).

    In the boundary, which no other policy of the role widens. What has no tags yet is being made.
    """
    root = {"Fn::Split": ["/", {"Ref": "ParameterRoot"}]}
    assert [
        (each["Action"], each["Resource"], each["Condition"])
        for each in statements(NAME, "Deny", f"{role}Boundary")
    ] == [
        (
            "*",
            "*",
            {
                "Null": {f"aws:ResourceTag/{tag}": "false"},
                "StringNotEquals": {f"aws:ResourceTag/{tag}": {"Fn::Select": [part, root]}},
            },
        )
        for tag, part in (("Workload", 1), ("Environment", 2))
    ]


UNNAMED = re.compile(
    r"autoscaling:DescribeTags|ec2:\w+|events:(Put|Remove)Permission|kms:(CreateKey|ListAliases)"
    r"|lambda:GetEventSourceMapping|logs:((Create|Delete)LogDelivery|DescribeResourcePolicies)"
    r"|route53:AssociateVPCWithHostedZone"
)
"""Actions that know no resource, or none whose name is ours to give; on `*` for them alone."""


def test_what_can_be_named_is_deployed_by_its_name() -> None:
    """REQ-P8: that CloudFormation calls is not enough, since anybody's template can be deployed by it."""
    for each in statements(NAME, "Allow", *ALL):
        if each["Resource"] == "*" and each["Sid"] != "Mappings":
            assert [one for one in each["Action"] if not UNNAMED.fullmatch(one)] == []
        if each["Sid"] == "Mappings":
            assert each["Condition"]["ArnLike"]["lambda:FunctionArn"]["Fn::Sub"].endswith(":${NamePrefix}*")
        if each["Sid"] == "Aliases":
            assert [one["Fn::Sub"].split("AccountId}:")[1] for one in each["Resource"]] == [
                "alias/${NamePrefix}*",
                "key/*",
            ]
