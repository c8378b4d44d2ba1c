"""The functions of the rule on the local AWS' own handlers: table, secrets and names (REQ-G9)."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "gate-test")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Lockstep/Control")

from functions.gate import answerer, edge, receiver
from pipelines.deployment_rule.packaged import Packaged, packaged
from tests.unit.promotion.good import POLICY
from tests.unit.tracking.local import TABLE

from .asked import REPOSITORY, SECOND, SECRET, body, headers
from .double import Double, serving
from .home import BUCKET, Home

CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="r"
)
NAMES = {
    "table/TableName": TABLE,
    "configuration/BucketName": BUCKET,
    "gate/WebhookSecretArn": "arn:secret",
    "gate/Repository": REPOSITORY,
    "gate/AppId": "302",
    "gate/AppKeyArn": "arn:key",
}


class Cloud:
    """Clients by service: the table is a real one, the rest answer as AWS does."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.secret = json.dumps({"secrets": [SECRET]})
        self.names = {**NAMES, "gate/ApiUrl": home.double.url}
        self.signed: list[dict[str, Any]] = []
        self.asked_secrets = 0

    def client(self, service: str) -> Any:
        if service == "dynamodb":
            return self.home.db.client
        return self.home.s3.client if service == "s3" else self

    def get_parameters(self, Names: list[str]) -> Any:  # noqa: N803 - AWS's name
        found = {f"/control/shared/{name}": value for name, value in self.names.items()}
        return {
            "Parameters": [{"Name": name, "Value": found[name]} for name in Names if name in found],
            "InvalidParameters": [name for name in Names if name not in found],
        }

    def get_secret_value(self, SecretId: str) -> Any:  # noqa: N803 - AWS's name
        assert SecretId == "arn:secret"
        self.asked_secrets += 1
        return {"SecretString": self.secret}

    def sign(self, **request: Any) -> Any:
        self.signed.append(request)
        return {"Signature": b"signature"}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with serving(Double()) as double:
        cloud = Cloud(Home(double))
        monkeypatch.setenv("PARAMETER_PATH", "/control/shared")
        for module in (edge, receiver, answerer):
            monkeypatch.setattr(module, "client", cloud.client)
        for module in (receiver, answerer):
            monkeypatch.setattr(module, "now", lambda: cloud.home.now)
        # The project's own has another workload, which this home knows nothing of.
        held = Packaged(POLICY, dict.fromkeys(("staging", "prod"), ("orders",)))
        monkeypatch.setattr(answerer, "packaged", lambda: held)
        for kept in (receiver.names, answerer.desk, edge._secrets):
            kept.cache_clear()
        yield cloud


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return everything that was logged, with every key."""
    return " ".join(str(vars(one)) for one in caplog.records)


def deliver(content: bytes, *, is_base64: bool = False, **given: str) -> tuple[int, str]:
    text = base64.b64encode(content).decode() if is_base64 else content.decode()
    event = {
        "httpMethod": "POST",
        "path": "/github",
        "headers": headers(content, **given),
        "body": text,
        "isBase64Encoded": is_base64,
    }
    answer = receiver.handler(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])["outcome"]


def test_a_question_is_taken_and_answered(cloud: Cloud) -> None:
    """From the delivery to the review at GitHub, with the key of the app in KMS."""
    assert deliver(body()) == (202, "taken")
    assert cloud.home.double.asked == []
    assert answerer.handler({}, CONTEXT) == {"approved": 1}
    assert cloud.home.double.reviews[0]["state"] == "approved"
    (signed,) = cloud.signed
    assert signed["KeyId"] == "arn:key"
    assert (signed["MessageType"], signed["SigningAlgorithm"]) == ("RAW", "RSASSA_PKCS1_V1_5_SHA_256")
    assert answerer.handler({}, CONTEXT) == {}


@pytest.mark.parametrize("delivery", ["0b989ba4-242f-11e5-81e1-c7b6966d2516", "another-delivery"])
def test_a_replay_does_nothing(cloud: Cloud, delivery: str) -> None:
    """Also under another id, which is not signed, and also after the answer."""
    assert deliver(body()) == (202, "taken")
    assert deliver(body(), **{"X-GitHub-Delivery": delivery}) == (200, "repeated")
    assert answerer.handler({}, CONTEXT) == {"approved": 1}
    assert deliver(body(), **{"X-GitHub-Delivery": delivery}) == (200, "repeated")
    assert answerer.handler({}, CONTEXT) == {}
    assert len(cloud.home.double.reviews) == 1


def test_a_replay_after_the_record_is_gone_is_too_old(cloud: Cloud) -> None:
    """It expires after forty days; three are taken."""
    cloud.home.now += timedelta(days=41)
    assert deliver(body()) == (422, "refused")


def test_the_bytes_that_were_signed_count(cloud: Cloud) -> None:
    content = json.dumps(json.loads(body()), ensure_ascii=False, indent=1).encode() + "\n ü".encode()
    assert deliver(content) == (400, "refused")
    assert deliver(body(sender={"login": "müller"}), is_base64=True) == (202, "taken")


@pytest.mark.parametrize(
    "given",
    [
        {"body": None},
        {"body": "%%%", "isBase64Encoded": True},
        {"headers": None},
        {"headers": {"X-Hub-Signature-256": None}},
        {"body": "x" * (2**20 + 1)},
        {"body": "\ud800"},
    ],
    ids=lambda given: repr(given)[:24],
)
def test_odd_events_are_refused(cloud: Cloud, given: dict[str, Any]) -> None:
    answer = receiver.handler({"headers": {}, "body": "", **given}, CONTEXT)
    assert answer["statusCode"] in (400, 401, 413)
    assert cloud.home.table.rule_request(5001) is None


def test_a_forged_delivery_is_refused_and_nothing_of_it_is_logged(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    content = body(environment="somebodys-secret")
    answer = receiver.handler({"headers": headers(content, SECOND), "body": content.decode()}, CONTEXT)
    assert answer["statusCode"] == 401
    assert "the signature is not of this body" in logged(caplog)
    assert "somebodys-secret" not in logged(caplog)
    assert cloud.home.db.items("RULE#") == []


def test_a_replaced_secret_counts_as_long_as_it_is_kept(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both count while there are two; the old one no more, five minutes after it was taken out."""
    at = 0.0
    monkeypatch.setattr(edge.time, "monotonic", lambda: at)
    cloud.secret = json.dumps({"secrets": [SECOND, SECRET]})
    assert deliver(body()) == (202, "taken")
    cloud.secret = json.dumps({"secrets": [SECOND]})
    assert deliver(body()) == (200, "repeated")
    assert cloud.asked_secrets == 1
    at = edge.KEPT_SECONDS
    assert deliver(body()) == (401, "refused")


@pytest.mark.parametrize("secret", ["", "text", "[]", "{}", '{"secrets": []}', '{"secrets": [""]}'])
def test_without_a_proper_secret_nothing_is_taken(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, secret: str
) -> None:
    """GitHub shows the delivery as failed, and somebody delivers it again once the secret is there."""
    cloud.secret = secret
    assert deliver(body()) == (503, "failed")
    cloud.secret = json.dumps({"secrets": [SECRET]})
    assert deliver(body()) == (202, "taken")
    assert "SettingsError" in logged(caplog)
    assert SECRET not in logged(caplog)


def test_every_workload_of_the_project_is_judged(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package names them: one of which the home has no record keeps the rest out."""
    monkeypatch.setattr(answerer, "packaged", packaged)
    assert deliver(body()) == (202, "taken")
    assert answerer.handler({}, CONTEXT) == {"rejected": 1}
    assert "of control" in cloud.home.double.reviews[0]["comment"]


def test_a_fault_of_aws_is_503_and_the_same_delivery_is_taken_later(cloud: Cloud) -> None:
    cloud.home.db.fault = lambda _operation: (400, "ThrottlingException")
    assert deliver(body()) == (503, "failed")
    cloud.home.db.fault = lambda _operation: None
    assert deliver(body()) == (202, "taken")


def test_names_that_do_not_exist_are_told(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    cloud.names = {}
    assert deliver(body()) == (503, "failed")
    assert "SettingsError" in logged(caplog)
    with pytest.raises(edge.SettingsError, match="gate/AppId"):
        answerer.handler({}, CONTEXT)


def test_a_pass_that_cannot_read_the_questions_fails(cloud: Cloud) -> None:
    """So that Lambda counts an error, which somebody is told of."""
    cloud.home.ask()
    cloud.home.db.fault = lambda operation: (400, "ThrottlingException") if operation == "Query" else None
    with pytest.raises(ClientError):
        answerer.handler({}, CONTEXT)
    cloud.home.db.fault = lambda _operation: None
    assert answerer.handler({}, CONTEXT) == {"approved": 1}


def test_outcomes_are_counted(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(body())
    answerer.handler({}, CONTEXT)
    taken, approved, oldest = metrics(capsys)
    assert (taken["Outcome"], taken["RuleDeliveries"]) == ("taken", [1.0])
    assert (approved["Outcome"], approved["RuleAnswers"]) == ("approved", [1.0])
    assert oldest["RuleOldestQuestionSeconds"] == [0.0]


def metrics(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was measured."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]


def test_the_oldest_question_without_an_answer_is_measured_at_each_pass(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """REQ-C9: also where none is asked, since no figure says that nobody looks; an answer ends it."""
    answerer.handler({}, CONTEXT)
    assert [one["RuleOldestQuestionSeconds"] for one in metrics(capsys)] == [[0.0]]
    cloud.home.wait(-60)
    cloud.home.ask(received_at=cloud.home.now - timedelta(minutes=10))
    cloud.home.ask(deployment=5002, received_at=cloud.home.now - timedelta(minutes=30))
    answerer.handler({}, CONTEXT)
    assert metrics(capsys)[-1]["RuleOldestQuestionSeconds"] == [1800.0]
    cloud.home.wait(60)
    answerer.handler({}, CONTEXT)
    assert metrics(capsys)[-1]["RuleOldestQuestionSeconds"] == [0.0]
