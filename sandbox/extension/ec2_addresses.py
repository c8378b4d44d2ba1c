"""Elastic IP addresses and NAT gateways: ministack's EC2 has both, its CloudFormation neither.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-eip.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-natgateway.html
"""

from __future__ import annotations

from sandbox.extension import ec2
from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Kind, Made, Properties, changed, define, wanted

ADDRESSES = Name("services.ec2", "_addresses")
GATEWAYS = Name("services.ec2", "_nat_gateways")
_GATEWAY_IDENTITY = ("SubnetId", "AllocationId", "ConnectivityType")


def _create_address(logical_id: str, properties: Properties, stack_name: str) -> Made:
    allocation = ec2.call("AllocateAddress", "allocationId", **wanted(properties, "Domain"))
    ec2.tag(allocation, properties)
    return _address(allocation)


def _address(allocation: str) -> Made:
    public_ip: str = ADDRESSES.get()[allocation]["PublicIp"]
    return public_ip, {"AllocationId": allocation, "PublicIp": public_ip}


def _allocation(public_ip: str) -> str:
    """Return the allocation of an address, which is what `Ref` gives; empty when it is gone."""
    found = (key for key, record in ADDRESSES.get().items() if record["PublicIp"] == public_ip)
    return next(found, "")


def _update_address(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    allocation = _allocation(physical_id)
    if not allocation or changed(old, new, "Domain"):
        return _create_address(logical_id, new, stack_name)
    ec2.tag(allocation, new, old)
    return _address(allocation)


def _delete_address(physical_id: str, properties: Properties) -> None:
    if allocation := _allocation(physical_id):
        ec2.call("ReleaseAddress", AllocationId=allocation)


def _create_gateway(logical_id: str, properties: Properties, stack_name: str) -> Made:
    gateway = ec2.call("CreateNatGateway", "natGatewayId", **wanted(properties, *_GATEWAY_IDENTITY))
    ec2.tag(gateway, properties)
    return gateway, {"NatGatewayId": gateway}


def _update_gateway(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    if changed(old, new, *_GATEWAY_IDENTITY):
        return _create_gateway(logical_id, new, stack_name)
    ec2.tag(physical_id, new, old)
    return physical_id, {"NatGatewayId": physical_id}


def _delete_gateway(physical_id: str, properties: Properties) -> None:
    if physical_id in GATEWAYS.get():
        ec2.call("DeleteNatGateway", NatGatewayId=physical_id)


def _install() -> None:
    define("AWS::EC2::EIP", Kind(_create_address, _update_address, _delete_address), tags=True)
    define("AWS::EC2::NatGateway", Kind(_create_gateway, _update_gateway, _delete_gateway), tags=True)


EXTENSION = Extension(
    name="ec2_addresses",
    claims=(
        emulated("AWS::EC2::EIP", "allocated, tagged and released through EC2; no traffic uses it"),
        emulated(
            "AWS::EC2::NatGateway", "created, tagged and deleted through EC2; no traffic goes through it"
        ),
    ),
    names=(*NAMES, *ec2.NAMES, ADDRESSES, GATEWAYS),
    install=_install,
)
