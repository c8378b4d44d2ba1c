"""`lockstep approve` against the real home, with IAM enforced: each person in their own name (REQ-G2)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import jsonschema
import pytest
from botocore.exceptions import ClientError

from pipelines.state.records import Approval
from pipelines.state.store import StateStore
from sandbox import accounts, process
from tests.e2e import clients, deployed_home, people
from tests.e2e.control_plane import Plane
from tests.e2e.recorded_project import HOME
from tests.state_table import START

pytestmark = pytest.mark.xdist_group("approving")
PLAN, OTHER_PLAN = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
APPROVER = f"arn:aws:iam::{HOME['account']}:role/shared-control-approver"
SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "approve.json").read_text(encoding="utf-8"))
DENIED = "AccessDenied"


@dataclass(frozen=True, slots=True)
class Office:
    """Home, and people: `kim` an IAM user, `sam` of Identity Center, `author` who made the release."""

    plane: Plane
    kim: Mapping[str, str]
    sam: Mapping[str, str]
    author: Mapping[str, str]

    @property
    def endpoint(self) -> str:
        return self.plane.record.endpoint

    def approve(self, who: Mapping[str, str], *arguments: str, plan: str = PLAN) -> CompletedProcess[str]:
        """Approve v1.0.0 for staging as somebody, unless other arguments are given."""
        operator = {**accounts.variables(self.endpoint), **who}
        given = arguments or ("staging", "--release", "v1.0.0")
        project = replace(self.plane.project, operator=operator)
        return project.run("approve", *given, "--plan", plan)

    def client(self, who: Mapping[str, str], service: str) -> Any:
        """Return a client of home as somebody."""
        return clients.make(self.endpoint, service, HOME["region"], *who.values())

    @property
    def store(self) -> StateStore:
        return self.plane.table

    def put(self, who: Mapping[str, str], item: Mapping[str, Any]) -> None:
        """Put an item into the state table as somebody."""
        self.client(who, "dynamodb").put_item(TableName=self.plane.parameter("table/TableName"), Item=item)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    place, record, project = deployed_home.started(tmp_path_factory, "approving")
    plane = Plane(record, project)
    iam, center = plane.client("iam"), people.role(plane.client("iam", account=accounts.OPERATOR))
    yield Office(
        plane,
        kim=people.user(iam, "kim@example.com"),
        sam=people.session(record.endpoint, center, "sam@example.com"),
        author=people.user(iam, "t@example.com"),
    )
    process.discard(place)


@pytest.mark.parametrize("name", ["kim", "sam"])
def test_an_approval_is_recorded_under_the_name_of_the_session(office: Office, name: str) -> None:
    """REQ-G2: an IAM user's, and one of somebody who logged in through Identity Center; a second time it stands."""
    done = office.approve(getattr(office, name), "staging", "--release", "v1.0.0", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    assert (document["by"], document["plan"], document["recorded"]) == (f"{name}@example.com", PLAN, True)
    found = {one.by: one for one in office.store.approvals("v1.0.0", "staging")}[f"{name}@example.com"]
    assert (found.plan, found.identity) == (PLAN, document["identity"])
    again = office.approve(getattr(office, name))
    assert again.returncode == 0 and "had approved before" in again.stdout
    other = office.approve(getattr(office, name), plan=OTHER_PLAN)
    assert (
        other.returncode == 0
        and f"{name}@example.com approved" in other.stdout
        and OTHER_PLAN in other.stdout
    )


def test_who_made_a_release_does_not_approve_it(office: Office) -> None:
    done = office.approve(office.author)
    assert done.returncode == 1
    assert "t@example.com is an author" in done.stderr and "mend:" in done.stderr
    assert not [one for one in office.store.approvals("v1.0.0") if one.by == "t@example.com"]


@pytest.mark.parametrize(
    ("arguments", "plan", "says"),
    [
        (("staging", "--release", "v9.9.9"), PLAN, "'v9.9.9' is no tag"),
        (("staging", "--release", "v1.0.0"), "sha256:a", "'sha256:a' is no digest"),
        (("dev", "--release", "v1.0.0"), PLAN, "nobody has to approve for dev"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_asked(
    office: Office, arguments: tuple[str, ...], plan: str, says: str
) -> None:
    done = office.approve(office.kim, *arguments, plan=plan)
    assert done.returncode == 2
    assert says in done.stderr and "mend:" in done.stderr


def test_no_name_no_approval(office: Office) -> None:
    """REQ-G2: neither the root of an account, nor the session of a role whose name the caller chooses."""
    root = office.approve({})
    assert root.returncode == 2 and "it names no person" in root.stderr
    deploying = people.session(office.endpoint, accounts.role_arn("dev"), "kim@example.com")
    done = office.approve(deploying)
    assert done.returncode == 2 and "chooses the name kim@example.com" in done.stderr


def test_nobody_takes_the_approver_under_another_name(office: Office) -> None:
    """REQ-G2: IAM refuses it, whatever client asks; also to a role that may take every role."""
    for who in (office.kim, office.sam):
        with pytest.raises(ClientError, match=DENIED):
            people.session(office.endpoint, APPROVER, "pat@example.com", who)
    iam = office.plane.client("iam", account=accounts.OPERATOR)
    plain = people.role(iam, "AWSReservedSSO_Forged", path="/")
    forged = people.session(office.endpoint, plain, "pat@example.com")
    with pytest.raises(ClientError, match=DENIED):
        people.session(office.endpoint, APPROVER, "pat@example.com", forged)
    with pytest.raises(ClientError, match=DENIED):
        people.session(office.endpoint, APPROVER, "pat@example.com")


def test_an_approver_writes_below_their_own_name_alone(office: Office) -> None:
    """REQ-G2, REQ-P8: no approval of somebody else's, and nothing that is none; where time removes and indexes list."""
    session = people.session(office.endpoint, APPROVER, "kim@example.com", office.kim)
    mine = str(office.client(session, "sts").get_caller_identity()["UserId"])
    own = Approval("prod", "v1.0.0", mine, PLAN, START, "tests").to_item()
    office.put(session, own)
    theirs = mine.replace("kim", "pat")
    forged = Approval("prod", "v1.0.0", theirs, PLAN, START, "tests").to_item()
    partitions = (
        f"ENV#orders#prod#{mine}",
        "APPROVAL#v1.0.0#prod",
        f"X{own['pk']['S']}",
        f"PROMO#orders#v1#{mine}",
    )
    items = [forged, *({**own, "pk": {"S": pk}} for pk in partitions)]
    items += [{**own, name: {"S": "1"}} for name in ("expires_at", "gsi1pk", "gsi3sk", "gsi4pk")]
    for item in items:
        with pytest.raises(ClientError, match=DENIED):
            office.put(session, item)
    assert [one.by for one in office.store.approvals("v1.0.0", "prod")] == ["kim@example.com"]


def test_an_approver_reads_and_removes_nothing(office: Office) -> None:
    session = people.session(office.endpoint, APPROVER, "sam@example.com", office.sam)
    table, dynamodb = office.plane.parameter("table/TableName"), office.client(session, "dynamodb")
    key = {"pk": {"S": "ENV#orders#dev"}, "sk": {"S": "DRIFT"}}
    for call in (dynamodb.get_item, dynamodb.delete_item):
        with pytest.raises(ClientError, match=DENIED):
            call(TableName=table, Key=key)
    with pytest.raises(ClientError, match=DENIED):
        office.client(session, "s3").get_object(
            Bucket=office.plane.parameter("configuration/BucketName"), Key="x"
        )


@pytest.mark.parametrize("role", ["reader", "recorder-dev", "recorder-prod"])
def test_neither_reader_nor_recorder_approves(office: Office, role: str) -> None:
    """REQ-P8: what deploys says yes to nothing."""
    environment = role.partition("-")[2]
    before = people.session(office.endpoint, accounts.role_arn(environment), "tests") if environment else None
    session = people.session(office.endpoint, APPROVER.replace("approver", role), "kim@example.com", before)
    mine = str(office.client(session, "sts").get_caller_identity()["UserId"])
    for item in (
        Approval("prod", "v1.0.0", mine, PLAN, START, "tests").to_item(),
        {"pk": {"S": "APPROVAL#v1.0.0#prod"}, "sk": {"S": "BY#kim@example.com"}},
    ):
        with pytest.raises(ClientError, match=DENIED):
            office.put(session, item)
