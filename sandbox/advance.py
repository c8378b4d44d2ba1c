"""Letting time pass in the sandbox: what was recorded of deployments, drift and checks counts as so much older.

Nothing waits an hour on a local machine, and nothing outside the sandbox has a switch that shortens a soak (REQ-G3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3

from pipelines.home import TABLE
from pipelines.state.times import moment, timestamp
from sandbox import accounts
from sandbox.place import Record

HOME, REGION = accounts.DEPLOYED["shared"], "us-west-2"
TIMES = {
    "ENV#": ("started_at", "ended_at", "soak_from", "changed_at"),
    "CHECK#": ("failed_at", "touched_at"),
    "STACK#": ("operation_at",),
}
"""By partition, the times that a promotion reads."""
_DURATION = re.compile(r"([1-9][0-9]{0,5})(s|m|h)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


def duration(text: str) -> timedelta:
    """Return the duration of a text such as `60m`. Raises ValueError for another text."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:20]!r} is no duration; write 90s, 60m or 2h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def advance(record: Record, by: timedelta) -> int:
    """Make what the home of a running sandbox recorded so much older; return how many records that were.

    Raises botocore's ClientError where no home is deployed.
    """
    session: Any = boto3.Session(HOME, accounts.SECRET, region_name=REGION)
    ssm, dynamodb = (session.client(name, endpoint_url=record.endpoint) for name in ("ssm", "dynamodb"))
    table = ssm.get_parameter(Name=TABLE)["Parameter"]["Value"]
    moved = 0
    for beginning, names in TIMES.items():
        for item in _items(dynamodb, table, beginning):
            times = {name: item[name]["S"] for name in names if "S" in item.get(name, {})}
            if not times:
                continue
            dynamodb.update_item(
                TableName=table,
                Key={"pk": item["pk"], "sk": item["sk"]},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in times),
                ExpressionAttributeNames={f"#{name}": name for name in times},
                ExpressionAttributeValues={
                    f":{name}": {"S": timestamp(moment(text) - by)} for name, text in times.items()
                },
            )
            moved += 1
    return moved


def _items(dynamodb: Any, table: str, beginning: str) -> Iterator[dict[str, Any]]:
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="begins_with(pk, :beginning)",
        ExpressionAttributeValues={":beginning": {"S": beginning}},
    )
    for page in pages:
        yield from page["Items"]
