"""Lambda handler of the announcer: from the state table's stream onto the topics (REQ-C4, REQ-C5, REQ-R4).

Alerts are announced, and deployments that succeeded or were taken back; promotions are counted (REQ-C9).
"""

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
from pipelines.state.records import Alert, EnvironmentRelease, Promotion
from pipelines.state.store import StateStore
from pipelines.tracking.announce import Announcer
from pipelines.tracking.deployments import TELLINGS


@cache
def desk() -> Announcer:
    """Return the announcer on home's table and topics. A failure is not kept."""
    values = settings((*TABLE, *ANNOUNCING))
    return announcer(StateStore(dynamodb(), values["table/TableName"]), values)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Announce what a batch has, in its order; the first that fails is where the stream begins again."""
    for record in event.get("Records") or []:
        change = record.get("dynamodb") or {}
        image = change.get("NewImage") or {}
        name = str(image.get("pk", {}).get("S", ""))
        try:
            if name.startswith("ALERT#"):
                _alert(Alert.from_item(image))
            elif name.startswith("ENV#") and _is_news(image, change.get("OldImage") or {}):
                _deployment(EnvironmentRelease.from_item(image))
            elif name.startswith("PROMO#") and record.get("eventName") == "INSERT":
                promotion = Promotion.from_item(image)
                measure("Promotions", 1, Environment=promotion.target, Workload=promotion.workload)
        except (*AWS_ERRORS, ValueError) as error:
            logger.error("not announced", item=name, failure=describe(error))
            measure("AnnounceFailures", 1)
            return {"batchItemFailures": [{"itemIdentifier": change["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def _alert(alert: Alert) -> None:
    if desk().announce(alert):
        measure("AlertsAnnounced", 1, Environment=alert.environment)
        logger.info("announced", alert=alert.fingerprint, generation=alert.generation, state=alert.state)


def _is_news(image: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether a record is of a deployment that came to a state which is told.

    One that succeeded is written again later, as when drift begins its soak anew.
    """
    state, old = (each.get("state", {}).get("S") for each in (image, before))
    return state in TELLINGS and state != old


def _deployment(release: EnvironmentRelease) -> None:
    if desk().announce_deployment(release):
        measure("AlertsAnnounced", 1, Environment=release.environment)
        logger.info(
            "announced",
            deployment=release.state,
            release=release.tag,
            number=release.number,
            environment=release.environment,
        )
