"""The `orders` workload in three environments, three accounts and two regions on the local AWS."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipelines.aws import Aws
from pipelines.live import read_stacks
from pipelines.smoke import real_order
from pipelines.smoke.order_client import OrderClient
from pipelines.smoke.real_order import RealOrder
from sandbox import accounts, orders_demo, running
from sandbox.place import Record
from tests.e2e import commands
from tests.e2e.access import compare, granted, reviewed
from tests.e2e.commands import ROOT, WITHOUT_GATES, orders_root
from tests.e2e.conftest import ActAs, Client
from tests.unit.pipelines.test_cli import validate
from validator.environments import ENVIRONMENTS
from validator.loader import load

pytestmark = pytest.mark.xdist_group("orders")


def lockstep(operator: Mapping[str, str], *arguments: str, cwd: Path | None = None) -> Any:
    """Run a command on the checkout with `orders` alone."""
    return commands.lockstep(operator, *arguments, cwd=cwd or orders_root())


def lockstep_json(operator: Mapping[str, str], *arguments: str, cwd: Path | None = None) -> Any:
    """Run a command on the checkout with `orders` alone, and return its document."""
    return commands.lockstep_json(operator, *arguments, cwd=cwd or orders_root())


@pytest.fixture(scope="module")
def loaded() -> Any:
    return load(orders_root())


@pytest.fixture(scope="module")
def project(loaded: Any) -> Any:
    return loaded.project


@pytest.fixture(scope="module")
def deployed(operator: Mapping[str, str]) -> dict[str, Any]:
    """Deploy every environment with the real command, once; return what it said."""
    said = {name: lockstep_json(operator, "deploy", name, *WITHOUT_GATES) for name in ENVIRONMENTS}
    for name, document in said.items():
        assert {stack["outcome"] for stack in document["stacks"]} <= {"created", "unchanged"}, name
    return said


@pytest.fixture
def aws(deployed: Any, operator: Mapping[str, str], loaded: Any, act_as: ActAs) -> Any:
    """Return a maker of clients that act as an environment's deploy role."""
    act_as(operator)

    def make(environment: str) -> Aws:
        settings = loaded.settings[environment, "orders"]
        return Aws(settings.region, settings.deploy_role_arn)

    return make


def test_deploying_again_touches_nothing(
    deployed: Any, operator: Mapping[str, str], aws: Any, project: Any
) -> None:
    """REQ-P6: the same release changes nothing, so no stack gets an event."""
    names = [stack.external_name for stack in project.of("staging")]
    before = read_stacks(aws("staging"), names, templates=False)
    again = lockstep_json(operator, "deploy", "staging", *WITHOUT_GATES)
    assert {stack["outcome"] for stack in again["stacks"]} == {"unchanged"}
    after = read_stacks(aws("staging"), names, templates=False)
    assert {n: s.changed_at for n, s in before.items()} == {n: s.changed_at for n, s in after.items()}
    assert len(after) == len(names)


def test_the_status_matrix_is_all_current(deployed: Any, operator: Mapping[str, str], project: Any) -> None:
    """REQ-X3: every stack of every environment, with the release that it came from."""
    rows = lockstep_json(operator, "status")["stacks"]
    assert len(rows) == len(project.stacks)
    assert {row["state"] for row in rows} == {"current"}
    assert len({row["commit"] for row in rows}) == 1
    assert all(len(row["commit"]) == 40 for row in rows)
    table = lockstep(operator, "status")
    assert table.returncode == 0
    assert table.stdout.count("orders/") == len(project.of("dev"))


def test_json_of_every_command_keeps_its_schema(deployed: Any, operator: Mapping[str, str]) -> None:
    """The contract with other tools (REQ-X2)."""
    import json

    for command in (
        ["render"],
        ["manifest", "prod"],
        ["manifest", "dev", "--live"],
        ["status"],
        ["deploy", "dev"],
    ):
        validate(json.dumps(lockstep_json(operator, *command)), command[0])


def test_the_live_manifest_has_a_physical_id_for_everything(
    deployed: Any, operator: Mapping[str, str]
) -> None:
    """REQ-T7's form for `orders`: what is rendered is what is deployed, resource by resource."""
    stacks = lockstep_json(operator, "manifest", "prod", "--live")["stacks"]
    missing = [
        (stack["name"], logical_id)
        for stack in stacks
        for logical_id, resource in stack["resources"].items()
        if not resource["PhysicalResourceId"]
    ]
    assert missing == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_stacks_land_in_their_own_account_and_region(
    environment: str, deployed: Any, aws: Any, project: Any, loaded: Any
) -> None:
    """REQ-P3, P9: through the environment's own role, and nowhere else."""
    settings = loaded.settings[environment, "orders"]
    live = read_stacks(aws(environment), [s.external_name for s in project.of(environment)], templates=False)
    assert len(live) == len(project.of(environment))
    for stack in live.values():
        assert stack.stack_id.split(":")[3:5] == [settings.region, settings.account]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_outputs_are_published_where_consumers_read_them(
    environment: str, deployed: Any, aws: Any, project: Any
) -> None:
    """REQ-P7: every CloudFormation output stands in Parameter Store under the same name; nothing is exported."""
    client = aws(environment).client("ssm")
    pages = client.get_paginator("get_parameters_by_path").paginate(
        Path=f"/orders/{environment}", Recursive=True
    )
    published = {item["Name"]: item["Value"] for page in pages for item in page["Parameters"]}
    live = read_stacks(aws(environment), [s.external_name for s in project.of(environment)], templates=False)
    for stack in project.of(environment):
        outputs = live[stack.external_name].outputs
        assert outputs, stack.name
        for name, value in outputs.items():
            assert published[f"/orders/{environment}/{stack.short_name}/{name}"] == value


def test_the_tags_of_the_release_reach_the_resources(deployed: Any, aws: Any, project: Any) -> None:
    """REQ-P6 on a bucket, a table, a queue, a function, a key and a VPC."""
    place = orders_demo.Place.read(aws("prod"), "/orders/prod")
    account = aws("prod")

    def pairs(tags: list[dict[str, str]]) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in tags}

    table = account.client("dynamodb").describe_table(TableName=place.table)["Table"]["TableArn"]
    function = account.client("lambda").get_function(FunctionName="prod-orders-order-api")
    vpc = account.client("ec2").describe_vpcs(Filters=[{"Name": "tag:Workload", "Values": ["orders"]}])[
        "Vpcs"
    ][0]
    found = {
        "bucket": pairs(account.client("s3").get_bucket_tagging(Bucket=place.bucket)["TagSet"]),
        "table": pairs(account.client("dynamodb").list_tags_of_resource(ResourceArn=table)["Tags"]),
        "queue": account.client("sqs").list_queue_tags(QueueUrl=place.queue_url)["Tags"],
        "function": function["Tags"],
        "vpc": pairs(vpc["Tags"]),
    }
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
    for kind, tags in found.items():
        assert keys <= tags.keys(), kind
        assert tags["Environment"] == "prod", kind


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_figures_are_live(environment: str, deployed: Any, aws: Any) -> None:
    """REQ-O1 to O5 as the services themselves report them."""
    index = ENVIRONMENTS.index(environment)
    account, place = aws(environment), orders_demo.Place.read(aws(environment), f"/orders/{environment}")
    for component in ("order-api", "order-processor"):
        function = account.client("lambda").get_function_configuration(
            FunctionName=f"{environment}-orders-{component}"
        )
        assert function["MemorySize"] == (512, 1024, 2048)[index]
        assert function["Architectures"] == ["arm64"]
        assert function["Runtime"] == "python3.13"
    attributes = account.client("sqs").get_queue_attributes(QueueUrl=place.queue_url, AttributeNames=["All"])[
        "Attributes"
    ]
    assert int(attributes["MessageRetentionPeriod"]) == (1, 4, 14)[index] * 86_400
    assert f'"maxReceiveCount":{(3, 5, 5)[index]}' in attributes["RedrivePolicy"].replace(" ", "").replace(
        f'"{(3, 5, 5)[index]}"', str((3, 5, 5)[index])
    )
    backups = account.client("dynamodb").describe_continuous_backups(TableName=place.table)
    status = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"][
        "PointInTimeRecoveryStatus"
    ]
    assert status == ("DISABLED", "DISABLED", "ENABLED")[index]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_orders_are_taken_once_and_archived(
    environment: str, deployed: Any, aws: Any, sandbox: Record
) -> None:
    """REQ-O1: new, repeated, conflicting, wrong and poison, and the counts read back from the services."""
    place = orders_demo.Place.read(aws(environment), f"/orders/{environment}")
    before = orders_demo.dead_letters(aws(environment), place)
    run = uuid.uuid4().hex[:8]
    orders_demo.poison(aws(environment), place)
    client = OrderClient(aws(environment), place.api_url)
    answers = orders_demo.send(client, run)
    counts = orders_demo.settle(aws(environment), place, run, answers, before, time.monotonic)
    orders_demo.check(environment, counts)
    assert client.get("/health").status == 200
    accepted = client.post(orders_demo.order(run, 0))
    assert accepted.status == 200
    read = client.get(f"/orders/{accepted.body['order_id']}")
    assert (read.status, read.body["status"], read.body["quantity"]) == (200, "STORED", "10")


def test_a_real_order_needs_what_is_documented_and_no_more(
    deployed: Any, operator: Mapping[str, str], aws: Any, client: Client, sandbox: Record
) -> None:
    """REQ-V10, REQ-P8: by a role with the policy of the page alone; all of it is used, and no data can be read."""
    page = (ROOT / "docs" / "first-deployment.md").read_text(encoding="utf-8")
    (policy,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    place, name = orders_demo.Place.read(aws("dev"), "/orders/dev"), "trial-of-a-real-order"
    iam = client("iam", account=accounts.ACCOUNTS["dev"])
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=accounts.trust_policy())["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="page", PolicyDocument=policy)
    alone = Aws(aws("dev").region, arn)
    api = OrderClient(alone, place.api_url)
    run = f"dev-1-{uuid.uuid4().hex[:8]}"
    assert RealOrder(api, alone.client("s3"), place.bucket).follow(run) == ""
    used = {
        (one["action"], one["decision"])
        for one in running.decision_counts(sandbox)
        if one["principal"] == arn
    }
    assert used == {(action, "Allow") for action in ("execute-api:Invoke", "s3:ListBucketVersions")}
    with pytest.raises(ClientError, match="AccessDenied"):
        alone.client("s3").list_object_versions(Bucket=place.bucket, Prefix="")
    key = alone.client("s3").list_object_versions(Bucket=place.bucket, Prefix="trades/")["Versions"][0]["Key"]
    with pytest.raises(ClientError, match="AccessDenied"):
        alone.client("s3").get_object(Bucket=place.bucket, Key=key)
    (item,) = (
        aws("dev")
        .client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=place.table,
            FilterExpression="client_order_id = :run",
            ExpressionAttributeValues={":run": {"S": run}},
        )
        .build_full_result()["Items"]
    )
    assert item["account"] == {"S": real_order.ACCOUNT}
    expiry = aws("dev").client("dynamodb").describe_time_to_live(TableName=place.table)
    assert expiry["TimeToLiveDescription"]["AttributeName"] in item


GRANTED = Path(__file__).parent / "granted_orders.yaml"
ROLES = {
    f"{environment}-orders-{name}-role"
    for environment in ENVIRONMENTS
    for name in ("api-logs", "flow-logs", "order-api", "order-processor")
}


def test_every_role_needs_what_it_is_granted_and_no_more(
    deployed: Any, client: Client, sandbox: Record, record_property: Callable[[str, object], None]
) -> None:
    """REQ-P8: the orders above were denied nothing, and what they did not use has its reason.

    The summary of the run shows what was used, and what was not with the reason.
    """
    grants = [
        grant
        for environment in ENVIRONMENTS
        for grant in granted(client("iam", account=accounts.ACCOUNTS[environment]), f"{environment}-orders-*")
    ]
    assert {grant.role.rpartition("/")[2] for grant in grants} == ROLES
    review = reviewed(GRANTED)
    found = compare(grants, running.decision_counts(sandbox), review)
    excused = {grant: entry.reason for grant in grants for entry in review if entry.covers(grant)}
    for grant in grants:
        if grant not in found.unused:
            record_property("access", (grant.role.rpartition("/")[2], grant.action, excused.get(grant, "")))
    assert (found.denied, found.unused, found.stale) == ((), (), ()), str(found)
