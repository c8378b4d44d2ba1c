"""The binding figures of REQ-P3, P11 and O1 to O6, in what `lockstep render` says of this repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.workspace import Workspace
from validator.environments import ENVIRONMENTS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def rendered() -> dict[str, dict[str, Any]]:
    """Return each stack of the repository by name."""
    return {stack["name"]: stack for stack in Workspace(ROOT).rendered()}


def properties(
    rendered: dict[str, Any], environment: str, stack: str, kind: str, workload: str = "orders"
) -> list[dict[str, Any]]:
    """Return the properties of every resource of a type in one stack."""
    resources = rendered[f"{environment}/{workload}/{stack}"]["resources"].values()
    found = [resource["Properties"] for resource in resources if resource["Type"] == kind]
    assert found, f"{stack} has no {kind}"
    return found


@pytest.mark.parametrize(
    ("environment", "account", "region", "cidr"),
    [
        ("dev", "111111111111", "us-east-1", "10.32.0.0/16"),
        ("staging", "222222222222", "us-east-2", "10.33.0.0/16"),
        ("prod", "333333333333", "us-east-1", "10.34.0.0/16"),
    ],
)
def test_accounts_regions_and_networks(
    rendered: dict[str, Any], environment: str, account: str, region: str, cidr: str
) -> None:
    """REQ-P3, O6: one account an environment, three zones, public and private subnets inside the VPC."""
    assert places(rendered, f"{environment}/orders/") == {(account, region)}
    (vpc,) = properties(rendered, environment, "network", "AWS::EC2::VPC")
    assert vpc["CidrBlock"] == cidr
    subnets = properties(rendered, environment, "network", "AWS::EC2::Subnet")
    assert len({subnet["CidrBlock"] for subnet in subnets}) == len(subnets) == 6
    assert len({subnet["AvailabilityZoneId"] for subnet in subnets}) == 3
    gateways = properties(rendered, environment, "network", "AWS::EC2::NatGateway")
    assert len(gateways) == (1 if environment == "dev" else 3)


def places(rendered: dict[str, Any], prefix: str) -> set[tuple[str, str]]:
    """Return the accounts and regions of the stacks below a folder."""
    return {(one["account"], one["region"]) for name, one in rendered.items() if name.startswith(prefix)}


@pytest.mark.parametrize(
    ("environment", "account", "region", "cidr", "regions"),
    [
        ("dev", "111111111111", "us-east-1", "10.16.0.0/16", ["us-west-2"]),
        ("staging", "222222222222", "us-west-2", "10.17.0.0/16", ["us-east-1", "us-east-2"]),
        ("prod", "333333333333", "eu-west-1", "10.18.0.0/16", ["us-east-1", "us-west-2"]),
    ],
)
def test_control_accounts_regions_and_networks(
    rendered: dict[str, Any], environment: str, account: str, region: str, cidr: str, regions: list[str]
) -> None:
    """REQ-P3, C2, C10: the agent of the control region, and StackSets to every other region in use."""
    assert places(rendered, f"{environment}/control/") == {(account, region)}
    (vpc,) = properties(rendered, environment, "agent-network", "AWS::EC2::VPC", "control")
    assert vpc["CidrBlock"] == cidr
    for stack in ("regional-storage", "regional-agent"):
        for one in properties(rendered, environment, stack, "AWS::CloudFormation::StackSet", "control"):
            assert [group["Regions"] for group in one["StackInstancesGroup"]] == [regions]
    in_use = places(rendered, f"{environment}/")
    assert in_use <= {(account, each) for each in (region, *regions)}


def test_functions(rendered: dict[str, Any]) -> None:
    """REQ-O1: 512, 1024 and 2048 MB, and a reserved concurrency in each environment."""
    for environment, memory in zip(ENVIRONMENTS, (512, 1024, 2048), strict=True):
        for stack in ("order-api", "order-processor"):
            (function,) = properties(rendered, environment, stack, "AWS::Lambda::Function")
            assert function["MemorySize"] == memory
            assert function["ReservedConcurrentExecutions"] > 0
            assert function["Architectures"] == ["arm64"]


def test_table(rendered: dict[str, Any]) -> None:
    """REQ-O2: provisioned and scaled for reads and writes; point-in-time recovery in prod only."""
    for environment in ENVIRONMENTS:
        (table,) = properties(rendered, environment, "table", "AWS::DynamoDB::Table")
        assert table["BillingMode"] == "PROVISIONED"
        recovery = table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert recovery is (environment == "prod")
        targets = properties(rendered, environment, "table", "AWS::ApplicationAutoScaling::ScalableTarget")
        assert {target["ScalableDimension"] for target in targets} == {
            "dynamodb:table:ReadCapacityUnits",
            "dynamodb:table:WriteCapacityUnits",
        }


def test_throttling(rendered: dict[str, Any]) -> None:
    """REQ-O3: 100, 500 and 2000 requests a second, for every method of the stage."""
    for environment, rate in zip(ENVIRONMENTS, (100, 500, 2000), strict=True):
        (stage,) = properties(rendered, environment, "api", "AWS::ApiGateway::Stage")
        everything = [
            s for s in stage["MethodSettings"] if (s["HttpMethod"], s["ResourcePath"]) == ("*", "/*")
        ]
        assert [setting["ThrottlingRateLimit"] for setting in everything] == [rate]


def test_trade_data(rendered: dict[str, Any]) -> None:
    """REQ-O4, P11: 30 days, 90 days, without end; no tier, STANDARD_IA after 30, INTELLIGENT_TIERING then GLACIER."""
    expected = {
        "dev": (30, []),
        "staging": (90, [("STANDARD_IA", 30)]),
        "prod": (None, [("INTELLIGENT_TIERING", 0), ("GLACIER", 365)]),
    }
    for environment, (days, tiers) in expected.items():
        (bucket,) = properties(rendered, environment, "trades", "AWS::S3::Bucket")
        rules = bucket["LifecycleConfiguration"]["Rules"]
        assert [r["ExpirationInDays"] for r in rules if "ExpirationInDays" in r] == ([days] if days else [])
        moves = [(t["StorageClass"], t["TransitionInDays"]) for r in rules for t in r.get("Transitions", [])]
        assert moves == tiers
        (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


def test_queue(rendered: dict[str, Any]) -> None:
    """REQ-O5: 1, 4 and 14 days; a dead letter queue after 3, 5 and 5 receives."""
    for environment, days, receives in zip(ENVIRONMENTS, (1, 4, 14), (3, 5, 5), strict=True):
        queues = properties(rendered, environment, "queue", "AWS::SQS::Queue")
        (queue,) = [queue for queue in queues if "RedrivePolicy" in queue]
        assert queue["MessageRetentionPeriod"] == days * 86_400
        assert queue["RedrivePolicy"]["maxReceiveCount"] == receives


def test_tags_and_names(rendered: dict[str, Any]) -> None:
    """REQ-P5, P6: eight tags on every stack, and names that say environment and workload."""
    keys = {
        "Environment",
        "Workload",
        "Version",
        "SourceCommit",
        "DeployedAt",
        "CostCenter",
        "Compliance",
        "ManagedBy",
    }
    named = {
        "BucketName",
        "QueueName",
        "TableName",
        "FunctionName",
        "RoleName",
        "TopicName",
        "ManagedPolicyName",
    }
    for stack in rendered.values():
        assert set(stack["tags"]) == keys
        values = [resource.get("Properties", {}) for resource in stack["resources"].values()]
        names = [
            value[name] for value in values for name in named & value.keys() if isinstance(value[name], str)
        ]
        prefix = f"{stack['environment']}-{stack['workload']}-"
        assert [name for name in names if not name.startswith(prefix)] == []
    assert sum(stack["name"].endswith("/orders/table") for stack in rendered.values()) == len(ENVIRONMENTS)


NO_NETWORK = """
import socket, sys
def refuse(*_, **__): raise AssertionError("the network was used")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from pipelines import cli
sys.exit(cli.run(["render", "--format", "json"]))
"""


def test_rendering_needs_no_network_and_no_credentials(tmp_path: Path) -> None:
    """REQ-V1: also with nothing kept from an earlier run, and with a home that holds nothing."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env |= {"HOME": str(tmp_path), "LOCKSTEP_CACHE": "off", "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(
        [sys.executable, "-c", NO_NETWORK], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["stacks"]) == len(Workspace(ROOT).rendered())
