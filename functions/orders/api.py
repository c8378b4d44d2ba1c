"""Lambda handler of the order API: POST /orders, GET /orders/{order_id}, GET /health (REQ-O1)."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

import boto3

from functions.orders import problem
from functions.orders.edge import AWS_ERRORS, SDK, describe, in_lambda, now, settings
from functions.orders.http import Answer, refuse, respond
from functions.orders.intake import Intake, Submission
from functions.orders.problem import ProblemError
from functions.orders.queue import OrderQueue
from functions.orders.store import OrderStore
from functions.orders.telemetry import count, counting, logger, tracer


@cache
def intake() -> Intake:
    """Return the desk of this environment. Failures are not kept: the next call tries again."""
    values = settings(("table/TableName", "queue/QueueUrl"))
    return Intake(
        table=OrderStore(boto3.client("dynamodb", config=SDK), values["table/TableName"]),
        queue=OrderQueue(boto3.client("sqs", config=SDK), values["queue/QueueUrl"]),
        clock=now,
    )


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@counting()
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway proxy event. Every answer names its request, for the log and for the caller."""
    request_id = (event.get("requestContext") or {}).get("requestId") or context.aws_request_id
    logger.append_keys(request_id=request_id)
    answer = _answer(event, f"urn:lockstep:request:{request_id}")
    logger.info("answered", status=answer.status, method=event["httpMethod"])
    return answer.to_event()


def _answer(event: dict[str, Any], instance: str) -> Answer:
    try:
        return respond(event, intake, _observe)
    except ProblemError as error:
        _count_rejection(error)
        return refuse(error.problem, instance)
    except AWS_ERRORS as error:
        logger.error("AWS did not do its part", failure=describe(error))
        return refuse(problem.unavailable(), instance)


def _observe(submission: Submission) -> None:
    count(submission.outcome.value)
    tracer.put_annotation("order_id", submission.accepted.order_id)
    logger.info("submitted", order_id=submission.accepted.order_id, outcome=submission.outcome.value)


def _count_rejection(error: ProblemError) -> None:
    logger.info("refused", problem=error.problem.kind, fields=len(error.problem.errors))
    if error.problem.rejects_order:
        count("Rejected")


if in_lambda():  # the start of an environment has the full processor, the first request has not
    with suppress(*AWS_ERRORS):
        intake()
