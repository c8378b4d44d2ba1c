"""Shortening an alert whose message SNS would not take: it would be refused at every try, and all behind it wait. Pure.

What is said of a resource is in the hands of whoever may change it: a character can take 14 bytes in JSON that stands
in JSON, and does so once for each protocol. So the body is measured, not the text (REQ-C5).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from pipelines.state.records import Alert

LIMIT = 256_000
"""Bytes of a body: SNS takes 262,144 in all, attributes included (SNS API reference, Publish, Message)."""
TEXT = 4_000
"""Characters of a text."""
STEPS = (1_024, 256, 128)
"""Characters of each value of the detail that stay, longest first; of the text three times as many stay."""


def fitting(alert: Alert, body: Callable[[Alert], str]) -> str:
    """Return what `body` makes of an alert, shortened by as few steps as needed to have at most LIMIT bytes."""
    made = body(alert)
    for longest in STEPS:
        if len(made.encode()) <= LIMIT:
            break
        made = body(shortened(alert, longest))
    return made


def shortened(alert: Alert, longest: int = STEPS[-1]) -> Alert:
    """Return an alert whose detail has short values alone; text and detail say so, and where the whole is."""
    command = whole(alert)
    note = f"\n(shortened; the whole: {command})"
    text = alert.text[: 3 * longest - len(note)] + note
    try:
        found = json.loads(alert.detail)
    except ValueError:
        found = {}
    kept = {
        name: value
        for name, value in (found.items() if isinstance(found, dict) else ())
        if isinstance(value, str) and len(value) <= longest
    }
    detail = json.dumps({**kept, "cut": True, "whole": command})
    return replace(alert, text=text, detail=detail)


def whole(alert: Alert) -> str:
    """Return the command that shows all of it."""
    return f"lockstep drift {alert.environment}" if alert.kind == "drift" else "lockstep status"
