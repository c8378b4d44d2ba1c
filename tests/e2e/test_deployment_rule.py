"""The deployment protection rule as it is deployed: GitHub's delivery through the API, and its answer (REQ-G9).

The home's own stacks, with IAM enforced, and a double of GitHub on loopback. The tests run in the order in which they
stand: the secret is put and the key imported as docs/deployment-rule.md says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from pipelines.state.records import RuleRequest
from sandbox import accounts, process, running
from tests.e2e import clients, deployed_home
from tests.e2e.access import OF_RULE, REVIEWED, compare, granted, reviewed
from tests.e2e.control_plane import Plane, until
from tests.e2e.recorded_project import HOME
from tests.unit.deployment_rule import asked
from tests.unit.deployment_rule.double import REVIEW, Double, run, serving
from tests.unit.deployment_rule.home import Home
from tests.unit.deployment_rule.test_kms import import_into
from validator.errors import TechnicalError

pytestmark = pytest.mark.xdist_group("deployment-rule")
WORKLOADS = ("control", "orders")
SET = {"gate/Repository": asked.REPOSITORY, "gate/AppId": "302"}


@dataclass(frozen=True, slots=True)
class Rule:
    """The home in a sandbox, a release that stood in staging for ninety minutes, and GitHub."""

    plane: Plane
    double: Double
    homes: tuple[Home, ...]

    def post(
        self, content: bytes, headers: dict[str, str], method: str = "POST", path: str = "/github"
    ) -> int:
        """Send something to the API, and return the status of the answer."""
        parts = urlsplit(self.plane.record.endpoint)
        api = self.plane.parameter("gate-api/ApiId")
        connection = HTTPConnection(parts.netloc, timeout=30)
        try:
            connection.request(method, f"/restapis/{api}/v1/_user_request_{path}", content, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def deliver(self, number: int, secret: str = asked.SECRET, **given: str) -> int:
        """Deliver a question about a deployment of now, signed."""
        content = body(number)
        return self.post(content, asked.headers(content, secret, **given))

    def pass_(self) -> dict[str, int]:
        """Have the answerer do a pass, and return how many questions ended how."""
        answer = self.plane.client("lambda").invoke(FunctionName="shared-control-answerer", Payload=b"{}")
        found: dict[str, int] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, found
        return found

    def questions(self) -> list[RuleRequest]:
        """Return every question that is kept."""
        table = self.plane.parameter("table/TableName")
        pages = (
            self.plane.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=table,
                FilterExpression="begins_with(pk, :rule)",
                ExpressionAttributeValues={":rule": {"S": "RULE#"}},
            )
        )
        return [RuleRequest.from_item(item) for page in pages for item in page["Items"]]


def body(number: int) -> bytes:
    """Return a question about a deployment of now."""
    made_at = (datetime.now(UTC) - timedelta(seconds=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return asked.body(deployment={"id": number, "created_at": made_at})


@pytest.fixture(scope="module")
def rule(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rule]:
    """Begin with home alone, whose schedule is paused and whose check of staging is: the tests record both."""
    place, record, project = deployed_home.started(tmp_path_factory, "deployment-rule")
    plane = Plane(record, project)
    _pause(plane)
    with serving(Double()) as double:
        for name, value in {**SET, "gate/ApiUrl": double.url}.items():
            plane.client("ssm").put_parameter(
                Name=f"/control/shared/{name}", Value=value, Type="String", Overwrite=True
            )
        homes = tuple(
            Home(
                double,
                plane.client("dynamodb"),
                plane.client("s3"),
                plane.parameter("configuration/BucketName"),
                now=datetime.now(UTC),
                table=plane.parameter("table/TableName"),
                workload=workload,
            )
            for workload in WORKLOADS
        )
        yield Rule(plane, double, homes)
        assert double.mistakes == []
    process.discard(place)


def _pause(plane: Plane) -> None:
    """Have nobody answer, or judge staging, but when a test asks for it; a function forgets what names it read."""
    scheduler, name = plane.client("scheduler"), "shared-control-answerer"
    found = scheduler.get_schedule(Name=name, GroupName=name)
    kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{key: found[key] for key in kept}, State="DISABLED")
    functions = plane.client("lambda")
    (mapping,) = functions.list_event_source_mappings(FunctionName="shared-control-consistency")[
        "EventSourceMappings"
    ]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    functions.update_function_configuration(FunctionName="shared-control-answerer", Description="begun anew")


def test_until_the_secret_is_put_and_the_key_imported_nothing_is_taken(rule: Rule) -> None:
    """REQ-P7: the placeholder signs nothing, and the key signs nothing; then both are put in, as somebody does once."""
    plane, name = rule.plane, rule.plane.parameter("gate/WebhookSecretArn")
    secrets, kms = plane.client("secretsmanager"), plane.client("kms")
    placeholder = json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
    assert placeholder.pop("secrets") == []
    for guess in ("", *placeholder.values()):
        assert rule.deliver(1, guess) == 503
    key = plane.parameter("gate/AppKeyArn")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    secrets.put_secret_value(SecretId=name, SecretString=json.dumps({"secrets": [asked.SECRET]}))
    import_into(kms, key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert rule.questions() == []


def test_what_nobody_signed_is_refused_and_changes_nothing(rule: Rule) -> None:
    """Nor what is no delivery at all: the gateway turns that away by itself."""
    content = body(2)
    headers = asked.headers(content)
    assert rule.deliver(2, asked.SECOND) == 401
    assert rule.post(content + b" ", headers) == 401
    for name in ("X-Hub-Signature-256", "X-GitHub-Event", "X-GitHub-Delivery"):
        assert rule.post(content, {key: value for key, value in headers.items() if key != name}) == 400
    assert rule.post(b"[]", asked.headers(b"[]")) == 400
    assert rule.post(b"", headers, "GET") == 403
    assert rule.post(content, headers, path="/") == 403
    assert rule.post(content, headers, path="/github/more") == 403
    assert rule.questions() == []
    assert rule.pass_() == {}


def test_a_question_is_taken_once_and_approved_once(rule: Rule) -> None:
    """From the delivery to the review; the same delivery again, before and after the answer, does nothing."""
    assert rule.deliver(3) == 202
    (kept,) = rule.questions()
    assert (kept.deployment, kept.state) == (3, "open")
    assert rule.deliver(3) == rule.deliver(3, **{"X-GitHub-Delivery": "another"}) == 200
    assert rule.questions() == [kept]
    assert rule.pass_() == {"approved": 1}, [review["comment"] for review in rule.double.reviews]
    (review,) = rule.double.reviews
    assert (review["state"], review["environment_name"]) == ("approved", "prod")
    (answered,) = rule.questions()
    assert answered.state == "approved"
    assert rule.deliver(3) == 200
    assert rule.questions() == [answered]
    assert rule.pass_() == {}
    assert len(rule.double.reviews) == 1


def test_a_failed_check_is_a_rejection(rule: Rule) -> None:
    rule.double.check(run("failure"))
    assert rule.deliver(4) == 202
    assert rule.pass_() == {"rejected": 1}
    assert rule.double.reviews[-1]["state"] == "rejected"
    assert "checks" in rule.double.reviews[-1]["comment"]
    rule.double.check(run())


def test_what_soaks_gets_a_comment_once_and_its_answer_later(rule: Rule) -> None:
    """A new deployment of staging begins the hour anew. What GitHub does not take is told at the next pass."""
    for home in rule.homes:
        home.deploy(home.now - timedelta(minutes=5))
        home.report(home.now - timedelta(minutes=2), "in_sync")
    assert rule.deliver(5) == 202
    assert rule.pass_() == {"waiting": 1}
    comment = rule.double.reviews[-1]
    assert "state" not in comment
    assert "pending: soak" in comment["comment"]
    told = len(rule.double.reviews)
    assert rule.pass_() == {"waiting": 1}
    assert len(rule.double.reviews) == told, "what is known is not told again"
    rule.double.check(run("failure"))
    rule.double.answers[REVIEW] = (502, {"message": "Bad Gateway"})
    assert rule.pass_() == {"failed": 1}
    rule.double.answers[REVIEW] = (204, None)
    assert rule.pass_() == {"rejected": 1}
    assert rule.double.reviews[-1]["state"] == "rejected"


def test_only_the_answerer_signs_as_the_app(rule: Rule) -> None:
    """REQ-P8: not what deploys the home, which may do everything else there."""
    endpoint = rule.plane.record.endpoint
    sts = clients.make(endpoint, "sts", HOME["region"], accounts.OPERATOR)
    given = sts.assume_role(RoleArn=accounts.role_arn("shared"), RoleSessionName="tests")["Credentials"]
    kms = clients.assumed(endpoint, "kms", HOME["region"], given)
    with pytest.raises(ClientError, match="AccessDenied"):
        kms.sign(
            KeyId=rule.plane.parameter("gate/AppKeyArn"),
            Message=b"as the app",
            MessageType="RAW",
            SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
        )


def test_each_role_of_the_rule_needs_what_it_is_granted_and_no_more(rule: Rule) -> None:
    """REQ-P8: nothing was denied above, and what nothing used has its reason in a reviewed list."""
    grants = [one for name in OF_RULE for one in granted(rule.plane.client("iam"), name)]
    named = {one.role.rpartition("/")[2] for one in grants}
    assert named == {f"shared-control-{name}-role" for name in ("answerer", "answerer-schedule", "receiver")}

    def log() -> list[dict[str, Any]]:
        try:
            return running.decision_counts(rule.plane.record)
        except TechnicalError:
            return []

    found = compare(
        grants, until("decisions", log), [*reviewed(), *reviewed(REVIEWED.with_name("granted_rule.yaml"))]
    )
    assert (found.denied, found.unused) == ((), ()), str(found)
