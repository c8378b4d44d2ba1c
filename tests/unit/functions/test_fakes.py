"""The fakes answer as a real implementation does: the same test on both."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.orders.accepted import AcceptedOrder, Status
from functions.orders.archive import OrderArchive
from functions.orders.document import read_json
from functions.orders.order import parse_order
from functions.orders.queue import OrderQueue
from functions.orders.store import OrderStore

from .aws import Account
from .fakes import World, order


class Real:
    """The three services on the local AWS, with what a test needs to look at."""

    def __init__(self, account: Account) -> None:
        account.create_table()
        account.create_bucket()
        self.dynamodb, self.s3, self.sqs = (account.client(name) for name in ("dynamodb", "s3", "sqs"))
        self.bucket = account.bucket
        self.url = self.sqs.create_queue(QueueName="queue")["QueueUrl"]

    def item(self, order_id: str) -> dict[str, Any] | None:
        key = {"order_id": {"S": order_id}}
        return self.dynamodb.get_item(TableName="orders", Key=key, ConsistentRead=True).get("Item")

    def versions(self, key: str) -> list[bytes]:
        found = self.s3.list_object_versions(Bucket=self.bucket, Prefix=key).get("Versions", [])
        bodies = (
            self.s3.get_object(Bucket=self.bucket, Key=key, VersionId=each["VersionId"]) for each in found
        )
        return [each["Body"].read() for each in bodies]

    def bodies(self) -> list[str]:
        got = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        return [message["Body"] for message in got.get("Messages", [])]


class Fake:
    """The same in memory."""

    url, bucket = "queue", "trades"

    def __init__(self) -> None:
        world = World()
        self.dynamodb, self.s3, self.sqs = world.dynamodb, world.s3, world.sqs

    def item(self, order_id: str) -> dict[str, Any] | None:
        return self.dynamodb.items.get(order_id)

    def versions(self, key: str) -> list[bytes]:
        return self.s3.versions.get(key, [])

    def bodies(self) -> list[str]:
        return self.sqs.bodies


@pytest.fixture(
    params=[
        "fake",
        pytest.param("real", marks=[pytest.mark.e2e, pytest.mark.xdist_group("functions-aws")]),
    ]
)
def services(request: pytest.FixtureRequest) -> Fake | Real:
    if request.param == "fake":
        return Fake()
    return Real(request.getfixturevalue("account"))


def accepted(**changes: Any) -> AcceptedOrder:
    return AcceptedOrder(parse_order(read_json(json.dumps(order(**changes)))), "2026-03-02T09:30:00.000Z")


def test_insert_happens_once_and_then_returns_what_stands(services: Fake | Real) -> None:
    store = OrderStore(services.dynamodb, "orders")
    first, other = accepted(quantity="0.00000001", limit_price="999999999.99999999"), accepted(quantity="5")
    assert store.insert(first) is None
    assert store.insert(first) == first
    assert store.insert(other) == first
    assert store.get(first.order_id) == first
    item = services.item(first.order_id) or {}
    assert (item["quantity"], item["limit_price"]) == ({"N": "0.00000001"}, {"N": "999999999.99999999"})


def test_an_order_that_is_not_there_is_none(services: Fake | Real) -> None:
    assert OrderStore(services.dynamodb, "orders").get("a" * 32) is None


def test_marking_happens_once_and_keeps_the_first_time(services: Fake | Real) -> None:
    store, order_ = OrderStore(services.dynamodb, "orders"), accepted(type="MARKET", limit_price=None)
    store.insert(order_)
    assert store.mark_stored(order_.order_id, "2026-03-02T09:30:01.000Z")
    assert not store.mark_stored(order_.order_id, "2026-03-02T09:30:02.000Z")
    stored = replace(order_, status=Status.STORED, stored_at="2026-03-02T09:30:01.000Z")
    assert store.get(order_.order_id) == stored
    assert store.insert(order_) == stored


def test_marking_what_is_not_there_creates_nothing(services: Fake | Real) -> None:
    assert not OrderStore(services.dynamodb, "orders").mark_stored("a" * 32, "2026-03-02T09:30:01.000Z")
    assert services.item("a" * 32) is None


def test_archiving_writes_one_version(services: Fake | Real) -> None:
    archive, order_ = OrderArchive(services.s3, services.bucket), accepted()
    assert archive.put(order_)
    assert not archive.put(order_)
    assert [json.loads(body) for body in services.versions(order_.archive_key())] == [order_.receipt()]


def test_a_message_names_its_order(services: Fake | Real) -> None:
    OrderQueue(services.sqs, services.url).send("a" * 32)
    assert services.bodies() == ['{"order_id":"%s"}' % ("a" * 32)]
