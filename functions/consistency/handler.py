"""Lambda handler of the consistency check: the state table's stream, one check a batch and environment (REQ-C3)."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import boto3
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.config import Config
from botocore.exceptions import ClientError

from functions.consistency.changes import Touched, counted, touched
from functions.consistency.checking import Checking, Result
from functions.consistency.reading import AWS_ERRORS
from pipelines.configuration import ConfigurationStore
from pipelines.state.store import StateStore

logger = Logger()
SDK = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=2, read_timeout=10)
NAMES = ("table/TableName", "configuration/BucketName")


class SettingsError(RuntimeError):
    """Parameters that the function needs do not exist."""


@cache
def checking() -> Checking:
    """Return the checks on the table and the store of home. A failure is not kept."""
    root = os.environ["PARAMETER_PATH"]
    answer = boto3.client("ssm", config=SDK).get_parameters(Names=[f"{root}/{name}" for name in NAMES])
    if answer["InvalidParameters"]:
        raise SettingsError(f"no such parameters: {', '.join(sorted(answer['InvalidParameters']))}")
    values = {one["Name"].removeprefix(f"{root}/"): one["Value"] for one in answer["Parameters"]}
    return Checking(
        table=StateStore(boto3.client("dynamodb", config=SDK), values["table/TableName"]),
        store=partial(ConfigurationStore, boto3.client("s3", config=SDK), values["configuration/BucketName"]),
        clock=lambda: datetime.now(UTC),
    )


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Check each environment that the batch speaks of, once; name the record to begin again at where AWS failed.

    A region that reported speaks of every environment with stacks there. Nothing that a record or an object of the
    store says stops the stream.
    """
    records = event.get("Records") or []
    found = {(one.workload, one.environment): one for one in touched(records)}
    failed = []
    for region in counted(records):
        try:
            places = checking().places_in(region.account, region.region)
        except (*AWS_ERRORS, SettingsError) as error:
            logger.warning("not looked up", region=region.region, failure=_code(error))
            failed.append(region.sequence)
            continue
        except Exception as error:  # noqa: BLE001 - a record that is none: trying again changes nothing
            logger.error("cannot be looked up", region=region.region, failure=repr(error))
            continue
        for place in places:
            found.setdefault(place, Touched(*place, region.sequence))
    failed += [one.sequence for one in found.values() if not _checked(one)]
    first = min(failed, key=_place_in_shard, default=None)
    return {"batchItemFailures": [{"itemIdentifier": first}] if first is not None else []}


def _code(error: Exception) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def _place_in_shard(sequence: str) -> tuple[int, str]:
    """Order sequence numbers, which are numbers of any length."""
    return len(sequence), sequence


def _checked(one: Touched) -> bool:
    try:
        result = checking().check(one.workload, one.environment)
    except (*AWS_ERRORS, SettingsError) as error:
        logger.warning(
            "not checked", workload=one.workload, environment=one.environment, failure=_code(error)
        )
        return False
    except Exception as error:  # noqa: BLE001 - trying again changes nothing, and others wait
        logger.error(
            "cannot be checked", workload=one.workload, environment=one.environment, failure=repr(error)
        )
        _count("ConsistencyFailures", 1, one.workload, one.environment)
        return True
    _measure(result)
    logger.info(
        "checked",
        workload=one.workload,
        environment=one.environment,
        release=result.check.release,
        verdict=result.check.verdict,
        findings=len(result.check.findings),
        recorded=result.recorded,
    )
    return True


def _measure(result: Result) -> None:
    check = result.check
    if check.verdict == "deploying" or result.pending:
        return
    _count("DifferencesBetweenEnvironments", result.between, check.workload, check.environment)
    _count("ConsistencyFailures", int(check.verdict != "consistent"), check.workload, check.environment)


def _count(name: str, value: int, workload: str, environment: str) -> None:
    with single_metric(name=name, unit=MetricUnit.Count, value=value) as metric:
        metric.add_dimension(name="Environment", value=environment)
        metric.add_dimension(name="Workload", value=workload)
