"""PutEvents is allowed or denied by source and detail type of each event, which policies may be limited to.

ministack gives policies neither key, so that one which is limited to a source denies every call.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.policies import ENFORCE, RESOURCE, Asked, Request, ask_each

ACTION = "events:PutEvents"

Kind = tuple[str, str]
"""Source and detail type."""


def kinds(body: bytes) -> tuple[Kind, ...]:
    """Return the kinds of events in the body of a PutEvents call, each once; none for any other body."""
    try:
        entries = json.loads(body)["Entries"]
        found = ((str(entry.get("Source", "")), str(entry.get("DetailType", ""))) for entry in entries)
        return tuple(dict.fromkeys(found))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


def _each(request: Request) -> Iterator[Asked]:
    if request.service in ("events", "eventbridge"):
        for source, kind in kinds(request.body):
            yield Asked(keys={"events:source": source, "events:detail-type": kind})


EXTENSION = Extension(
    name="event_access",
    claims=(emulated("events:PutEvents", "allowed by the source and detail type of each event"),),
    names=(ENFORCE, RESOURCE),
    install=lambda: ask_each(ACTION, _each),
)
