"""PutEvents is allowed or denied by source and detail type of each event, which policies may be limited to.

ministack gives policies neither key, so that one which is limited to a source denies every call.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

ENFORCE = Name.function(
    "core.iam_evaluator",
    "enforce",
    "access_key_id",
    "iam_action",
    "service",
    "region",
    "resource_arn",
    "service_context",
)
RESOURCE = Name.function(
    "core.iam_actions",
    "extract_resource_arn",
    "service",
    "method",
    "path",
    "headers",
    "body",
    "query_params",
    "region",
    "account_id",
)
ACTION = "events:PutEvents"

Kind = tuple[str, str]
"""Source and detail type."""

_sent: ContextVar[tuple[Kind, ...]] = ContextVar("kinds of the events that the request puts", default=())


def kinds(body: bytes) -> tuple[Kind, ...]:
    """Return the kinds of events in the body of a PutEvents call, each once; none for any other body."""
    try:
        entries = json.loads(body)["Entries"]
        found = ((str(entry.get("Source", "")), str(entry.get("DetailType", ""))) for entry in entries)
        return tuple(dict.fromkeys(found))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


def _noting(original: Any) -> Any:
    def extract(*arguments: Any) -> Any:
        _sent.set(kinds(arguments[4]) if arguments[0] in ("events", "eventbridge") else ())
        return original(*arguments)

    return extract


def _enforcing(original: Any) -> Any:
    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        def asked(further: Mapping[str, str]) -> Any:
            context = {**(service_context or {}), **further}
            return original(access_key_id, iam_action, service, region, resource_arn, service_context=context)

        if iam_action != ACTION or not _sent.get():
            return asked({})
        answers = (
            asked({"events:source": source, "events:detail-type": kind}) for source, kind in _sent.get()
        )
        return next((denied for denied in answers if denied is not None), None)

    return enforce


def _install() -> None:
    replace(RESOURCE, _noting)
    replace(ENFORCE, _enforcing)


EXTENSION = Extension(
    name="event_access",
    claims=(emulated("events:PutEvents", "allowed by the source and detail type of each event"),),
    names=(ENFORCE, RESOURCE),
    install=_install,
)
