"""Where the functions meet the outside: clock, settings and how AWS is called."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.orders.settings import read_settings

AWS_ERRORS = (BotoCoreError, ClientError)
"""What a client raises when AWS refuses or does not answer."""

SDK = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
"""Seconds and attempts: an outage ends in an answer of ours well before the function's own timeout."""


def in_lambda() -> bool:
    """Tell whether this process is a Lambda execution environment."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


def settings(names: Iterable[str]) -> dict[str, str]:
    """Return the settings of this environment, whose root PARAMETER_PATH names."""
    return read_settings(boto3.client("ssm", config=SDK), os.environ["PARAMETER_PATH"], names)


def describe(error: Exception) -> str:
    """Return what failed, without the message: AWS may quote the request in it."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error']['Code']}"
    return type(error).__name__
