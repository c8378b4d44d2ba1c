"""The real order of a deployment, through the real order API and processor on services in memory (REQ-V10, REQ-O1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.orders import api as handlers
from functions.orders.accepted import SMOKE_KEPT
from functions.orders.order import SMOKE_ACCOUNT, parse_order
from pipelines.smoke import SMOKE, Deployed, Target, real_order
from pipelines.smoke.order_client import Answer, reachable
from pipelines.smoke.real_order import RealOrder, order
from pipelines.state.records import EnvironmentRelease
from pipelines.verification import _name

from .fakes import World, request
from .test_documentation import CONTEXT

NAME = "dev-7-20260302T093000Z"
Answers = Callable[[Answer], Answer]


class Desk:
    """The order API over a world in memory, whose processor runs after each look, the bucket of trades, and a clock."""

    def __init__(self) -> None:
        self.world, self.now, self.posted, self.processes = World(), 0.0, 0, True
        self.posts: dict[int, Answers] = {}
        """What becomes of the answer to the nth post, for those that go wrong."""

    def post(self, document: Mapping[str, Any]) -> Answer:
        self.posted += 1
        answer = self._ask("POST", "/orders", json.dumps(document))
        return self.posts.get(self.posted, lambda it: it)(answer)

    def get(self, path: str) -> Answer:
        answer = self._ask("GET", path, None)
        while self.processes and self.world.sqs.bodies:
            self.world.processing.process(self.world.sqs.bodies.pop(0))
        return answer

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        event = handlers.handler(request(method, path, body), CONTEXT)
        return Answer(event["statusCode"], json.loads(event["body"]))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def list_object_versions(self, Bucket: str, Prefix: str) -> Any:  # noqa: N803 - botocore's names
        assert Bucket == "trades"
        found = {key: bodies for key, bodies in self.world.s3.versions.items() if key.startswith(Prefix)}
        versions = [{"Key": key, "Size": len(body)} for key, bodies in found.items() for body in bodies]
        return {"Versions": versions} if versions else {}

    def head_bucket(self, Bucket: str) -> None:  # noqa: N803
        assert Bucket == "trades"

    def follow(self, name: str = NAME) -> str:
        return RealOrder(self, self, "trades", lambda: self.now, self.sleep).follow(name)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk()
    monkeypatch.setattr(handlers, "intake", lambda: made.world.intake)
    return made


def refused(status: int, body: Any) -> Answers:
    return lambda _: Answer(status, body)


def test_it_is_taken_once_archived_once_and_the_same_however_often_a_run_carries_on(desk: Desk) -> None:
    """REQ-V10: each run posts it twice; one item, one object."""
    assert [desk.follow(), desk.follow()] == ["", ""]
    assert desk.posted == 4
    (item,) = desk.world.dynamodb.items.values()
    assert (item["status"]["S"], item["account"]["S"]) == ("STORED", real_order.ACCOUNT)
    assert [len(bodies) for bodies in desk.world.s3.versions.values()] == [1]
    assert desk.follow("dev-8-20260302T094500Z") == ""
    assert len(desk.world.dynamodb.items) == 2


def test_it_is_marked_and_expires_and_no_other_order_does(desk: Desk) -> None:
    desk.follow()
    desk.post({**order("client"), "account": "ACC-1001"})
    smoke, client = desk.world.dynamodb.items.values()
    assert real_order.ACCOUNT == SMOKE_ACCOUNT
    accepted = datetime.fromisoformat(smoke["accepted_at"]["S"])
    assert int(smoke["expires_at"]["N"]) == int((accepted + SMOKE_KEPT).timestamp())
    assert "expires_at" not in client
    assert desk.get(f"/orders/{smoke['order_id']['S']}").body.keys().isdisjoint({"expires_at"})


def test_an_api_that_fails_is_named_with_what_it_answers(desk: Desk) -> None:
    """API Gateway answers so for a function that raises."""
    desk.posts = dict.fromkeys(range(1, 9), refused(502, {"message": "Internal server error"}))
    assert desk.follow() == "POST /orders answers 502: Internal server error"
    assert desk.posted == real_order.ATTEMPTS
    assert desk.now == (real_order.ATTEMPTS - 1) * real_order.PAUSE_SECONDS


def test_what_a_throttled_or_new_api_says_at_first_is_no_failure(desk: Desk) -> None:
    def reset(_: Answer) -> Answer:
        raise ConnectionResetError("by peer")

    desk.posts = {1: refused(429, {"title": "Too many requests"}), 2: reset, 4: refused(503, "busy")}
    assert desk.follow() == ""
    assert desk.posted == 5


def test_an_api_that_cannot_be_reached_is_named(desk: Desk) -> None:
    def refuse(_: Answer) -> Answer:
        raise ConnectionRefusedError("nobody listens")

    desk.posts = dict.fromkeys(range(1, 9), refuse)
    assert desk.follow() == "POST /orders ConnectionRefusedError: nobody listens"


def test_an_order_that_is_taken_twice_is_found(desk: Desk) -> None:
    """A second receipt, or 201 again: the API forgot the first order."""
    desk.posts = {2: lambda it: Answer(200, {**it.body, "accepted_at": "2026-03-02T10:00:00.000Z"})}
    assert desk.follow() == "posted again, it has another receipt"
    desk.posts = dict.fromkeys(range(4, 9), lambda it: Answer(201, it.body))
    assert desk.follow().startswith("POST /orders answers 201")


def test_an_order_that_nothing_processes_is_found(desk: Desk) -> None:
    desk.processes = False
    assert desk.follow() == "it is still ACCEPTED after 5 minutes: nothing processes it"


def test_an_order_that_reads_otherwise_than_it_was_accepted_is_found(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = desk.get
    monkeypatch.setattr(desk, "get", lambda path: Answer(200, {**read(path).body, "quantity": "2"}))
    assert desk.follow() == "read back, it is not what was accepted"


@pytest.mark.parametrize(
    ("bodies", "shown"),
    [(None, "no object"), ([b"{}"], "1 objects of [2] bytes"), ([b"{}", b"{}"], "2 objects of [2, 2] bytes")],
)
def test_an_archive_without_exactly_the_receipt_is_found(
    desk: Desk, bodies: list[bytes] | None, shown: str
) -> None:
    assert desk.follow() == ""
    (key,) = desk.world.s3.versions
    desk.world.s3.versions = {key: bodies} if bodies else {}
    said = f"it is STORED, and of its receipt the archive holds {shown} under {key}"
    assert desk.follow() == said


def test_each_deployment_has_an_order_of_its_own_and_every_run_of_it_the_same() -> None:
    """Also after the state table was lost, and numbers begin again."""
    at = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
    later = at.replace(hour=11)
    names = [
        _name(
            EnvironmentRelease("orders", environment, number, "v1", "sha256:1", "deploying", at_, None, "t")
        )
        for environment, number, at_ in (
            ("dev", 7, at),
            ("dev", 7, at),
            ("dev", 8, at),
            ("dev", 7, later),
            ("prod", 7, at),
        )
    ]
    assert names[0] == names[1] == NAME
    assert len(set(names)) == 4
    longest = f"development-environment-{10**12}-20260302T093000Z"
    assert parse_order(order(longest)).account == real_order.ACCOUNT


@pytest.mark.parametrize("published", [{}, {"api/Url": "u"}, {"api/Url": "u", "trades/BucketName": "trades"}])
def test_only_a_deployment_posts_an_order(desk: Desk, published: dict[str, str]) -> None:
    """`lockstep verify` changes nothing; a deployment without an API, or a bucket, says so."""
    asked: list[str] = []

    def orders(url: str) -> Desk:
        asked.append(url)
        return desk

    look = Target("dev", "/orders/dev", "us-east-1", lambda _: desk, published)
    smoke = SMOKE["orders", False]
    assert "a real order" not in {trial.name for trial in smoke(look)}
    assert asked == []
    deployed = Target(
        "dev", "/orders/dev", "us-east-1", lambda _: desk, published, deployed=Deployed(NAME, orders)
    )
    (trial,) = [one for one in smoke(deployed) if one.name == "a real order"]
    missing = next((name for name in ("api/Url", "trades/BucketName") if name not in published), "")
    assert trial.reason.startswith(f"/orders/dev/{missing} is not in") if missing else True
    assert asked == ([] if missing else ["u"])


def test_the_same_url_leads_to_aws_or_to_the_local_aws() -> None:
    url = "https://abc123.execute-api.us-east-1.amazonaws.com/v1"
    assert reachable(url, None) == url
    assert (
        reachable(url, "http://127.0.0.1:4566") == "http://127.0.0.1:4566/restapis/abc123/v1/_user_request_"
    )
    with pytest.raises(ValueError, match="is not the URL of a REST API's stage"):
        reachable("https://example.com/v1", None)
