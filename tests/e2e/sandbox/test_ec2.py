"""The network types that ministack's CloudFormation lacks."""

from __future__ import annotations

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack

NETWORK = """
Parameters: {Protocol: {Type: String, Default: tcp}}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16}}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]}
  Address: {Type: AWS::EC2::EIP, Properties: {Domain: vpc}}
  Gateway:
    Type: AWS::EC2::NatGateway
    Properties: {SubnetId: !Ref Subnet, AllocationId: !GetAtt Address.AllocationId}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Route:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: !Ref Gateway}
  Logs: {Type: AWS::Logs::LogGroup}
  FlowLog:
    Type: AWS::EC2::FlowLog
    Properties: {ResourceId: !Ref Vpc, ResourceType: VPC, TrafficType: REJECT, LogDestination: !GetAtt Logs.Arn}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: g, VpcId: !Ref Vpc}}
  Inward:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      GroupId: !Ref Group
      IpProtocol: !Ref Protocol
      FromPort: 443
      ToPort: 443
      CidrIp: 10.9.0.0/16
      Description: in
  Outward:
    Type: AWS::EC2::SecurityGroupEgress
    Properties: {GroupId: !Ref Group, IpProtocol: tcp, FromPort: 1, ToPort: 2, DestinationSecurityGroupId: !Ref Group}
Outputs: {Address: {Value: !Ref Address}}
"""


def test_a_network_is_there_and_goes_again(client: Client, account: str, stack: Stack) -> None:
    """EC2 itself shows every resource of the stack, and nothing of it after the deletion."""
    ec2 = client("ec2", account=account)
    assert stack.create(NETWORK) == "CREATE_COMPLETE", stack.reasons()
    assert (
        ec2.describe_subnets(SubnetIds=[stack.physical("Subnet")])["Subnets"][0]["CidrBlock"] == "10.9.0.0/24"
    )
    assert ec2.describe_addresses()["Addresses"][0]["PublicIp"] == stack.outputs()["Address"]
    gateway = ec2.describe_nat_gateways()["NatGateways"][0]
    assert (gateway["NatGatewayId"], gateway["State"]) == (stack.physical("Gateway"), "available")
    routes = ec2.describe_route_tables(RouteTableIds=[stack.physical("Table")])["RouteTables"][0]["Routes"]
    assert gateway["NatGatewayId"] in [route.get("NatGatewayId") for route in routes]
    flow_log = ec2.describe_flow_logs()["FlowLogs"][0]
    assert (flow_log["FlowLogId"], flow_log["TrafficType"]) == (stack.physical("FlowLog"), "REJECT")
    assert stack.delete() == "DELETE_COMPLETE"
    assert ec2.describe_addresses()["Addresses"] == []
    assert (
        ec2.describe_nat_gateways(NatGatewayIds=[gateway["NatGatewayId"]])["NatGateways"][0]["State"]
        == "deleted"
    )
    assert ec2.describe_flow_logs()["FlowLogs"] == []


def _rules(client: Client, account: str, stack: Stack, side: str) -> list[tuple[str, int | None]]:
    groups = client("ec2", account=account).describe_security_groups(GroupIds=[stack.physical("Group")])
    return [(rule["IpProtocol"], rule.get("FromPort")) for rule in groups["SecurityGroups"][0][side]]


def test_rules_of_a_security_group(client: Client, account: str, stack: Stack) -> None:
    """Rules are authorised on the group; a changed one takes the place of the old one."""
    stack.create(NETWORK)
    assert _rules(client, account, stack, "IpPermissions") == [("tcp", 443)]
    assert ("tcp", 1) in _rules(client, account, stack, "IpPermissionsEgress")
    assert stack.update(NETWORK, {"Protocol": "udp"}) == "UPDATE_COMPLETE"
    assert _rules(client, account, stack, "IpPermissions") == [("udp", 443)]
