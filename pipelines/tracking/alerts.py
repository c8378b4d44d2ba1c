"""What every alert of tracking has, and the alert of a deployment that failed. Pure.

A fingerprint names the thing, so that each thing has one alert, found, changed and resolved once each (REQ-C4).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pipelines.state.records import Alert, AlertKind, Severity, StackKey, StackState
from pipelines.state.times import timestamp

from .names import stack_set_of

PRODUCTION = "prod"
NAMED = 20
"""So many things an alert's text names; its detail has more, the table all."""

GOOD = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE"})
"""Statuses of a stack whose last operation succeeded."""


def is_bad(status: str) -> bool:
    """Whether a stack's last operation ended otherwise than it should: failed, or rolled back."""
    return status.endswith(("_FAILED", "ROLLBACK_COMPLETE"))


def fingerprint(kind: AlertKind, key: StackKey) -> str:
    """Return the name of what can be wrong with a stack."""
    return ":".join((kind, key.workload, key.environment, key.account, key.region, key.stack))


def deployment_alert(state: StackState) -> Alert:
    """Return the alert of a stack whose last operation failed or was rolled back."""
    rolled_back = "ROLLBACK" in state.status
    what = "was rolled back" if rolled_back and not state.status.endswith("FAILED") else "failed"
    severity: Severity = "critical" if what == "failed" or state.key.environment == PRODUCTION else "warning"
    return alert_on(
        kind="deployment",
        key=state.key,
        severity=severity,
        at=state.operation_at,
        subject=f"{shown(state.key)} {what}",
        text=f"Stack {state.key.stack} is {state.status}. Reason: {state.reason or 'none given'}",
        # The status alone: the text of a reason can differ between two looks at the same failure.
        digest_of=[state.status, timestamp(state.operation_at)],
        detail={
            "stack_id": state.stack_id,
            "status": state.status,
            "reason": state.reason,
            "version": state.version,
        },
    )


def shown(key: StackKey) -> str:
    """Return what a subject calls a stack: an instance of a StackSet by that name and its region."""
    name = stack_set_of(key.stack)
    return f"{name} (StackSet) in {key.region}" if name else key.stack


def console_url(region: str, stack_id: str) -> str:
    """Return where the AWS console shows a stack."""
    page = f"https://{region}.console.aws.amazon.com/cloudformation/home?region={region}"
    return f"{page}#/stacks/stackinfo?stackId={quote(stack_id, safe='')}" if stack_id else page


def alert_on(  # noqa: PLR0913 - what every alert says
    *,
    kind: AlertKind,
    key: StackKey,
    severity: Severity,
    at: datetime,
    subject: str,
    text: str,
    digest_of: Any,
    detail: Mapping[str, Any],
    name: str = "",
) -> Alert:
    """Return an alert on a stack as it is first found; `name` is its fingerprint where it is not the stack's own."""
    where = {
        "account": key.account,
        "region": key.region,
        "stack": key.stack,
        "console": console_url(key.region, detail.get("stack_id", "")),
    }
    return Alert(
        fingerprint=name or fingerprint(kind, key),
        kind=kind,
        environment=key.environment,
        workload=key.workload,
        severity=severity,
        state="found",
        generation=1,
        digest="sha256:" + hashlib.sha256(json.dumps(digest_of, sort_keys=True).encode()).hexdigest(),
        subject=subject,
        text=text,
        detail=json.dumps({**where, **detail}, sort_keys=True),
        opened_at=at,
        changed_at=at,
    )
