"""Lambda handler of the announcer: the state table's stream, alerts onto the topics (REQ-C4, REQ-C5)."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.control.edge import (
    ANNOUNCING,
    AWS_ERRORS,
    TABLE,
    announcer,
    describe,
    dynamodb,
    logger,
    measure,
    settings,
)
from pipelines.state.records import Alert
from pipelines.state.store import StateStore
from pipelines.tracking.announce import Announcer


@cache
def desk() -> Announcer:
    """Return the announcer on home's table and topics. A failure is not kept."""
    values = settings((*TABLE, *ANNOUNCING))
    return announcer(StateStore(dynamodb(), values["table/TableName"]), values)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Announce the alerts of a batch in their order; the first that fails is where the stream begins again."""
    for record in event.get("Records") or []:
        change = record.get("dynamodb") or {}
        image = change.get("NewImage") or {}
        if not str(image.get("pk", {}).get("S", "")).startswith("ALERT#"):
            continue
        try:
            alert = Alert.from_item(image)
            announced = desk().announce(alert)
        except (*AWS_ERRORS, ValueError) as error:
            logger.error("not announced", alert=image["pk"]["S"], failure=describe(error))
            measure("AnnounceFailures", 1)
            return {"batchItemFailures": [{"itemIdentifier": change["SequenceNumber"]}]}
        if announced:
            measure("AlertsAnnounced", 1, Environment=alert.environment)
            logger.info("announced", alert=alert.fingerprint, generation=alert.generation, state=alert.state)
    return {"batchItemFailures": []}
