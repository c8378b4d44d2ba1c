"""Lambda handler of the reconciler, every 15 minutes (REQ-C2, REQ-C4, REQ-C9)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from functions.control.edge import (
    ACCOUNTS,
    TABLE,
    TOPICS,
    accounts,
    announcer,
    dynamodb,
    logger,
    measure,
    now,
    settings,
    sleep,
    tracer,
)
from pipelines.state.keys import StackKey
from pipelines.state.records import DriftSummary
from pipelines.state.store import StateStore, Table
from pipelines.tracking.reconciler import Reconciler


@cache
def reconciler() -> Reconciler:
    """Return the reconciler on home's table and topics. A failure is not kept."""
    values = settings((*TABLE, *ACCOUNTS, *TOPICS))
    name = values["table/TableName"]
    store, table = StateStore(dynamodb(), name), Table(dynamodb(), name, sleep)

    def started(key: StackKey) -> Iterator[DriftSummary]:
        return started_detections(table, key)

    return Reconciler(store, accounts(values), started, announcer(store, values).announce, now, sleep)


def started_detections(table: Table, key: StackKey) -> Iterator[DriftSummary]:
    """Return the detections of a stack that started and have no result yet."""
    found = table.partition(key.pk, "DRIFT#")
    for item in found:
        if item.get("status", {}).get("S") == "started":
            yield DriftSummary.from_item(item)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one pass; raises botocore's errors, after which Lambda and the next pass try again."""
    outcome = reconciler().run()
    for gauge in outcome.gauges:
        measure(gauge.name, gauge.value, gauge.unit, **dict(gauge.dimensions))
    if outcome.failed:
        measure("AnnounceFailures", len(outcome.failed))
    told = {
        "silent": len(outcome.silent),
        "stuck": outcome.stuck,
        "repaired": outcome.repaired,
        "announced": outcome.announced,
    }
    logger.info("reconciled", done=told, silent=list(outcome.silent), not_announced=list(outcome.failed))
    return told
