"""Lambda handler behind `POST /github`: takes a signed question of GitHub's, once, and judges nothing (REQ-G9).

GitHub waits ten seconds and does not deliver again by itself, so the question is kept, and `functions.gate.answerer`
answers it. Nothing here reaches GitHub.
"""

from __future__ import annotations

import base64
import binascii
import json
from functools import cache
from typing import Any

from functions.gate.edge import (
    AWS_ERRORS,
    SettingsError,
    client,
    describe,
    logger,
    measure,
    now,
    settings,
    webhook_secrets,
)
from pipelines.deployment_rule.delivery import Expected, Refused, taken
from pipelines.deployment_rule.packaged import packaged
from pipelines.state.store import StateStore

TABLE, SECRET, REPOSITORY = "table/TableName", "gate/WebhookSecretArn", "gate/Repository"


@cache
def names() -> dict[str, str]:
    """Return what the home's resources are called. A failure is not kept."""
    return settings(TABLE, SECRET, REPOSITORY)


@cache
def environments() -> tuple[str, ...]:
    """Return the environments that the rule stands before."""
    return packaged().environments


def expected() -> Expected:
    """Return whom to believe now."""
    return Expected(webhook_secrets(names()[SECRET]), names()[REPOSITORY], environments())


def store() -> StateStore:
    """Return the home's table."""
    return StateStore(client("dynamodb"), names()[TABLE])


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway proxy event: 202 taken, 200 nothing to do, 4xx refused, 503 to be delivered again."""
    try:
        status, outcome = _received(event)
    except Refused as error:
        status, outcome = error.status, "refused"
        logger.warning("refused", status=status, reason=str(error))
    except (*AWS_ERRORS, SettingsError) as error:
        status, outcome = 503, "failed"
        logger.error("not taken", failure=describe(error))
    measure("RuleDeliveries", Outcome=outcome)
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps({"outcome": outcome}),
    }


def _received(event: dict[str, Any]) -> tuple[int, str]:
    headers = {name: value for name, value in (event.get("headers") or {}).items() if isinstance(value, str)}
    request = taken(headers, _body(event), expected(), now())
    if request is None:
        return 200, "ignored"
    is_new = store().take_rule_request(request)
    logger.info(
        "taken" if is_new else "known already",
        deployment=request.deployment,
        environment=request.environment,
        run=request.run,
        delivery=request.delivery,
    )
    return (202, "taken") if is_new else (200, "repeated")


def _body(event: dict[str, Any]) -> bytes:
    """Return the bytes that were signed."""
    text = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            return base64.b64decode(text, validate=True)
        return str(text).encode("utf-8", "surrogatepass")
    except (binascii.Error, ValueError):
        raise Refused(400, "the body is no base64") from None
