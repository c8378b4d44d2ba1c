"""Alerts as messages: for people a subject and a short text, for machines JSON with a schema (REQ-C5). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pipelines.state.keys import FOREIGN, StackKey
from pipelines.state.records import Alert
from pipelines.state.times import timestamp

from .alerts import shown
from .document import one_line
from .shortening import TEXT, fitting, shortened, whole

SCHEMA = "lockstep/alert/v1"
Topic = Literal["drift", "validation", "rollback"]

SUBJECT = 99
"""Characters: SNS takes fewer than 100, in one line (SNS API reference, Publish, Subject)."""
RUNBOOKS = "docs/runbooks"
"""Where the pages are in the repository itself; the home's settings make a URL of it."""
MACHINES = ("http", "https", "sqs", "lambda")

STACK_SET = "stack_set"

_TO_DO = {
    "drift": "Put the property back by hand, or change the template and release that; a deployment of what is deployed "
    "already changes nothing. Then run: lockstep drift {environment} --detect",
    "deployment": "Read the reason, correct it and deploy again; the runbook says how to recover a stuck stack.",
    "consistency": "Deploy what is missing, or declare the difference; lockstep status shows where.",
    "silence": "Look at the agent's queue, its dead letters and its logs in that region.",
}

_WRONG = {
    "drift": "drift",
    "deployment": "failed deployment",
    "consistency": "differences",
    "silence": "silence",
}
"""What is wrong, in a subject: `RESOLVED drift` can be read one way only."""

PAGES = {"consistency": "failed-check", STACK_SET: "stack-set-failed"}
"""Pages that are named otherwise than the kind of alert."""

_PLACE = ("account", "region", "stack", "console", "stack_id", STACK_SET, "stack_set_arn")
"""What the detail says of where, which stays true when all is right again."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is published: `body` for people and machines, `attributes` for subscriptions to filter by."""

    topic: Topic
    subject: str
    body: str
    attributes: Mapping[str, str]


def message(alert: Alert, runbooks: str = RUNBOOKS) -> Message:
    """Return the message of an alert as it stands; `runbooks` is the URL of their folder.

    Its `announced_generation` says what was told before: what was missed in between is told with it.
    """
    body = fitting(alert, lambda one: _body(one, runbooks))
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


def least(alert: Alert, runbooks: str = RUNBOOKS) -> Message:
    """Return what is said where SNS refuses the message itself: what and where, in names alone, to every subscriber.

    It has one attribute that nobody filters by: a message without any passes no filter, not even one for what is absent
    (SNS Developer Guide, "Key matching").
    """
    brief = replace(
        alert, subject=f"what it is cannot be sent: {whole(alert)}", text="What it is cannot be sent."
    )
    said = shortened(brief)
    return replace(message(said, runbooks), attributes={"cut": "true"})


def _body(alert: Alert, runbooks: str) -> str:
    machine = json.dumps(document(alert, runbooks), ensure_ascii=True)
    return json.dumps({"default": text(alert, runbooks), **dict.fromkeys(MACHINES, machine)})


def topic(alert: Alert) -> Topic:
    """Return which topic an alert goes to: drift, rollback for what was rolled back, validation for the rest."""
    if alert.kind == "drift":
        return "drift"
    rolled_back = "ROLLBACK" in str(_detail(alert).get("status", ""))
    return "rollback" if alert.kind == "deployment" and rolled_back else "validation"


def subject(alert: Alert) -> str:
    """Return the subject: ASCII, one line, fewer than 100 characters, beginning with a letter or a bracket."""
    said = alert.subject if alert.is_open else resolution(alert)
    first = (
        "FOUND and " if untold(alert) and not alert.announced_generation and alert.state != "found" else ""
    )
    line = f"[{alert.environment}] {first}{alert.state.upper()} {_WRONG[alert.kind]}: {said}"
    return one_line(line.encode("ascii", "replace").decode(), SUBJECT)


def text(alert: Alert, runbooks: str = RUNBOOKS) -> str:
    """Return what people read: what, where, since when, what to do."""
    detail = _detail(alert)
    where = [
        str(detail[name]) for name in ("stack", "region", "account") if detail.get(name) not in (None, "-")
    ]
    since = timestamp(alert.opened_at)
    ended = "" if alert.is_open else timestamp(alert.changed_at)
    lines = [
        "\n".join(one_line(line, 1024) for line in _said(alert).splitlines()),
        "",
        f"Where:   environment {alert.environment}, workload {alert.workload}"
        + (f", {', '.join(where)}" if where else ""),
        f"From:    {since} to {ended}" if ended else f"Since:   {since}",
        "" if ended else f"To do:   {_TO_DO[alert.kind].format(environment=alert.environment)}",
        f"Runbook: {runbook(alert, runbooks)}",
        f"Console: {detail['console']}" if detail.get("console") else "",
        f"Id:      {identity(alert)}",
    ]
    return "\n".join(line for index, line in enumerate(lines) if line or index == 1) + "\n"


def resolution(alert: Alert) -> str:
    """Return what is right again, in one line."""
    place = StackKey(alert.workload, alert.environment, *(_where(alert, name) for name in _KEY))
    stack_set = _detail(alert).get(STACK_SET)
    said = {
        "drift": f"{shown(place)} is as deployed again",
        "deployment": f"StackSet {stack_set} succeeded again"
        if stack_set
        else f"{shown(place)} is COMPLETE again",
        "consistency": f"{alert.workload} matches its release again",
        "silence": f"{place.region} of {place.account} is silent no longer",
    }
    return said[alert.kind]


def untold(alert: Alert) -> int:
    """Return how many generations between the one last announced and this one nobody was told of."""
    return max(0, alert.generation - 1 - alert.announced_generation)


def _said(alert: Alert) -> str:
    """Return the text: of what is right again that, and of what was wrong only what nobody was told."""
    missed = untold(alert)
    earlier = (
        ", of what was found earlier" if alert.state == "found" else f"; found {timestamp(alert.opened_at)}"
    )
    before = f"Not told before: {missed} step{'s' if missed > 1 else ''}{earlier}"
    if alert.is_open:
        return f"{alert.text[: TEXT - len(before) - 2]}\n{before}." if missed else alert.text[:TEXT]
    gone = " (or was deleted)" if alert.kind in ("drift", "deployment") else ""
    said = f"{resolution(alert)}{gone}."
    return f"{said}\n{before}, and it was:\n{alert.text}"[:TEXT] if missed else said


_KEY = ("account", "region", "stack")


def _where(alert: Alert, name: str) -> str:
    return str(_detail(alert).get(name) or FOREIGN)


def runbook(alert: Alert, runbooks: str = RUNBOOKS) -> str:
    """Return the page that says what to do: whoever is woken has its URL, and no repository at hand."""
    kind = STACK_SET if STACK_SET in _detail(alert) else alert.kind
    return f"{runbooks}/{PAGES.get(kind, kind)}.md"


def identity(alert: Alert) -> str:
    """Return the id of one announcement: a receiver that sees it twice drops the second.

    Generations begin again once the table has forgotten what was resolved; the time it was found does not.
    """
    return f"{alert.fingerprint}#{timestamp(alert.opened_at)}#{alert.generation}"


def document(alert: Alert, runbooks: str = RUNBOOKS) -> dict[str, Any]:
    """Return what machines read; `tests/schemas/alert.json` describes it."""
    return {
        "schema": SCHEMA,
        "id": identity(alert),
        "fingerprint": alert.fingerprint,
        "generation": alert.generation,
        "untold": untold(alert),
        "kind": alert.kind,
        "state": alert.state,
        "severity": alert.severity,
        "environment": alert.environment,
        "workload": alert.workload,
        "subject": subject(alert),
        "text": _said(alert),
        "opened_at": timestamp(alert.opened_at),
        "changed_at": timestamp(alert.changed_at),
        "runbook": runbook(alert, runbooks),
        "detail": _detail(alert) if alert.is_open else _past(alert),
    }


def _past(alert: Alert) -> dict[str, Any]:
    """Return the detail of what is right again: where it was, and under `before` what was wrong."""
    detail = _detail(alert)
    place = {name: value for name, value in detail.items() if name in _PLACE}
    before = {name: value for name, value in detail.items() if name not in _PLACE}
    return {**place, "before": {"subject": alert.subject[:SUBJECT], "text": alert.text[:TEXT], **before}}


def _detail(alert: Alert) -> dict[str, Any]:
    """Return the detail as an object; empty where it is none."""
    try:
        found = json.loads(alert.detail)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
