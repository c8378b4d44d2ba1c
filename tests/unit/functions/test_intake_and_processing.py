"""Each crash point of accepting and processing, one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.orders.document import read_json
from functions.orders.intake import Outcome
from functions.orders.order import Order, parse_order
from functions.orders.processing import Effect
from functions.orders.queue import PoisonError

from .fakes import CrashError, World, order, refused


class Trap:
    """Crashes the caller once, at one point."""

    def __init__(self) -> None:
        self.point = ""

    def __call__(self, point: str) -> None:
        if point == self.point:
            self.point = ""
            raise CrashError(point)


@pytest.fixture
def trap() -> Trap:
    return Trap()


@pytest.fixture
def world(trap: Trap) -> World:
    return World(trap)


def valid(**changes: object) -> Order:
    return parse_order(read_json(json.dumps(order(**changes))))


@pytest.mark.parametrize(
    ("point", "sent", "outcome"),
    [
        ("before PutItem", 1, Outcome.ACCEPTED),
        ("after PutItem", 1, Outcome.DUPLICATE),
        ("before SendMessage", 1, Outcome.DUPLICATE),
        ("after SendMessage", 2, Outcome.DUPLICATE),
    ],
)
def test_a_submission_that_crashed_is_completed_by_the_repeat(
    world: World, trap: Trap, point: str, sent: int, outcome: Outcome
) -> None:
    trap.point = point
    with pytest.raises(CrashError):
        world.intake.submit(valid())
    assert world.intake.submit(valid()).outcome is outcome
    assert len(world.sqs.bodies) == sent
    assert len(world.dynamodb.items) == 1


def test_a_repeat_after_storing_sends_no_message(world: World) -> None:
    world.intake.submit(valid())
    world.processing.process(world.sqs.bodies[0])
    world.intake.submit(valid())
    assert len(world.sqs.bodies) == 1


@pytest.mark.parametrize(
    ("point", "effect"),
    [
        ("before GetItem", (True, True)),
        ("before PutObject", (True, True)),
        ("after PutObject", (False, True)),
        ("before UpdateItem", (False, True)),
        ("after UpdateItem", (False, False)),
    ],
)
def test_a_delivery_that_crashed_is_completed_by_the_next(
    world: World, trap: Trap, point: str, effect: tuple[bool, bool]
) -> None:
    accepted = world.intake.submit(valid()).accepted
    trap.point = point
    with pytest.raises(CrashError):
        world.processing.process(world.sqs.bodies[0])
    archived, stored = effect
    assert world.processing.process(world.sqs.bodies[0]) == Effect(accepted.order_id, archived, stored)
    assert list(world.s3.versions) == [f"trades/year=2026/month=03/day=02/{accepted.order_id}.json"]
    assert [json.loads(body) for body in world.s3.versions[accepted.archive_key()]] == [accepted.receipt()]
    assert world.dynamodb.items[accepted.order_id]["status"] == {"S": "STORED"}


def test_a_redelivery_changes_nothing(world: World) -> None:
    world.intake.submit(valid())
    world.processing.process(world.sqs.bodies[0])
    items, writes = json.dumps(world.dynamodb.items), world.dynamodb.writes
    for _ in range(3):
        effect = world.processing.process(world.sqs.bodies[0])
        assert (effect.archived, effect.stored) == (False, False)
    assert (json.dumps(world.dynamodb.items), world.dynamodb.writes) == (items, writes)
    assert [len(versions) for versions in world.s3.versions.values()] == [1]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("this is no order", "not JSON"),
        ("", "not JSON"),
        ("[]", "one field"),
        ("{}", "one field"),
        ('{"order_id": "x"}', "form of an order id"),
        ('{"order_id": 1}', "form of an order id"),
        ('{"order_id": "%s", "more": 1}' % ("a" * 32), "one field"),
        ('{"order_id": "%s"}' % ("a" * 32), "no order of that id"),
    ],
)
def test_a_message_that_can_never_be_processed_is_poison(world: World, body: str, reason: str) -> None:
    with pytest.raises(PoisonError, match=reason):
        world.processing.process(body)
    assert world.dynamodb.writes == 0
    assert world.s3.versions == {}


def test_an_order_that_is_refused_by_todays_limits_is_still_read_from_the_table(world: World) -> None:
    accepted = world.intake.submit(valid()).accepted
    world.dynamodb.items[accepted.order_id]["quantity"] = {"N": "5E+12"}
    found = world.intake.find(accepted.order_id)
    assert found is not None
    assert found.receipt()["quantity"] == "5000000000000"


def test_a_conflict_of_two_writes_of_the_archive_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 answers 409 while another conditional write of the key is under way; the third answer counts."""
    world.intake.submit(parse_order(order()))
    put, refusals = world.s3.put_object, [refused("PutObject", "ConditionalRequestConflict")] * 2

    def sometimes(**arguments: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return put(**arguments)

    monkeypatch.setattr(world.s3, "put_object", sometimes)
    assert world.processing.process(world.sqs.bodies[0]).archived
    assert len(world.s3.versions) == 1

    def always(**_: Any) -> Any:
        raise refused("PutObject", "ConditionalRequestConflict")

    world.intake.submit(parse_order(order(client_order_id="desk7-000999")))
    monkeypatch.setattr(world.s3, "put_object", always)
    with pytest.raises(ClientError):
        world.processing.process(world.sqs.bodies[1])
