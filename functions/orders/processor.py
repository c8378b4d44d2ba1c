"""Lambda handler of the order processor: SQS batches with partial failures (REQ-O1, REQ-O5)."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from traceback import format_tb
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    ExceptionInfo,
    FailureResponse,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.orders.archive import OrderArchive
from functions.orders.edge import AWS_ERRORS, SDK, describe, in_lambda, now, settings
from functions.orders.processing import Processing
from functions.orders.queue import OrderQueue, PoisonError
from functions.orders.store import OrderStore
from functions.orders.telemetry import count, counting, logger, tracer


@cache
def names() -> dict[str, str]:
    """Return what this environment's table, bucket and queue are called. A failure is not kept."""
    return settings(("table/TableName", "trades/BucketName", "queue/QueueUrl"))


@cache
def queue() -> OrderQueue:
    """Return the queue that the batches come from."""
    return OrderQueue(boto3.client("sqs", config=SDK), names()["queue/QueueUrl"])


@cache
def processing() -> Processing:
    """Return the worker on this environment's table and archive."""
    values = names()
    return Processing(
        table=OrderStore(boto3.client("dynamodb", config=SDK), values["table/TableName"]),
        archive=OrderArchive(boto3.client("s3", config=SDK), values["trades/BucketName"]),
        clock=now,
    )


class _Batch(BatchProcessor):
    """Reports each failed message by itself, so that it returns to the queue and the others do not."""

    def failure_handler(self, record: Any, exception: ExceptionInfo) -> FailureResponse:
        error = exception[1]
        if isinstance(error, PoisonError):
            count("Poison")
            logger.warning("poison message", message_id=record.message_id, reason=str(error))
            try:
                queue().return_now(record.receipt_handle)
            except (
                AWS_ERRORS
            ) as refusal:  # then it waits for its visibility timeout, as any other failure does
                logger.warning("poison not returned", message_id=record.message_id, failure=describe(refusal))
        elif isinstance(error, Exception):
            # Where it failed, without the exception's own text, which may quote the order.
            stack = format_tb(exception[2])
            logger.error(
                "message not processed", message_id=record.message_id, failure=describe(error), stack=stack
            )
        return super().failure_handler(record, exception)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@counting()
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process one batch and name the messages that failed (ReportBatchItemFailures)."""
    batch = _Batch(EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event, _process, batch, context))


def _process(record: SQSRecord) -> None:
    effect = processing().process(record.body)
    if effect.archived:
        count("Archived")
    count("Stored" if effect.stored else "Redelivered")
    logger.info("processed", order_id=effect.order_id, stored=effect.stored, archived=effect.archived)


if in_lambda():  # the start of an environment has the full processor, the first batch has not
    with suppress(*AWS_ERRORS):
        processing()
