"""Where the functions of the rule meet the outside: clock, names, secrets, clients, logs and metrics."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

import boto3
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pipelines.deployment_rule.signature import checked
from pipelines.state.store import ContentionError

AWS_ERRORS = (BotoCoreError, ClientError, ContentionError)
"""What passes by itself."""
SDK = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
"""GitHub waits ten seconds for the answer to a delivery."""
KEPT_SECONDS = 300
"""How long secrets are kept: a replaced one counts, or counts no more, five minutes later."""

logger = Logger()


class SettingsError(RuntimeError):
    """What the function needs to know does not exist, or is none. Names it, and quotes nothing."""


def settings(*names: str) -> dict[str, str]:
    """Return what this home's resources are called, from Parameter Store under PARAMETER_PATH (REQ-P7)."""
    root = os.environ["PARAMETER_PATH"]
    answer = client("ssm").get_parameters(Names=[f"{root}/{name}" for name in names])
    if answer["InvalidParameters"]:
        raise SettingsError(f"no such parameters: {', '.join(sorted(answer['InvalidParameters']))}")
    return {each["Name"].removeprefix(f"{root}/"): each["Value"] for each in answer["Parameters"]}


@cache
def client(service: str) -> Any:
    """Return the client of a service."""
    make: Any = boto3.client  # Its type has an overload for each service, by the literal name.
    return make(service, config=SDK)


def webhook_secrets(name: str) -> tuple[str, ...]:
    """Return the secrets of the webhook, `{"secrets": ["..."]}` of Secrets Manager: two while one is replaced."""
    return _secrets(name, int(time.monotonic() // KEPT_SECONDS))


@lru_cache(maxsize=1)
def _secrets(name: str, _period: int) -> tuple[str, ...]:
    text = client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    try:
        return checked(json.loads(text)["secrets"])
    except (ValueError, TypeError, KeyError):
        raise SettingsError(
            'the secret of the webhook is not {"secrets": [...]} with one or two long ones'
        ) from None


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


def measure(name: str, value: float = 1, unit: MetricUnit = MetricUnit.Count, **dimensions: str) -> None:
    """Write a metric with its dimensions: one of a kind, unless a value is given."""
    with single_metric(name=name, unit=unit, value=value) as metric:
        for dimension, of in dimensions.items():
            metric.add_dimension(name=dimension, value=of)


def describe(error: Exception) -> str:
    """Return what failed, without the message: AWS may quote the request in it."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error']['Code']}"
    return type(error).__name__
