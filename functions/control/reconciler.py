"""Lambda handler of the reconciler, every 15 minutes (REQ-C2, REQ-C4, REQ-C9)."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.control.edge import (
    ACCOUNTS,
    ANNOUNCING,
    TABLE,
    accounts,
    announcer,
    dynamodb,
    logger,
    measure,
    now,
    settings,
    sleep,
)
from pipelines.state.store import StateStore
from pipelines.tracking.reconciler import Reconciler

UNREADABLE = 20
"""So many records that are none are named in the log; the metric counts all."""


@cache
def reconciler() -> Reconciler:
    """Return the reconciler on home's table and topics. A failure is not kept."""
    values = settings((*TABLE, *ACCOUNTS, *ANNOUNCING))
    name = values["table/TableName"]
    store = StateStore(dynamodb(), name)
    return Reconciler(store, accounts(values), announcer(store, values).announce, now, sleep)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one pass; raises botocore's errors, after which Lambda and the next pass try again."""
    outcome = reconciler().run()
    for gauge in outcome.gauges:
        measure(gauge.name, gauge.value, gauge.unit, **dict(gauge.dimensions))
    if outcome.failed:
        measure("AnnounceFailures", len(outcome.failed))
    if outcome.unreadable:
        logger.warning("records of deployments that are none", unreadable=outcome.unreadable[:UNREADABLE])
    told = {
        "silent": len(outcome.silent),
        "stuck": outcome.stuck,
        "repaired": outcome.repaired,
        "announced": outcome.announced,
    }
    logger.info("reconciled", done=told, silent=list(outcome.silent), not_announced=list(outcome.failed))
    return told
