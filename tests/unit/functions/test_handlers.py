"""The two handlers: what they answer, count and log, and what they never log."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from functions.orders import api, processor
from functions.orders.queue import OrderQueue
from functions.orders.telemetry import logger

from .fakes import World, order, refused, request

CONTEXT = SimpleNamespace(
    function_name="orders",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:111111111111:function:orders",
    aws_request_id="11111111-1111-4111-8111-111111111111",
)
SECRETS = ("ACC-1001", "187.25", "desk7-000123")


class Output:
    """What a handler wrote: log records and counted metrics."""

    def __init__(self, text: str) -> None:
        self.text = text
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        self.records = [line for line in lines if "_aws" not in line]
        self.metrics: dict[str, int] = {}
        for line in (line for line in lines if "_aws" in line):
            for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
                self.metrics[metric["Name"]] = sum(line[metric["Name"]])


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(api, "intake", lambda: world.intake)
    monkeypatch.setattr(processor, "processing", lambda: world.processing)
    monkeypatch.setattr(processor, "queue", lambda: OrderQueue(world.sqs, "queue"))  # type: ignore[arg-type]
    return world


@pytest.fixture(autouse=True)
def _logs_to_the_captured_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """Powertools keeps the standard output of its import; pytest replaces it for each phase of a test."""

    class Current:
        def __getattr__(self, name: str) -> Any:
            return getattr(sys.stdout, name)

    monkeypatch.setattr(logger.registered_handler, "stream", Current())


def post(**changes: Any) -> dict[str, Any]:
    return api.handler(request("POST", "/orders", json.dumps(order(**changes))), CONTEXT)


def batch(*bodies: str) -> dict[str, Any]:
    records = [
        {
            "messageId": f"message-{n}",
            "receiptHandle": f"receipt-{n}",
            "body": body,
            "eventSource": "aws:sqs",
            "attributes": {},
        }
        for n, body in enumerate(bodies)
    ]
    return processor.handler({"Records": records}, CONTEXT)


@pytest.mark.parametrize(
    ("before", "changes", "status", "metric"),
    [
        ([], {}, 201, "Accepted"),
        ([{}], {}, 200, "Duplicate"),
        ([{}], {"quantity": "5"}, 409, "Conflict"),
        ([], {"quantity": "-5"}, 422, "Rejected"),
    ],
)
def test_each_outcome_of_a_post_is_counted_once(
    world: World,
    capsys: pytest.CaptureFixture[str],
    before: list[dict[str, Any]],
    changes: dict[str, Any],
    status: int,
    metric: str,
) -> None:
    for each in before:
        post(**each)
    capsys.readouterr()
    assert post(**changes)["statusCode"] == status
    assert Output(capsys.readouterr().out).metrics == {metric: 1}


def test_reading_counts_nothing_and_warns_of_nothing(
    world: World, capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    assert api.handler(request("GET", "/health"), CONTEXT)["statusCode"] == 200
    assert Output(capsys.readouterr().out).metrics == {}
    assert not [warning for warning in recwarn if "metrics" in str(warning.message)]


def test_a_problem_names_the_request_as_the_log_does(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = api.handler(request("GET", "/nothing"), CONTEXT)
    instance = json.loads(answer["body"])["instance"]
    output = Output(capsys.readouterr().out)
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert {f"urn:lockstep:request:{record['request_id']}" for record in output.records} == {instance}


@pytest.mark.parametrize(
    "failure",
    [refused("PutItem", "ThrottlingException"), EndpointConnectionError(endpoint_url="https://dynamodb")],
)
def test_when_aws_does_not_answer_the_caller_is_told_to_post_again(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(**_: Any) -> None:
        raise failure

    monkeypatch.setattr(world.sqs, "send_message", fail)
    answer = post()
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "1")
    assert [record["level"] for record in Output(capsys.readouterr().out).records] == ["ERROR", "INFO"]
    monkeypatch.delattr(world.sqs, "send_message")
    assert post()["statusCode"] == 200
    assert len(world.sqs.bodies) == 1


def test_a_batch_stores_what_is_good_and_reports_what_is_poison(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    post()
    post(client_order_id="desk7-000124")
    good, other = world.sqs.bodies
    capsys.readouterr()
    answer = batch(good, "this is no order", other, '{"order_id": "%s"}' % ("b" * 32), good)
    output = Output(capsys.readouterr().out)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}, {"itemIdentifier": "message-3"}]}
    assert output.metrics == {"Stored": 2, "Archived": 2, "Redelivered": 1, "Poison": 2}
    assert {item["status"]["S"] for item in world.dynamodb.items.values()} == {"STORED"}
    assert world.sqs.returned == ["receipt-1", "receipt-3"], "poison waits for no visibility timeout"
    assert batch(good, other) == {"batchItemFailures": []}
    assert len(world.sqs.returned) == 2


def test_poison_that_cannot_be_returned_is_reported_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise refused("ChangeMessageVisibility", "InvalidParameterValue")

    monkeypatch.setattr(world.sqs, "change_message_visibility", fail)
    assert batch("x") == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}


def test_a_batch_of_poison_alone_is_reported_not_raised(world: World) -> None:
    assert batch("x", "y") == {
        "batchItemFailures": [{"itemIdentifier": "message-0"}, {"itemIdentifier": "message-1"}]
    }


@pytest.mark.parametrize("failure", [refused("PutObject", "SlowDown"), RuntimeError("ACC-1001 is in here")])
def test_a_failure_of_one_message_leaves_the_others_alone(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    post()
    post(client_order_id="desk7-000124")
    put = world.s3.put_object

    def fail_once(**arguments: Any) -> dict[str, Any]:
        monkeypatch.setattr(world.s3, "put_object", put)
        raise failure

    monkeypatch.setattr(world.s3, "put_object", fail_once)
    capsys.readouterr()
    assert batch(*world.sqs.bodies) == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert world.sqs.returned == [], "what may heal waits before it is tried again"
    output = Output(capsys.readouterr().out)
    assert output.metrics == {"Stored": 1, "Archived": 1}
    (error,) = [record for record in output.records if record["level"] == "ERROR"]
    assert error["message_id"] == "message-0"
    assert any("put_object" in line for line in error["stack"])
    assert "ACC-1001" not in output.text


def test_no_personal_data_is_written(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    answer = post()
    post()
    post(quantity="5")
    post(quantity="-187.25", colour="ACC-1001")
    api.handler(request("POST", "/orders", "ACC-1001"), CONTEXT)
    api.handler(request("GET", "/" + answer["headers"]["Location"]), CONTEXT)
    batch(*world.sqs.bodies, "ACC-1001")
    text = capsys.readouterr().out
    assert len(Output(text).records) > 10
    assert not [secret for secret in SECRETS if secret in text]
    assert json.loads(answer["body"])["order_id"] in text
