"""Differences that drift detection reports and that are none: the reviewed list, each with its reason (REQ-C4).

An entry excuses one property of one type, never a deleted resource, and where `beside` is given only in a stack that
also has a resource of that type.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """One false positive: resource type, the property's JSON pointer, why, and what has to stand beside it."""

    type: str
    path: re.Pattern[str]
    reason: str
    beside: str = ""


_SCALED = "AWS::ApplicationAutoScaling::ScalableTarget"

KNOWN = (
    Known(
        "AWS::RDS::GlobalCluster",
        re.compile("/SourceDBClusterIdentifier"),
        "CloudFormation cannot read back which cluster a global cluster was made from",
    ),
    Known(
        "AWS::RDS::DBCluster",
        re.compile("/GlobalClusterIdentifier"),
        "CloudFormation cannot read back the global cluster that a secondary cluster joined",
    ),
    Known(
        "AWS::DynamoDB::Table",
        re.compile(r"(/GlobalSecondaryIndexes/\d+)?/ProvisionedThroughput(/(Read|Write)CapacityUnits)?"),
        "Application Auto Scaling sets the provisioned capacity; the template gives where it starts",
        _SCALED,
    ),
    Known(
        "AWS::ECS::Service",
        re.compile("/DesiredCount"),
        "Application Auto Scaling sets the number of tasks; the template gives where it starts",
        _SCALED,
    ),
    Known(
        "AWS::AutoScaling::AutoScalingGroup",
        re.compile("/DesiredCapacity"),
        "the scaling policy sets the number of instances; the template gives where it starts",
        "AWS::AutoScaling::ScalingPolicy",
    ),
)


def known_reason(resource_type: str, path: str, types_in_stack: Collection[str]) -> str | None:
    """Return why a difference is none, or None where it is one."""
    for known in KNOWN:
        if known.type == resource_type and known.path.fullmatch(path):
            return known.reason if not known.beside or known.beside in types_in_stack else None
    return None
