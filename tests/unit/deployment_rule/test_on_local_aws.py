"""The functions as they are, on a local AWS: names, secret, key, table and store are its own (REQ-G9)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from functions.gate import answerer, edge, receiver
from pipelines.deployment_rule.packaged import Packaged
from tests.state_table import create_state_table
from tests.unit.functions.aws import REGION, Account
from tests.unit.functions.conftest import account, aws_endpoint
from tests.unit.promotion.good import POLICY
from tests.unit.tracking.local import TABLE

from .asked import REPOSITORY, SECRET, body, request
from .double import TOKENS, Double, serving
from .home import Home
from .test_handlers import CONTEXT, deliver
from .test_kms import import_into

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("functions-aws")]
__all__ = ["account", "aws_endpoint"]


def imported_key(kms: Any) -> str:
    """Return the key of the app, imported."""
    made = kms.create_key(Origin="EXTERNAL", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    import_into(kms, made["KeyId"])
    return str(made["Arn"])


@pytest.fixture
def home(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Return a home with everything that the functions are told of; the clock alone is the test's."""
    secret = account.client("secretsmanager").create_secret(
        Name="shared-control-webhook", SecretString=json.dumps({"secrets": [SECRET]})
    )
    create_state_table(account.client("dynamodb"), TABLE)
    account.create_bucket()
    with serving(Double()) as double:
        names = {
            "table/TableName": TABLE,
            "configuration/BucketName": account.bucket,
            "gate/WebhookSecretArn": secret["ARN"],
            "gate/Repository": REPOSITORY,
            "gate/AppId": "302",
            "gate/AppKeyArn": imported_key(account.client("kms")),
            "gate/ApiUrl": double.url,
        }
        for name, value in names.items():
            account.client("ssm").put_parameter(Name=f"/control/shared/{name}", Value=value, Type="String")
        found = Home(double, account.client("dynamodb"), account.client("s3"), account.bucket)
        for name, value in {
            "PARAMETER_PATH": "/control/shared",
            "AWS_ENDPOINT_URL": account.endpoint,
            "AWS_ACCESS_KEY_ID": account.number,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
        }.items():
            monkeypatch.setenv(name, value)
        held = Packaged(POLICY, dict.fromkeys(("staging", "prod"), ("orders",)))
        monkeypatch.setattr(answerer, "packaged", lambda: held)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # It keeps the credentials of the test before.
        for module in (receiver, answerer):
            monkeypatch.setattr(module, "now", lambda: found.now)
        kept = (edge.client, edge._secrets, receiver.names, answerer.desk)
        for one in kept:
            one.cache_clear()
        yield found
        for one in kept:
            one.cache_clear()
        assert double.mistakes == []


def test_from_the_delivery_to_the_review(home: Home) -> None:
    """Taken once, approved once; the app signed with the key that was imported."""
    assert deliver(body()) == (202, "taken")
    assert deliver(body(), **{"X-GitHub-Delivery": "another"}) == (200, "repeated")
    assert home.table.rule_request(5001) == request()
    assert answerer.handler({}, CONTEXT) == {"approved": 1}, home.double.reviews[0]["comment"]
    assert [review["state"] for review in home.double.reviews] == ["approved"]
    assert [one.path for one in home.double.asked].count(TOKENS) == 1
    assert answerer.handler({}, CONTEXT) == {}
    assert deliver(body()) == (200, "repeated")


def test_what_soaks_waits_and_a_forged_question_is_none(home: Home) -> None:
    home.wait(-40)
    assert deliver(body(deployment={"created_at": home.now.isoformat()})) == (202, "taken")
    content = body(deployment={"id": 6})
    event = {"headers": {"X-Hub-Signature-256": "sha256=" + "0" * 64}, "body": content.decode()}
    assert receiver.handler(event, CONTEXT)["statusCode"] == 401
    assert answerer.handler({}, CONTEXT) == {"waiting": 1}
    (review,) = home.double.reviews
    assert "pending: soak" in review["comment"]
    home.wait(40)
    assert answerer.handler({}, CONTEXT) == {"approved": 1}
