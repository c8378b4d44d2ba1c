"""Alerts as messages: for people a subject and a short text, for machines JSON with a schema (REQ-C5). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.state.keys import FOREIGN
from pipelines.state.records import Alert
from pipelines.state.times import timestamp

from .document import one_line

SCHEMA = "lockstep/alert/v1"
Topic = Literal["drift", "validation", "rollback"]

SUBJECT = 99
"""Characters: SNS takes fewer than 100, in one line (SNS API reference, Publish, Subject)."""
TEXT, DETAIL = 4_000, 30_000
"""Characters of the text and of the detail: SNS takes 256 kB in all, and the JSON stands in it once a protocol."""
MACHINES = ("http", "https", "sqs", "lambda")

_TO_DO = {
    "drift": "Revert the change or bring it into the template, then run: lockstep drift --detect.",
    "deployment": "Read the reason, correct it and deploy again; the runbook says how to recover a stuck stack.",
    "consistency": "Deploy what is missing, or declare the difference; lockstep status shows where.",
    "silence": "Look at the agent's queue, its dead letters and its logs in that region.",
}

_RUNBOOKS = {"consistency": "failed-check"}
"""Pages that are named otherwise than the kind of alert."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is published: `body` for people and machines, `attributes` for subscriptions to filter by."""

    topic: Topic
    subject: str
    body: str
    attributes: Mapping[str, str]


def message(alert: Alert) -> Message:
    """Return the message of an alert as it stands."""
    machine = json.dumps(document(alert), ensure_ascii=True)
    body = json.dumps({"default": text(alert), **dict.fromkeys(MACHINES, machine)})
    attributes = {
        "environment": alert.environment,
        "severity": alert.severity,
        "kind": alert.kind,
        "workload": alert.workload,
        "state": alert.state,
    }
    # What belongs to several environments, or to none, is for every subscriber: no filter lists `-`.
    attributes = {name: value for name, value in attributes.items() if value != FOREIGN}
    return Message(topic(alert), subject(alert), body, attributes)


def topic(alert: Alert) -> Topic:
    """Return which topic an alert goes to: drift, rollback for what was rolled back, validation for the rest."""
    if alert.kind == "drift":
        return "drift"
    rolled_back = "ROLLBACK" in str(_detail(alert).get("status", ""))
    return "rollback" if alert.kind == "deployment" and rolled_back else "validation"


def subject(alert: Alert) -> str:
    """Return the subject: ASCII, one line, fewer than 100 characters, beginning with a letter or a bracket."""
    line = f"[{alert.environment}] {alert.kind} {alert.state}: {alert.subject}"
    return one_line(line.encode("ascii", "replace").decode(), SUBJECT)


def text(alert: Alert) -> str:
    """Return what people read: what, where, since when, what to do."""
    detail = _detail(alert)
    where = [
        str(detail[name]) for name in ("stack", "region", "account") if detail.get(name) not in (None, "-")
    ]
    since = timestamp(alert.opened_at)
    ended = f"Resolved at {timestamp(alert.changed_at)}." if not alert.is_open else ""
    lines = [
        "\n".join(one_line(line, 1024) for line in alert.text[:TEXT].splitlines()),
        "",
        ended,
        f"Where:   environment {alert.environment}, workload {alert.workload}"
        + (f", {', '.join(where)}" if where else ""),
        f"Since:   {since}",
        "" if ended else f"To do:   {_TO_DO[alert.kind]}",
        f"Runbook: {runbook(alert)}",
        f"Console: {detail['console']}" if detail.get("console") else "",
        f"Id:      {identity(alert)}",
    ]
    return "\n".join(line for index, line in enumerate(lines) if line or index == 1) + "\n"


def runbook(alert: Alert) -> str:
    """Return the page of the repository that says what to do."""
    return f"docs/runbooks/{_RUNBOOKS.get(alert.kind, alert.kind)}.md"


def identity(alert: Alert) -> str:
    """Return the id of one announcement: a receiver that sees it twice drops the second."""
    return f"{alert.fingerprint}#{alert.generation}"


def document(alert: Alert) -> dict[str, Any]:
    """Return what machines read; `tests/schemas/alert.json` describes it."""
    return {
        "schema": SCHEMA,
        "id": identity(alert),
        "fingerprint": alert.fingerprint,
        "generation": alert.generation,
        "kind": alert.kind,
        "state": alert.state,
        "severity": alert.severity,
        "environment": alert.environment,
        "workload": alert.workload,
        "subject": subject(alert),
        "text": alert.text[:TEXT],
        "opened_at": timestamp(alert.opened_at),
        "changed_at": timestamp(alert.changed_at),
        "runbook": runbook(alert),
        "detail": _detail(alert),
    }


def _detail(alert: Alert) -> dict[str, Any]:
    """Return the detail as an object; of one that is too large or none, what it says of its size and place."""
    try:
        found = json.loads(alert.detail)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    if len(alert.detail) <= DETAIL:
        return found
    kept = {name: value for name, value in found.items() if isinstance(value, str) and len(value) <= 1024}
    return {**kept, "cut": True}
