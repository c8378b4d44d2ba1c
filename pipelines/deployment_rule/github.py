"""GitHub's API for one repository, by the standard library alone: what a function holds is small. I/O (REQ-G9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from validator.errors import TechnicalError

API = "https://api.github.com"
VERSION = "2026-03-10"
"""The version of the REST API, as `pipelines.github.client` has it."""
SECONDS = 10
MOST_BYTES = 4 * 2**20
"""Of an answer."""
LOOPBACK = ("127.0.0.1", "localhost")


class GitHubError(TechnicalError):
    """GitHub did not do what it was asked; `status` is 0 where it did not answer. The token is in no message."""

    def __init__(self, what: str, status: int) -> None:
        self.status = status
        answered = f"answered {status}" if status else "did not answer"
        super().__init__(f"GitHub {answered} to {what}")


@dataclass(frozen=True, slots=True)
class GitHub:
    """The API, as whom a token names. Redirects are not followed: the token is for nobody else.

    Raises ValueError for an address that is not https, but for loopback.
    """

    token: str = field(repr=False)
    api: str = API

    def __post_init__(self) -> None:
        parts = urlsplit(self.api)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("the address of GitHub's API is not https")

    def get(self, *segments: str | int, **query: str | int) -> Any:
        """Return the content of an answer, None where there is no such thing. Raises GitHubError."""
        path = _path(segments)
        status, content = self._asked("GET", f"{path}?{urlencode(query)}" if query else path)
        if status == 404:
            return None
        if status != 200:
            raise GitHubError(f"GET {path}", status)
        return _json(content, f"GET {path}", status)

    def post(self, *segments: str | int, body: Mapping[str, Any]) -> Any:
        """Do something, and return the content of the answer, None where it has none. Raises GitHubError."""
        path = _path(segments)
        status, content = self._asked("POST", path, json.dumps(body))
        if not 200 <= status < 300:
            raise GitHubError(f"POST {path}", status)
        return _json(content, f"POST {path}", status) if content else None

    def _asked(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        parts = urlsplit(self.api)
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = connect(parts.netloc, timeout=SECONDS)
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "User-Agent": "lockstep-gate",
            "X-GitHub-Api-Version": VERSION,
            **({"Content-Type": "application/json"} if body is not None else {}),
        }
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(MOST_BYTES + 1)
        except (OSError, HTTPException):
            # Its words may quote the request; that it failed says enough.
            raise GitHubError(f"{method} {path.partition('?')[0]}", 0) from None
        finally:
            connection.close()


def _path(segments: tuple[str | int, ...]) -> str:
    """Return a path, each segment quoted. Raises ValueError for one that leads elsewhere."""
    if any(str(one) in ("", ".", "..") for one in segments):
        raise ValueError("an empty segment, or one of dots, is no part of a path")
    return "".join(f"/{quote(str(one), safe='')}" for one in segments)


def _json(content: bytes, what: str, status: int) -> Any:
    try:
        if len(content) > MOST_BYTES:
            raise ValueError("too long")
        return json.loads(content)
    except (ValueError, RecursionError):
        raise GitHubError(f"{what} with no JSON", status) from None
