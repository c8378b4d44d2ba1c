"""The real package as two Lambda functions on the local AWS: table, queue with DLQ, bucket, parameters."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.packages import build_package

from .aws import REGION, Account
from .fakes import order, request

ROOT = Path(__file__).parents[3]
PARAMETERS = "/orders/dev"
WAIT_SECONDS = 40.0

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("functions-aws")]


class Deployment:
    """What the templates will deploy, reduced to what the functions touch."""

    def __init__(self, account: Account, package: Path) -> None:
        self.account = account
        self.sqs, self.functions = account.client("sqs"), account.client("lambda")
        account.create_table()
        account.create_bucket()
        self.dead_letters = self._queue("dead-letters")
        redrive = {"deadLetterTargetArn": self._arn(self.dead_letters), "maxReceiveCount": 2}
        self.queue = self._queue("orders", RedrivePolicy=json.dumps(redrive), VisibilityTimeout="10")
        values = {
            "table/TableName": "orders",
            "queue/QueueUrl": self.queue,
            "trades/BucketName": account.bucket,
        }
        for name, value in values.items():
            account.client("ssm").put_parameter(Name=f"{PARAMETERS}/{name}", Value=value, Type="String")
        self._function("order-api", "functions.orders.api.handler", package)
        self._function("order-processor", "functions.orders.processor.handler", package)

    def consume(self) -> None:
        self.functions.create_event_source_mapping(
            EventSourceArn=self._arn(self.queue),
            FunctionName="order-processor",
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )

    def call(self, event: dict[str, Any], function: str = "order-api") -> dict[str, Any]:
        got = self.functions.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        answer: dict[str, Any] = json.loads(got["Payload"].read())
        assert "FunctionError" not in got, answer
        return answer

    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.account.client("dynamodb").scan(TableName="orders")["Items"]
        return items

    def objects(self) -> dict[str, bytes]:
        s3 = self.account.client("s3")
        found = s3.list_object_versions(Bucket=self.account.bucket).get("Versions", [])
        keys = [each["Key"] for each in found]
        assert len(set(keys)) == len(keys), "an object was written twice"
        return {key: s3.get_object(Bucket=self.account.bucket, Key=key)["Body"].read() for key in keys}

    def waiting(self, url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def traced(self, package: Path, daemon: str) -> None:
        """Deploy the API once more, with the address of an X-Ray daemon as Lambda gives it."""
        variables = {"AWS_XRAY_DAEMON_ADDRESS": daemon}
        self._function("traced-api", "functions.orders.api.handler", package, **variables)

    def _queue(self, name: str, **attributes: str) -> str:
        url: str = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url

    def _arn(self, url: str) -> str:
        names = ["QueueArn"]
        arn: str = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]["QueueArn"]
        return arn

    def _function(self, name: str, handler: str, package: Path, **variables: str) -> None:
        self.functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Architectures=["arm64"],
            Role=f"arn:aws:iam::{self.account.number}:role/{name}",
            Handler=handler,
            Code={"ZipFile": package.read_bytes()},
            Timeout=30,
            TracingConfig={"Mode": "Active"},
            Environment={
                "Variables": {
                    "PARAMETER_PATH": PARAMETERS,
                    "POWERTOOLS_SERVICE_NAME": name,
                    "POWERTOOLS_METRICS_NAMESPACE": "Lockstep/Orders",
                    "LOG_LEVEL": "INFO",
                    "AWS_DEFAULT_REGION": REGION,
                    **variables,
                }
            },
        )


@pytest.fixture(scope="module")
def package() -> Path:
    return build_package(ROOT, "orders", ROOT / ".lockstep" / "packages")


@pytest.fixture
def deployment(account: Account, package: Path) -> Deployment:
    return Deployment(account, package)


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not after {WAIT_SECONDS} s: {what}"
        time.sleep(0.1)


def test_orders_are_stored_and_archived_once_and_poison_is_dead_lettered(deployment: Deployment) -> None:
    def post(**changes: Any) -> dict[str, Any]:
        return deployment.call(request("POST", "/orders", json.dumps(order(**changes))))

    first = post()
    assert first["statusCode"] == 201
    assert post(quantity="100.0")["body"] == first["body"]
    assert [post(quantity="7")["statusCode"], post(quantity="-7")["statusCode"]] == [409, 422]
    receipts = [json.loads(post(client_order_id=f"desk7-{n}")["body"]) for n in range(4)]
    deployment.sqs.send_message(QueueUrl=deployment.queue, MessageBody="this is no order")
    deployment.sqs.send_message(QueueUrl=deployment.queue, MessageBody='{"order_id":"%s"}' % ("a" * 32))
    deployment.consume()

    eventually(lambda: deployment.waiting(deployment.queue) == 0, "the queue is empty")
    eventually(
        lambda: deployment.waiting(deployment.dead_letters) == 2, "both poison messages are dead letters"
    )
    assert [item["status"]["S"] for item in deployment.items()] == ["STORED"] * 5
    archived = [json.loads(body) for body in deployment.objects().values()]
    by_id = {each["order_id"]: each for each in [json.loads(first["body"]), *receipts]}
    assert {each["order_id"]: each for each in archived} == by_id
    assert all(key.startswith("trades/year=2") and key.endswith(".json") for key in deployment.objects())

    stored = deployment.call(request("GET", f"/orders/{receipts[0]['order_id']}"))
    assert json.loads(stored["body"])["status"] == "STORED"
    assert post()["body"] == first["body"]
    assert deployment.call(request("GET", "/health"))["statusCode"] == 200


def test_a_function_whose_parameters_are_missing_says_which(account: Account, deployment: Deployment) -> None:
    account.client("ssm").delete_parameter(Name=f"{PARAMETERS}/queue/QueueUrl")
    got = deployment.functions.invoke(
        FunctionName="order-api", Payload=json.dumps(request("GET", "/health")).encode()
    )
    assert "FunctionError" in got
    assert "/orders/dev/queue/QueueUrl" in got["Payload"].read().decode()


def test_traced_requests_send_their_segments_without_personal_data(
    deployment: Deployment, package: Path
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(5)
        deployment.traced(package, f"127.0.0.1:{daemon.getsockname()[1]}")
        sent: list[dict[str, Any]] = []
        for quantity in ("100", "5"):  # accepted, then a conflict whose error carries the item
            event = request("POST", "/orders", json.dumps(order(quantity=quantity)))
            answer = deployment.call(event, "traced-api")
            while not sent or sent[-1]["name"] != "## handler" or len(sent) < 2:
                sent.append(json.loads(daemon.recv(65536).decode().split("\n", 1)[1]))
            assert answer["statusCode"] == (201 if quantity == "100" else 409)
            assert {each["name"] for each in sent} >= {"dynamodb", "## handler"}
            assert sent[-1]["annotations"]["order_id"] in answer["body"]
            assert not [secret for secret in ("ACC-1001", "187.25", "desk7") if secret in json.dumps(sent)]
            sent.clear()
