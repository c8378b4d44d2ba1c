"""Where the functions of home meet the outside: clock, names, table, logs, metrics and traces."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import single_metric
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pipelines.state.store import ContentionError, StateStore
from pipelines.tracking.announce import Announcer
from pipelines.tracking.track import Accounts

if TYPE_CHECKING:
    from aws_lambda_powertools.metrics import MetricUnit

    from pipelines.tracking.messages import Topic

AWS_ERRORS = (BotoCoreError, ClientError, ContentionError)
"""What passes by itself: the same again, later, is the answer."""

SDK = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})
"""Seconds and attempts: an outage ends well before the functions' own timeout."""

TABLE = ("table/TableName", "table/StreamArn")
ACCOUNTS = ("bus/DevAccounts", "bus/StagingAccounts", "bus/ProdAccounts")
TOPICS = ("topics/DriftTopicArn", "topics/ValidationTopicArn", "topics/RollbackTopicArn")
RUNBOOKS = "topics/RunbooksUrl"
ANNOUNCING = (*TOPICS, RUNBOOKS)
"""What the announcer has to know: where to publish, and where the pages are that a message names."""

logger = Logger()


class SettingsError(RuntimeError):
    """Parameters that the function needs do not exist. Names them all."""


def settings(names: tuple[str, ...]) -> dict[str, str]:
    """Return what this home's resources are called, from Parameter Store under PARAMETER_PATH (REQ-P7)."""
    root = os.environ["PARAMETER_PATH"]
    answer = boto3.client("ssm", config=SDK).get_parameters(Names=[f"{root}/{name}" for name in names])
    if answer["InvalidParameters"]:
        raise SettingsError(f"no such parameters: {', '.join(sorted(answer['InvalidParameters']))}")
    return {each["Name"].removeprefix(f"{root}/"): each["Value"] for each in answer["Parameters"]}


def accounts(values: dict[str, str]) -> Accounts:
    """Return which accounts belong to which environment; `shared` is home's own, which the table's ARN names."""
    found = {
        name.removeprefix("bus/").removesuffix("Accounts").lower(): frozenset(
            each.strip() for each in values[name].split(",") if each.strip()
        )
        for name in ACCOUNTS
    }
    return Accounts({**found, "shared": frozenset({values["table/StreamArn"].split(":")[4]})})


@cache
def dynamodb() -> Any:
    """Return the client of DynamoDB."""
    return boto3.client("dynamodb", config=SDK)


def announcer(store: StateStore, values: dict[str, str]) -> Announcer:
    """Return the announcer on home's topics."""
    sns = boto3.client("sns", config=SDK)
    drift, validation, rollback = (values[name] for name in TOPICS)
    arns: dict[Topic, str] = {"drift": drift, "validation": validation, "rollback": rollback}
    return Announcer(store, sns, arns, values[RUNBOOKS])


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


sleep = time.sleep


def measure(name: str, value: float, unit: MetricUnit | str = "Count", **dimensions: str) -> None:
    """Write one value of a metric with its dimensions."""
    with single_metric(name=name, unit=unit, value=value) as metric:  # type: ignore[arg-type]
        for dimension, of in dimensions.items():
            metric.add_dimension(name=dimension, value=of)


def describe(error: Exception) -> str:
    """Return what failed, without the message: AWS may quote the request in it."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error']['Code']}"
    return type(error).__name__
