"""ministack's ASGI application with the extension in it and the sandbox's own paths in front of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

import ministack.app

from sandbox import bootstrap, extension
from sandbox.extension import decisions, stubs
from sandbox.place import Record

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

OWN = "/_lockstep/"
"""The paths of the sandbox itself; no AWS service has them."""

IDENTITY = f"{OWN}sandbox"
"""Who serves here: pid, port, token."""

STUBS = f"{OWN}stubs"
"""The resources that deployments made and that are only recorded."""

DECISIONS = f"{OWN}decisions"
"""The decisions of IAM after the number `since`; with `summary=1` their counts."""


SECURE = (b"x-forwarded-proto", b"https")
"""Says that a request came over TLS: nothing leaves this machine, and policies deny what does not."""


async def _answer(send: Send, status: int, found: object) -> None:
    body = json.dumps(found).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def build(record: Record) -> Any:
    """Fill ministack's gaps, make the accounts and return the application to serve."""
    extension.install()
    own: dict[str, Callable[[Mapping[str, str]], object]] = {
        IDENTITY: lambda _query: asdict(record),
        STUBS: lambda _query: {"stubs": [asdict(stub) for stub in stubs.used()]},
        DECISIONS: decisions.answer,
    }

    async def application(scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(OWN):
            answer = own.get(scope["path"])
            query = dict(parse_qsl(scope["query_string"].decode(errors="replace")))
            found = answer(query) if answer else {"message": "no such path"}
            await _answer(send, 200 if answer else 404, found)
            return
        if scope["type"] == "lifespan":
            send = _then_bootstrap(send)
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], SECURE]}
        await ministack.app.app(scope, receive, send)

    return application


def _then_bootstrap(send: Send) -> Send:
    """Make the accounts once saved state is back and before the first request is served."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "lifespan.startup.complete":
            bootstrap.make_accounts()
        await send(message)

    return sending
