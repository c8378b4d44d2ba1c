"""Where the agent meets the outside: clock, clients, logs, metrics and traces."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pipelines.tracking.publish import Entry, publish

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

AWS_ERRORS = (BotoCoreError, ClientError)
"""What a client raises when AWS refuses or does not answer."""

SDK = Config(connect_timeout=2, read_timeout=10, retries={"mode": "adaptive", "total_max_attempts": 6})
"""Seconds and attempts. Adaptive: CloudFormation allows few calls a second, and a whole region is read."""

SHORT = 100_000
"""Characters of a message that can be such a request: it may name stacks."""

logger = Logger()
metrics = Metrics()


class PublishError(RuntimeError):
    """EventBridge did not take events of a scheduled pass. Lambda tries the pass again."""


@cache
def cloudformation() -> CloudFormationClient:
    """Return the client of CloudFormation in the agent's own region."""
    return boto3.client("cloudformation", config=SDK)


@cache
def eventbridge() -> Any:
    """Return the client of EventBridge in the agent's own region."""
    return boto3.client("events", config=SDK)


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


def send(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Send events over the agent's own bus and return those that were not taken."""
    left = publish(eventbridge(), os.environ["AGENT_BUS"], entries, time.sleep)
    if left:
        logger.error("EventBridge did not take events", count=len(left))
        count("PublishFailures", len(left))
    return left


def send_all(entries: Iterable[Entry]) -> None:
    """Send events; raises PublishError unless all were taken."""
    if left := send(entries):
        raise PublishError(f"EventBridge did not take {len(left)} events")


def count(name: str, value: float = 1) -> None:
    """Count under the metric `name`, and write it at once: a pass that is cut off has still counted."""
    metrics.add_metric(name=name, unit="Count", value=value)
    metrics.flush_metrics()


def request_of(body: str) -> dict[str, Any]:
    """Return what the schedule or an operator asks in a message of the queue; empty for an event."""
    try:
        found = json.loads(body) if len(body) < SHORT else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and "lockstep" in found else {}


def describe(error: Exception) -> str:
    """Return what failed, without the message: AWS may quote the request in it."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error']['Code']}"
    return type(error).__name__


def seconds_left(context: Any) -> float:
    """Return how many seconds the function may still run."""
    return float(context.get_remaining_time_in_millis()) / 1000
