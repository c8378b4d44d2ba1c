"""The orders that the demo sends to an environment, and what it counts in the services afterwards (REQ-O1)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from validator.errors import FailureError

if TYPE_CHECKING:
    from pipelines.aws import Aws
    from pipelines.smoke.order_client import OrderClient

ORDERS, REPEATS, CONFLICTS = 12, 4, 2
SETTLE_SECONDS = 60.0
POISON = "this is no order"


@dataclass(frozen=True, slots=True)
class Counts:
    """What one environment holds of one run: answers by kind, then what the services themselves say."""

    accepted: int
    repeated: int
    conflicts: int
    rejected: int
    stored: int = 0
    archived: int = 0
    dead_letters: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """The physical names that an environment publishes in Parameter Store (REQ-P7)."""

    api_url: str
    queue_url: str
    dead_letter_url: str
    table: str
    bucket: str

    @classmethod
    def read(cls, aws: Aws, root: str) -> Place:
        """Read the names below `/{workload}/{environment}`."""
        from pipelines.live import read_parameters

        paths = (
            "api/Url",
            "queue/QueueUrl",
            "queue/DeadLetterQueueUrl",
            "table/TableName",
            "trades/BucketName",
        )
        found = read_parameters(aws, [f"{root}/{path}" for path in paths])
        return cls(*(found[f"{root}/{path}"] for path in paths))


def order(run: str, number: int, **changes: Any) -> dict[str, Any]:
    """Return a valid order of a run; decimals are text, so that nobody makes a float of them."""
    valid = {
        "client_order_id": f"{run}-{number:03}",
        "account": "ACC-1001",
        "symbol": ("ACME", "GLOBEX", "INITECH")[number % 3],
        "side": ("BUY", "SELL")[number % 2],
        "type": "LIMIT",
        "quantity": str(10 + number),
        "limit_price": f"{100 + number}.25",
        "time_in_force": "DAY",
    }
    return {**valid, **changes}


def wrong_orders(run: str) -> list[Any]:
    """Return what must be refused: no JSON, a float where none is exact, a missing field, an unknown side."""
    incomplete = order(run, 901)
    del incomplete["symbol"]
    return [b"{not json", order(run, 900, quantity="0"), incomplete, order(run, 902, side="HOLD")]


def send(client: OrderClient, run: str) -> Counts:
    """Send new, repeated, conflicting and wrong orders, and count the answers."""
    statuses: list[int] = []
    orders = [order(run, number) for number in range(ORDERS)]
    conflicts = [order(run, number, quantity="999") for number in range(CONFLICTS)]
    for body in [*orders, *orders[:REPEATS], *conflicts, *wrong_orders(run)]:
        statuses.append(client.post(body).status)
    return Counts(
        accepted=statuses.count(201),
        repeated=statuses.count(200),
        conflicts=statuses.count(409),
        rejected=statuses.count(400) + statuses.count(422),
    )


EXPECTED = Counts(ORDERS, REPEATS, CONFLICTS, 4, ORDERS, ORDERS, 1)


def poison(aws: Aws, place: Place) -> None:
    """Put a message into the order queue that no retry can heal."""
    aws.client("sqs").send_message(QueueUrl=place.queue_url, MessageBody=POISON)


def dead_letters(aws: Aws, place: Place) -> int:
    """Return how many messages the dead letter queue holds."""
    names = ["ApproximateNumberOfMessages"]
    answer = aws.client("sqs").get_queue_attributes(QueueUrl=place.dead_letter_url, AttributeNames=names)
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def stored(aws: Aws, place: Place, run: str) -> set[str]:
    """Return the ids of the run's orders that the table holds as STORED."""
    pages = (
        aws.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=place.table,
            ConsistentRead=True,
            FilterExpression="begins_with(client_order_id, :run) AND #status = :stored",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":run": {"S": run}, ":stored": {"S": "STORED"}},
        )
    )
    return {item["order_id"]["S"] for page in pages for item in page["Items"]}


def archived(aws: Aws, place: Place) -> set[str]:
    """Return the ids of all orders in the archive."""
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix="trades/")
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return {key.rsplit("/", 1)[-1].removesuffix(".json") for key in keys}


def settle(
    aws: Aws, place: Place, run: str, answers: Counts, dead_before: int, clock: Callable[[], float]
) -> Counts:
    """Wait until the services hold what was answered, and return what they hold; bounded by SETTLE_SECONDS."""
    deadline = clock() + SETTLE_SECONDS
    while True:
        ids = stored(aws, place, run)
        found = Counts(
            answers.accepted,
            answers.repeated,
            answers.conflicts,
            answers.rejected,
            stored=len(ids),
            archived=len(ids & archived(aws, place)),
            dead_letters=dead_letters(aws, place) - dead_before,
        )
        if found == EXPECTED or clock() > deadline:
            return found
        time.sleep(0.5)


def check(environment: str, counts: Counts) -> None:
    """Raise FailureError when the services do not hold what was sent."""
    if counts != EXPECTED:
        raise FailureError(f"{environment}: expected {EXPECTED}, found {counts}")
