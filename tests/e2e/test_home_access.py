"""Who may write at home, with IAM enforced: each environment its own deployments, and nobody a record of another's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipelines.state.records import KeptDecision
from pipelines.state.store import StateStore
from sandbox import accounts, process
from tests.e2e import clients, deployed_home
from tests.e2e.control_plane import Plane
from tests.e2e.recorded_project import HOME
from tests.state_table import HOUR, START, lock_of, release

pytestmark = pytest.mark.xdist_group("home-access")
ENVIRONMENTS = ("dev", "staging", "prod")
DENIED = "AccessDenied"
KEYS = (
    "releases/orders/v9.9.9/prod/manifest.json",
    f"templates/sha256/{'a' * 64}.yaml",
    f"policies/sha256/{'a' * 64}.yaml",
    "sources/v9.9.9.zip",
)
"""Objects of a release, below the name of the environment whose deployments wrote it."""

KEY = f"dev/{KEYS[0]}"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Begin with home and nothing else."""
    place, record, project = deployed_home.started(tmp_path_factory, "home-access")
    yield Plane(record, project)
    process.discard(place)


def at_home(name: str) -> str:
    """Return the ARN of a role at home."""
    return f"arn:aws:iam::{HOME['account']}:role/shared-control-{name}"


Credentials = tuple[str, ...]
"""Key, secret and token."""


def taken(plane: Plane, *roles: str) -> Credentials:
    """Return credentials of the last role, each of which the one before takes, the first the operator."""
    found: Credentials = (accounts.OPERATOR,)
    for role in roles:
        sts = client(plane, found, "sts")
        given = sts.assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
        found = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return found


def client(plane: Plane, session: Credentials, service: str, region: str = HOME["region"]) -> Any:
    """Return a client of the sandbox, at home unless another region is given."""
    return clients.make(plane.record.endpoint, service, region, *session)


def recorder(plane: Plane, environment: str) -> Credentials:
    """Return credentials of an environment's recorder, taken by what deploys there."""
    return taken(plane, accounts.role_arn(environment), at_home(f"recorder-{environment}"))


def put(plane: Plane, session: Credentials, *partitions: str) -> None:
    """Put an item into each partition of the state table; several as one transaction."""
    table = plane.parameter("table/TableName")
    items = [{"pk": {"S": partition}, "sk": {"S": "TRIAL"}} for partition in partitions]
    dynamodb = client(plane, session, "dynamodb")
    if len(items) == 1:
        dynamodb.put_item(TableName=table, Item=items[0])
    else:
        dynamodb.transact_write_items(
            TransactItems=[{"Put": {"TableName": table, "Item": item}} for item in items]
        )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_recorder_writes_its_own_environment(plane: Plane, environment: str) -> None:
    """REQ-C1: its deployments, its lock, and releases as it records them, alone or together."""
    session = recorder(plane, environment)
    own = (f"ENV#orders#{environment}", f"LOCK#orders#{environment}", f"REL#orders#v9.9.9#{environment}")
    for partition in own:
        put(plane, session, partition)
    put(plane, session, *own)
    client(plane, session, "dynamodb").update_item(
        TableName=plane.parameter("table/TableName"),
        Key={"pk": {"S": own[0]}, "sk": {"S": "TRIAL"}},
        UpdateExpression="SET ended_at = :at",
        ExpressionAttributeValues={":at": {"S": "now"}},
    )


@pytest.mark.parametrize(
    "partition",
    [
        "ENV#orders#prod",
        "LOCK#orders#prod",
        "REL#orders#v9.9.9#prod",
        "REL#orders#v9.9.9#staging",
        "REL#orders#v9.9.9",
        "ALERT#drift/orders/dev",
        "STACK#orders#dev#111111111111#us-east-1#lockstep-dev-orders-queue",
        "PROMO#orders#v9.9.9",
        "CHECK#orders#dev",
        "REGION#111111111111#us-east-1",
    ],
)
def test_the_recorder_of_dev_writes_nothing_else(plane: Plane, partition: str) -> None:
    """REQ-P8, REQ-C1: whoever controls the deployment of dev rewrites no record of prod, and hides nothing found."""
    session = recorder(plane, "dev")
    with pytest.raises(ClientError, match=DENIED):
        put(plane, session, partition)
    with pytest.raises(ClientError, match=DENIED):
        put(plane, session, "ENV#orders#dev", partition)
    with pytest.raises(ClientError, match=DENIED):
        client(plane, session, "dynamodb").update_item(
            TableName=plane.parameter("table/TableName"),
            Key={"pk": {"S": partition}, "sk": {"S": "TRIAL"}},
            UpdateExpression="REMOVE opened_at",
        )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_recorder_records_a_deployment(plane: Plane, environment: str) -> None:
    """REQ-C1, REQ-G5, REQ-G6: everything that the store writes for it, from the lock and the decision to the end."""
    dynamodb = client(plane, recorder(plane, environment), "dynamodb")
    store = StateStore(dynamodb, plane.parameter("table/TableName"))
    lock = lock_of(store, environment)
    assert store.renew(lock, START, HOUR)
    given = release("v0.0.1", environment)
    assert store.put_release(given)
    decision = KeptDecision("orders", environment, "v0.0.1", START, "success", "sha256:e")
    assert store.keep_decision(decision)
    assert list(store.decisions("orders", environment, pytest.fail)) == [decision]
    begun = store.begin_environment_release(given, START, "tests", lock, ("111111111111/us-east-1",))
    assert begun is not None
    assert store.end_environment_release("orders", environment, begun.number, "succeeded", START, lock)
    assert store.release_lock(lock)


@pytest.mark.parametrize(
    "attribute",
    ["expires_at", *(f"gsi{number}{part}" for number in (1, 2, 3, 4) for part in ("pk", "sk"))],
)
def test_a_recorder_has_no_index_list_what_it_writes(plane: Plane, attribute: str) -> None:
    """REQ-P8, REQ-C1: whoever controls dev puts nothing among prod's, and lets no lock or history be removed."""
    dynamodb = client(plane, recorder(plane, "dev"), "dynamodb")
    table, key = plane.parameter("table/TableName"), {"pk": {"S": "ENV#orders#dev"}, "sk": {"S": "LISTED"}}
    put = {"TableName": table, "Item": {**key, attribute: {"S": "alert"}}}
    update = {
        "TableName": table,
        "Key": key,
        "UpdateExpression": "SET #a = :a",
        "ExpressionAttributeNames": {"#a": attribute},
        "ExpressionAttributeValues": {":a": {"S": "alert"}},
    }
    with pytest.raises(ClientError, match=DENIED):
        dynamodb.put_item(**put)
    with pytest.raises(ClientError, match=DENIED):
        dynamodb.update_item(**update)
    for member in ({"Put": put}, {"Update": update}):
        with pytest.raises(ClientError, match=DENIED):
            dynamodb.transact_write_items(TransactItems=[member])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_recorder_fences_what_it_writes_with_its_own_lock(plane: Plane, environment: str) -> None:
    """REQ-G5, REQ-P8: a transaction may ask for the lock of its environment, and for no other."""
    session, table = recorder(plane, environment), plane.parameter("table/TableName")
    dynamodb = client(plane, session, "dynamodb")

    def begin(lock: str) -> None:
        checked = {
            "TableName": table,
            "Key": {"pk": {"S": lock}, "sk": {"S": "LOCK"}},
            "ConditionExpression": "attribute_not_exists(held_until)",
        }
        item = {"pk": {"S": f"ENV#orders#{environment}"}, "sk": {"S": "FENCED"}}
        dynamodb.transact_write_items(
            TransactItems=[{"Put": {"TableName": table, "Item": item}}, {"ConditionCheck": checked}]
        )

    begin(f"LOCK#orders#{environment}")
    for other in set(ENVIRONMENTS) - {environment}:
        with pytest.raises(ClientError, match=DENIED):
            begin(f"LOCK#orders#{other}")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_recorder_promotes_into_its_own_environment_on_what_stands_in_others(
    plane: Plane, environment: str
) -> None:
    """REQ-G1, REQ-P8: one transaction checks what it rests on, and writes the promotion and nothing else."""
    session, table = recorder(plane, environment), plane.parameter("table/TableName")
    dynamodb = client(plane, session, "dynamodb")
    (other, *_) = set(ENVIRONMENTS) - {environment}

    def promote(target: str, rests_on: str) -> None:
        promotion = {"pk": {"S": f"PROMO#orders#v9.9.9#{target}"}, "sk": {"S": f"x#{target}"}}
        checked = {
            "TableName": table,
            "Key": {"pk": {"S": rests_on}, "sk": {"S": "NONE"}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        dynamodb.transact_write_items(
            TransactItems=[{"ConditionCheck": checked}, {"Put": {"TableName": table, "Item": promotion}}]
        )

    for partition in (f"ENV#orders#{other}", f"CHECK#orders#{other}", f"LOCK#orders#{environment}"):
        promote(environment, partition)
    for target, partition in ((other, f"ENV#orders#{other}"), (environment, "ALERT#1")):
        with pytest.raises(ClientError, match=DENIED):
            promote(target, partition)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_recorder_takes_no_name_from_another_environment(plane: Plane, environment: str) -> None:
    """REQ-P8, REQ-C8: what another environment will write first is not there before, under any release or digest."""
    bucket = plane.parameter("configuration/BucketName")
    s3 = client(plane, recorder(plane, environment), "s3")
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=f"{environment}/{key}.trial", Body=b"{}", IfNoneMatch="*")
        for other in ("", *(f"{each}/" for each in {*ENVIRONMENTS, "shared"} - {environment})):
            with pytest.raises(ClientError, match=DENIED):
                s3.put_object(Bucket=bucket, Key=f"{other}{key}.trial", Body=b"{}", IfNoneMatch="*")


def test_a_recorder_removes_nothing(plane: Plane) -> None:
    """REQ-C1: nor writes in batches, which know no conditions."""
    table = plane.parameter("table/TableName")
    dynamodb = client(plane, recorder(plane, "dev"), "dynamodb")
    item = {"pk": {"S": "ENV#orders#dev"}, "sk": {"S": "TRIAL"}}
    with pytest.raises(ClientError, match=DENIED):
        dynamodb.delete_item(TableName=table, Key=item)
    with pytest.raises(ClientError, match=DENIED):
        dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}}]})


def test_a_recorder_writes_releases_once(plane: Plane) -> None:
    """REQ-C8: an object that is there stays as it is, and outside of releases nothing is written."""
    bucket = plane.parameter("configuration/BucketName")
    s3 = client(plane, recorder(plane, "dev"), "s3")
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"{}", IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"{}"
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key=KEY, Body=b"{1}", IfNoneMatch="*")
    with pytest.raises(ClientError, match=DENIED):
        s3.put_object(Bucket=bucket, Key=KEY, Body=b"{1}")
    with pytest.raises(ClientError, match=DENIED):
        s3.delete_object(Bucket=bucket, Key=KEY)
    with pytest.raises(ClientError, match=DENIED):
        s3.put_object(Bucket=bucket, Key="functions/control/x.zip", Body=b"", IfNoneMatch="*")


def test_the_reader_reads_and_writes_nothing(plane: Plane) -> None:
    """REQ-P8: neither an item of any environment nor an object."""
    session = taken(plane, at_home("reader"))
    table, bucket = plane.parameter("table/TableName"), plane.parameter("configuration/BucketName")
    dynamodb, s3 = client(plane, session, "dynamodb"), client(plane, session, "s3")
    key = {"pk": {"S": "ENV#orders#dev"}, "sk": {"S": "DRIFT"}}
    dynamodb.get_item(TableName=table, Key=key)
    dynamodb.scan(TableName=table, IndexName="GSI1")
    assert client(plane, session, "ssm").get_parameters(Names=["/control/shared/table/TableName"])[
        "Parameters"
    ]
    with pytest.raises(ClientError, match=DENIED):
        put(plane, session, "ENV#orders#dev")
    with pytest.raises(ClientError, match=DENIED):
        s3.put_object(Bucket=bucket, Key=f"{KEY}.reader", Body=b"", IfNoneMatch="*")
    with pytest.raises(ClientError, match=DENIED):
        taken(plane, at_home("reader"), at_home("recorder-dev"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_what_deploys_an_environment_takes_its_recorder(plane: Plane, environment: str) -> None:
    """REQ-P9: neither the operator nor what deploys another environment, whose account may be the same."""
    role = at_home(f"recorder-{environment}")
    with pytest.raises(ClientError, match=DENIED):
        taken(plane, role)
    for other in {*ENVIRONMENTS, "shared"} - {environment}:
        with pytest.raises(ClientError, match=DENIED):
            taken(plane, accounts.role_arn(other), role)


def test_nobody_else_at_home_writes_to_the_store(plane: Plane) -> None:
    """REQ-C8: the bucket's own policy shuts out a role of the home that may write to every bucket."""
    iam = plane.client("iam")
    iam.create_role(RoleName="trial", AssumeRolePolicyDocument=accounts.trust_policy())
    everything = {"Effect": "Allow", "Action": ["s3:*", "kms:*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_role_policy(RoleName="trial", PolicyName="everything", PolicyDocument=document)
    s3 = client(plane, taken(plane, f"arn:aws:iam::{HOME['account']}:role/trial"), "s3")
    bucket = plane.parameter("configuration/BucketName")
    with pytest.raises(ClientError, match=DENIED):
        s3.put_object(Bucket=bucket, Key=f"{KEY}.trial", Body=b"", IfNoneMatch="*")
    deploying = client(plane, taken(plane, accounts.role_arn("shared")), "s3")
    deploying.put_object(Bucket=bucket, Key=f"{KEY}.home", Body=b"", IfNoneMatch="*")


def test_nobody_writes_to_the_replica(plane: Plane) -> None:
    """REQ-C8: not even what deploys the home, which may do everything else; what replication copied stays."""
    session = taken(plane, accounts.role_arn("shared"))
    s3, far = (client(plane, session, "s3", region) for region in (HOME["region"], "us-east-1"))
    bucket, replica = (
        plane.parameter("configuration/BucketName"),
        plane.parameter("configuration/ReplicaBucketName"),
    )
    s3.put_object(Bucket=bucket, Key=f"{KEY}.copied", Body=b"{}", IfNoneMatch="*")
    assert far.get_object(Bucket=replica, Key=f"{KEY}.copied")["Body"].read() == b"{}"
    with pytest.raises(ClientError, match=DENIED):
        far.put_object(Bucket=replica, Key=f"{KEY}.copied", Body=b"{1}")
    with pytest.raises(ClientError, match=DENIED):
        far.delete_object(Bucket=replica, Key=f"{KEY}.copied")
