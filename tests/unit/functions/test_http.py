"""The HTTP side: status codes, headers, problem documents."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from functions.orders.http import MAX_BODY_BYTES, Answer, refuse, respond
from functions.orders.intake import Outcome
from functions.orders.problem import ProblemError

from .fakes import World, order, request


class Desk:
    """The API on one environment in memory."""

    def __init__(self) -> None:
        self.world = World()
        self.outcomes: list[Outcome] = []

    def __call__(self, *args: Any, **event: Any) -> Answer:
        try:
            return respond(
                request(*args, **event),
                lambda: self.world.intake,
                lambda seen: self.outcomes.append(seen.outcome),
            )
        except ProblemError as error:
            return refuse(error.problem, "urn:lockstep:request:1")

    def post(self, **changes: Any) -> Answer:
        return self("POST", "/orders", json.dumps(order(**changes)))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_first_post_creates_and_says_where(desk: Desk) -> None:
    answer = desk.post()
    order_id = answer.document["order_id"]
    assert answer.status == 201
    assert answer.headers["Location"] == f"orders/{order_id}"
    assert answer.document == {"order_id": order_id, "accepted_at": "2026-03-02T09:30:00.000Z", **order()}
    assert desk.world.sqs.bodies == [json.dumps({"order_id": order_id}, separators=(",", ":"))]


def test_a_repeat_answers_200_with_the_same_bytes(desk: Desk) -> None:
    first, again = desk.post(), desk.post(quantity="100.00")
    desk.world.processing.process(desk.world.sqs.bodies[0])
    after = desk.post()
    assert (first.status, again.status, after.status) == (201, 200, 200)
    assert first.to_event()["body"] == again.to_event()["body"] == after.to_event()["body"]
    assert again.headers == first.headers
    assert desk.outcomes == [Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.DUPLICATE]


def test_another_order_under_the_same_client_order_id_is_a_conflict(desk: Desk) -> None:
    order_id = desk.post().document["order_id"]
    answer = desk.post(quantity="101")
    assert (answer.status, answer.content_type) == (409, "application/problem+json")
    assert answer.document["type"] == "urn:lockstep:problem:client-order-id-conflict"
    assert str(order_id) in str(answer.document["detail"])
    assert desk.world.dynamodb.items[str(order_id)]["quantity"] == {"N": "100"}
    assert len(desk.world.sqs.bodies) == 1


def test_another_account_may_use_the_same_client_order_id(desk: Desk) -> None:
    assert [desk.post().status, desk.post(account="ACC-1002").status] == [201, 201]


def test_an_invalid_order_is_refused_with_its_fields(desk: Desk) -> None:
    answer = desk.post(quantity="-1", side="HOLD")
    assert answer.status == 422
    assert answer.document["errors"] == [
        {"field": "side", "message": "must be one of BUY, SELL"},
        {"field": "quantity", "message": "must be greater than 0"},
    ]
    assert desk.world.dynamodb.items == {}


@pytest.mark.parametrize(
    "body", ["", "{", "[" * 5000, '{"quantity": NaN}', "\ud800", "[]", '"order"', "1", "null"]
)
def test_a_body_that_is_not_a_json_object_is_malformed(desk: Desk, body: str) -> None:
    answer = desk("POST", "/orders", body)
    assert (answer.status, answer.document["type"]) == (400, "urn:lockstep:problem:malformed-document")


def test_a_post_without_a_body_is_malformed(desk: Desk) -> None:
    answer = desk("POST", "/orders", None, headers={"Content-Type": "application/json"})
    assert answer.status == 400


def test_a_base64_body_is_decoded_and_a_broken_one_is_malformed(desk: Desk) -> None:
    body = base64.b64encode(json.dumps(order()).encode()).decode()
    assert desk("POST", "/orders", body, isBase64Encoded=True).status == 201
    assert desk("POST", "/orders", "*", isBase64Encoded=True).status == 400
    assert desk("POST", "/orders", "é", isBase64Encoded=True).status == 400


def test_the_limit_of_the_body_is_in_bytes(desk: Desk) -> None:
    assert desk("POST", "/orders", '"' + "é" * (MAX_BODY_BYTES // 2) + '"').status == 413
    assert (
        desk(
            "POST", "/orders", " " * (MAX_BODY_BYTES - len(json.dumps(order()))) + json.dumps(order())
        ).status
        == 201
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 201),
        ({"CONTENT-TYPE": "Application/JSON; charset=utf-8"}, 201),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/jsonx"}, 415),
        ({}, 415),
        (None, 415),
    ],
)
def test_only_json_is_taken(desk: Desk, headers: dict[str, str] | None, status: int) -> None:
    assert desk("POST", "/orders", json.dumps(order()), headers=headers).status == status


def test_an_order_can_be_read_before_and_after_it_is_stored(desk: Desk) -> None:
    receipt = desk.post().document
    path = f"/orders/{receipt['order_id']}"
    assert desk("GET", path).document == {**receipt, "status": "ACCEPTED"}
    desk.world.processing.process(desk.world.sqs.bodies[0])
    stored = {"status": "STORED", "stored_at": "2026-03-02T09:30:01.000Z"}
    assert desk("GET", path).document == {**receipt, **stored}


@pytest.mark.parametrize(
    "path", ["/orders/" + "a" * 32, "/orders/x", "/orders/", "/orders/a/b", "/nothing", "/", ""]
)
def test_what_does_not_exist_is_not_found(desk: Desk, path: str) -> None:
    answer = desk("GET", path)
    assert (answer.status, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/orders", "POST"), ("DELETE", "/orders/" + "a" * 32, "GET"), ("POST", "/health", "GET")],
)
def test_a_known_path_with_another_method_names_the_allowed_one(
    desk: Desk, method: str, path: str, allowed: str
) -> None:
    answer = desk(method, path, "{}")
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)


def test_health(desk: Desk) -> None:
    assert desk("GET", "/health").to_event() == {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": '{"status":"ok"}',
    }


def test_health_costs_no_call_to_aws() -> None:
    """It is open to anybody: the desk, which needs settings of this environment, is not even made."""

    def desk() -> Any:
        raise AssertionError("the desk was made")

    assert respond(request("GET", "/health"), desk, lambda _: None).status == 200
