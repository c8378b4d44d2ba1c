"""Rules of a security group as resources of their own, authorised and revoked through ministack's EC2.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupingress.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupegress.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension import ec2
from sandbox.extension.claims import Extension, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Kind, Made, Properties, define, wanted

GROUPS = Name("services.ec2", "_security_groups")


def permission(properties: Properties) -> dict[str, Any]:
    """Return the properties of one rule as EC2's API writes it."""
    found: dict[str, Any] = wanted(properties, "IpProtocol", "FromPort", "ToPort")
    described = wanted(properties, "Description")
    if "CidrIp" in properties:
        found["IpRanges"] = [{"CidrIp": properties["CidrIp"], **described}]
    if "CidrIpv6" in properties:
        found["Ipv6Ranges"] = [{"CidrIpv6": properties["CidrIpv6"], **described}]
    for prefix in ("SourcePrefixListId", "DestinationPrefixListId"):
        if prefix in properties:
            found["PrefixListIds"] = [{"PrefixListId": properties[prefix], **described}]
    for group in ("SourceSecurityGroupId", "DestinationSecurityGroupId"):
        if group in properties:
            found["Groups"] = [{"GroupId": properties[group], **described}]
    return found


def _kind(direction: str) -> Kind:
    def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
        group = properties["GroupId"]
        action = f"AuthorizeSecurityGroup{direction}"
        rule = ec2.call(action, "securityGroupRuleId", GroupId=group, IpPermissions=[permission(properties)])
        return rule, {"Id": rule}

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
        return create(logical_id, new, stack_name)

    def delete(physical_id: str, properties: Properties) -> None:
        group = properties["GroupId"]
        if group in GROUPS.get():
            action = f"RevokeSecurityGroup{direction}"
            ec2.call(action, GroupId=group, IpPermissions=[permission(properties)])

    return Kind(create, update, delete)


def _install() -> None:
    define("AWS::EC2::SecurityGroupIngress", _kind("Ingress"))
    define("AWS::EC2::SecurityGroupEgress", _kind("Egress"))


EXTENSION = Extension(
    name="ec2_security_group_rules",
    claims=(
        recorded(
            "AWS::EC2::SecurityGroupIngress, AWS::EC2::SecurityGroupEgress",
            "shown by DescribeSecurityGroups; no traffic is filtered",
        ),
    ),
    names=(*NAMES, *ec2.NAMES, GROUPS),
    install=_install,
)
