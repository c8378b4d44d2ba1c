"""Attributes of a VPC that ministack does not give, and flow logs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-flowlog.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.extension import ec2
from sandbox.extension.claims import Extension, emulated, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Kind, Made, Properties, changed, complete, define, wanted

VPCS = Name("services.ec2", "_vpcs")
FLOW_LOGS = Name("services.ec2", "_flow_logs")
_TAGS_ONLY = ("Tags",)


def _vpc_attributes(physical_id: str, old: Properties, new: Properties) -> Mapping[str, Any]:
    return {
        "CidrBlock": VPCS.get()[physical_id]["CidrBlock"],
        "CidrBlockAssociations": [],
        "Ipv6CidrBlocks": [],
    }


def _create_flow_log(logical_id: str, properties: Properties, stack_name: str) -> Made:
    named = wanted(
        properties, "ResourceType", "TrafficType", "LogDestinationType", "LogDestination", "LogGroupName"
    )
    ec2.call("CreateFlowLogs", ResourceId=[properties["ResourceId"]], **named)
    flow_log: str = list(FLOW_LOGS.get())[-1]
    ec2.tag(flow_log, properties)
    return flow_log, {"Id": flow_log}


def _update_flow_log(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    if changed(old, new, *({*old, *new} - {*_TAGS_ONLY})):
        return _create_flow_log(logical_id, new, stack_name)
    ec2.tag(physical_id, new, old)
    return physical_id, {"Id": physical_id}


def _delete_flow_log(physical_id: str, properties: Properties) -> None:
    ec2.call("DeleteFlowLogs", FlowLogId=[physical_id])


def _install() -> None:
    complete("AWS::EC2::VPC", _vpc_attributes)
    define("AWS::EC2::FlowLog", Kind(_create_flow_log, _update_flow_log, _delete_flow_log), tags=True)


EXTENSION = Extension(
    name="ec2_networks",
    claims=(
        emulated("AWS::EC2::VPC CidrBlock as an attribute", "with it every attribute that templates use"),
        recorded("AWS::EC2::FlowLog", "shown by DescribeFlowLogs; there is no traffic to log"),
    ),
    names=(*NAMES, *ec2.NAMES, VPCS, FLOW_LOGS),
    install=_install,
)
