"""docs/runbooks/lost-home.md, as far as the local AWS goes: what is lost is brought back by what the page says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipelines import cli
from pipelines.configuration import ConfigurationStore
from sandbox import process
from tests.aws_cli import Command, commands, request
from tests.e2e import deployed_home
from tests.e2e.commands import ROOT, sceptre
from tests.e2e.control_plane import Plane, until
from tests.e2e.recorded_project import HOME
from tests.state_table import table_properties

pytestmark = pytest.mark.xdist_group("lost-home")
PAGE = ROOT / "docs" / "runbooks" / "lost-home.md"
TABLE = "shared-control-state"
CONFIGURATION = f"shared-control-configuration-{HOME['account']}"
SCHEMA = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
"""What a backup keeps, with the items (DynamoDB Developer Guide, "Restoring a DynamoDB table from a backup")."""


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Begin with home and nothing else."""
    place, record, project = deployed_home.started(tmp_path_factory, "lost-home")
    yield Plane(record, project)
    process.discard(place)


def documented(service: str, *names: str) -> list[Command]:
    """Return the page's commands of a service of these names, in the page's order."""
    return [
        each for each in commands(PAGE) if each.is_whole and each.service == service and each.name in names
    ]


def do(plane: Plane, command: Command, **variables: str) -> Any:
    """Do what a command does, at home."""
    method, parameters = request(command, variables)
    service = {"s3api": "s3"}.get(command.service, command.service)
    return getattr(plane.client(service), method)(**parameters)


def deploy_shared(plane: Plane) -> None:
    done = plane.project.run("deploy", "shared")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr


def delete_stack(plane: Plane, stack: str) -> None:
    (command,) = [each for each in documented("cloudformation", "delete-stack") if stack in each.text]
    do(plane, command)
    plane.client("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def lose_table(plane: Plane) -> list[Mapping[str, Any]]:
    """Delete the table, and return its items."""
    dynamodb = plane.client("dynamodb")
    pages = dynamodb.get_paginator("scan").paginate(TableName=TABLE)
    items = [item for page in pages for item in page["Items"]]
    dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=TABLE)
    until("table gone", lambda: TABLE not in dynamodb.list_tables()["TableNames"])
    return items


def test_a_table_from_the_backup_is_what_it_was(plane: Plane) -> None:
    """With stream, expiry, recovery and protection; what reads the stream reads the new one."""
    dynamodb, before = plane.client("dynamodb"), plane.parameter("table/StreamArn")
    items = lose_table(plane)
    assert items
    refused = plane.project.run("status")
    assert refused.returncode == cli.TECHNICAL
    assert "docs/runbooks/lost-home.md" in refused.stderr
    dynamodb.create_table(TableName=TABLE, **{each: table_properties()[each] for each in SCHEMA})
    for item in items:
        dynamodb.put_item(TableName=TABLE, Item=item)
    for command in documented("dynamodb", "update-table", "update-time-to-live", "update-continuous-backups"):
        do(plane, command)
    (describe,) = documented("dynamodb", "describe-table")
    table = do(plane, describe)["Table"]
    (remember,) = documented("ssm", "put-parameter")
    do(plane, remember, STREAM=table["LatestStreamArn"])
    assert plane.parameter("table/StreamArn") == table["LatestStreamArn"] != before
    wanted = table_properties()
    assert {**wanted["StreamSpecification"], "StreamEnabled": True} == table["StreamSpecification"]
    assert table["DeletionProtectionEnabled"]
    ttl = dynamodb.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expires_at")
    recovery = dynamodb.describe_continuous_backups(TableName=TABLE)["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    for consumer in ("announcer", "consistency"):
        launch = ("launch", "-y", f"shared/control/{consumer}-consumer.yaml")
        assert f"sceptre --dir sceptre {' '.join(launch)}" in PAGE.read_text(encoding="utf-8")
        done = sceptre(plane.project.operator, *launch, cwd=plane.project.root)
        assert done.returncode == 0, done.stdout + done.stderr
    mappings = plane.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    streams = {one["EventSourceArn"] for one in mappings if ":dynamodb:" in one["EventSourceArn"]}
    assert streams == {table["LatestStreamArn"]}
    functions = plane.client("lambda")
    (off,) = [one["UUID"] for one in mappings if one["FunctionArn"].endswith(":shared-control-announcer")]
    functions.update_event_source_mapping(UUID=off, Enabled=False)
    said = plane.project.run("verify", "shared").stdout
    functions.update_event_source_mapping(UUID=off, Enabled=True)
    # REQ-V10: what announces is fed, or verification says so.
    assert f"{off} is Disabled" in said
    assert "tracker of the queue does not answer" not in said
    assert plane.project.run("status").returncode == cli.SUCCESS
    deploy_shared(plane)


def test_a_home_begins_anew_without_its_table(plane: Plane) -> None:
    lose_table(plane)
    delete_stack(plane, "lockstep-shared-control-table")
    deploy_shared(plane)
    latest = plane.table.latest_environment_release("control", "shared")
    assert latest is not None
    assert (latest.number, latest.state) == (1, "succeeded")
    assert plane.project.run("status").returncode == cli.SUCCESS


def test_a_deleted_object_is_brought_back(plane: Plane) -> None:
    """In the replica too, which got the marker and would not get its deletion."""
    s3, far = plane.client("s3"), plane.client("s3", region="us-east-1")
    replica = plane.parameter("configuration/ReplicaBucketName")
    key = s3.list_objects_v2(Bucket=CONFIGURATION)["Contents"][0]["Key"]
    s3.delete_object(Bucket=CONFIGURATION, Key=key)
    (find,) = documented("s3api", "list-object-versions")
    (remove,) = documented("s3api", "delete-object")
    for client, bucket in ((s3, CONFIGURATION), (far, replica)):
        asked = {**request(find, {})[1], "Bucket": bucket, "Prefix": key}
        markers = until("marker", lambda: client.list_object_versions(**asked).get("DeleteMarkers"))  # noqa: B023
        (marker,) = [one for one in markers if one["IsLatest"]]
        named = {"Bucket": bucket, "Key": key, "VersionId": marker["VersionId"]}
        client.delete_object(**{**request(remove, {})[1], **named})
        assert client.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_a_changed_object_is_brought_back(plane: Plane) -> None:
    """REQ-G6: the lock keeps both versions; the first becomes the newest, and the replica gets that too."""
    s3, far = plane.client("s3"), plane.client("s3", region="us-east-1")
    replica = plane.parameter("configuration/ReplicaBucketName")
    key = s3.list_objects_v2(Bucket=CONFIGURATION)["Contents"][0]["Key"]
    before = s3.get_object(Bucket=CONFIGURATION, Key=key)
    content, first = before["Body"].read(), before["VersionId"]
    changed = s3.put_object(Bucket=CONFIGURATION, Key=key, Body=b"changed")["VersionId"]
    for version in (first, changed):
        with pytest.raises(ClientError, match="protected by object lock"):
            s3.delete_object(Bucket=CONFIGURATION, Key=key, VersionId=version)
    (copy,) = documented("s3api", "copy-object")
    named = {"Bucket": CONFIGURATION, "Key": key, "CopySource": f"{CONFIGURATION}/{key}?versionId={first}"}
    s3.copy_object(**{**request(copy, {})[1], **named})
    for client, bucket in ((s3, CONFIGURATION), (far, replica)):
        assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == content


def test_a_store_that_is_gone_comes_back_from_its_replica(plane: Plane, tmp_path: Path) -> None:
    """With what each release is, as the table has its digest; the one that is deployed meanwhile stays beside it."""
    # A copy, since other tests deploy from the project as it was.
    root = shutil.copytree(plane.project.root, tmp_path / "project", symlinks=True)
    plane = replace(plane, project=replace(plane.project, root=root))
    plane.project.git("commit", "-q", "--allow-empty", "-m", "v1.1.0")
    plane.project.git("tag", "v1.1.0")
    s3, replica = plane.client("s3"), plane.parameter("configuration/ReplicaBucketName")
    far = plane.client("s3", region="us-east-1")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=CONFIGURATION)["Contents"]]
    until("replication", lambda: len(far.list_objects_v2(Bucket=replica)["Contents"]) >= len(keys))
    versions = s3.list_object_versions(Bucket=CONFIGURATION)
    for one in [*versions["Versions"], *versions.get("DeleteMarkers", [])]:
        s3.delete_object(
            Bucket=CONFIGURATION,
            Key=one["Key"],
            VersionId=one["VersionId"],
            BypassGovernanceRetention=True,
        )
    s3.delete_bucket(Bucket=CONFIGURATION)
    lost = plane.project.run("deploy", "shared")
    assert lost.returncode == cli.TECHNICAL
    assert "NoSuchBucket" in lost.stderr
    (find,) = [each for each in documented("ssm", "get-parameter") if "Replica" in each.text]
    assert do(plane, find)["Parameter"]["Value"] == replica
    delete_stack(plane, "lockstep-shared-control-configuration")
    deploy_shared(plane)
    for key in keys:  # what `aws s3 sync` does
        s3.put_object(
            Bucket=CONFIGURATION, Key=key, Body=far.get_object(Bucket=replica, Key=key)["Body"].read()
        )
    store = ConfigurationStore(s3, CONFIGURATION, "shared")
    assert not any("v1.1.0" in key for key in keys)
    for tag in ("v1.0.0", "v1.1.0"):
        release = plane.table.release("control", tag, "shared")
        assert release is not None
        manifest = store.manifest("control", tag, "shared", release.digests["shared"])
        assert json.loads(store.parameters(manifest))["tag"] == tag
        assert all(store.template(stack.template_digest) for stack in manifest.stacks)
