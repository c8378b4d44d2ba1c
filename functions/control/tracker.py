"""Lambda handler of the tracker: batches of events from the queue into the state table (REQ-C2)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from functions.control.edge import (
    ACCOUNTS,
    AWS_ERRORS,
    TABLE,
    accounts,
    describe,
    dynamodb,
    logger,
    measure,
    now,
    settings,
)
from pipelines.state.store import StateStore
from pipelines.tracking.recorder import Effect, Recorder


@cache
def recorder() -> Recorder:
    """Return the recorder on home's table. A failure is not kept."""
    values = settings((*TABLE, *ACCOUNTS))
    return Recorder(StateStore(dynamodb(), values["table/TableName"]), accounts(values), now)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Record each message and name those that failed (ReportBatchItemFailures); no message stops the others."""
    failed = [record["messageId"] for record in event.get("Records") or [] if not _recorded(record)]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _recorded(record: dict[str, Any]) -> bool:
    try:
        effect = recorder().record(record["body"], _sent_at(record))
    except AWS_ERRORS as error:
        logger.warning("not recorded", message_id=record["messageId"], failure=describe(error))
        measure("EventsFailed", 1)
        return False
    except ValueError as error:
        # An item that is none: the message ends among the dead letters, where somebody sees it.
        logger.error("cannot be recorded", message_id=record["messageId"], failure=str(error)[:500])
        measure("EventsFailed", 1)
        return False
    _tell(record["messageId"], effect)
    return True


def _sent_at(record: dict[str, Any]) -> datetime | None:
    """Return when a message was sent to the queue; None where SQS does not say."""
    sent = (record.get("attributes") or {}).get("SentTimestamp")
    return datetime.fromtimestamp(int(sent) / 1000, UTC) if sent else None


def _tell(message_id: str, effect: Effect) -> None:
    measure(effect.metric, 1, Environment=effect.environment)
    if effect.rolled_back:
        measure("Rollbacks", 1, Environment=effect.environment, Workload=effect.rolled_back)
    if effect.lag is not None:
        lag = max(0.0, effect.lag.total_seconds())
        measure("TrackerLagSeconds", lag, "Seconds", Environment=effect.environment)
    if effect.reason:
        logger.warning("refused", message_id=message_id, reason=effect.reason)
    elif effect.gone or effect.unknown:
        logger.warning("the census differs", message_id=message_id, gone=effect.gone, unknown=effect.unknown)
