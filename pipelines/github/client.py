"""HTTP with GitHub: patient within bounds, and careful with the token. No decision is made here (REQ-G8)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import requests
from requests.auth import AuthBase

from validator.errors import ConfigurationError, TechnicalError

from .connection import TOKEN, Connection
from .refusals import UnsureError, refused, spoken

VERSION = "2026-03-10"
"""The version of the REST API that is spoken, and that GitHub's published description is of."""
TIMEOUT = (10, 30)
"""Seconds to connect, and between two pieces of an answer."""
TRIES = 5
PATIENCE = 120
"""Seconds that one call waits between its tries, all in all."""
MOST_PAGES = 100
WITHOUT_WORD = 60
"""Seconds to wait where GitHub names no time: at least a minute, its page on rate limits says."""
UNAUTHORIZED, SEE_OTHER = 401, 303
"""What GitHub answers to a wrong token, and where a pattern of branches is there already."""
AGAIN = "  mend: run the same command again; what was done is kept"


@dataclass(frozen=True, slots=True)
class _Later:
    """What stands in the way of an answer, for how many seconds, and whether the call may have been done."""

    fault: str
    delay: float
    is_unsure: bool


class _Bearer(AuthBase):
    """Sets the token; an `auth` of its own keeps requests from taking another one out of ~/.netrc."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class GitHub:
    """The REST API for one repository.

    Paths are relative to the API, each segment quoted by `path_of`. What is not found, refused or out of reach is
    raised as TechnicalError with a mend; the token is in none.
    """

    def __init__(
        self,
        where: Connection,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        timeout: tuple[float, float] = TIMEOUT,
        session: requests.Session | None = None,
    ) -> None:
        self.where = where
        self._sleep, self._clock, self._timeout = sleep, clock, timeout
        self._session = session or requests.Session()
        self._session.auth = _Bearer(where.token)
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": VERSION,
                "User-Agent": "lockstep",
            }
        )

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """Return the answer's content."""
        return self._content(self._asked("GET", self._address(path), query=query))

    def pages(self, path: str, query: Mapping[str, str | int] | None = None) -> Iterator[Any]:
        """Yield the content of each page of a list, a hundred entries each. Raises TechnicalError for an odd link."""
        address, asked = self._address(path), {"per_page": 100, **(query or {})}
        response = self._asked("GET", address, query=asked)
        for _ in range(MOST_PAGES):
            yield self._content(response)
            following = response.links.get("next", {}).get("url")
            if not following:
                return
            following = urljoin(address, following)
            # The token goes along: it is for nobody but the API that was named.
            if urlsplit(following)[:2] != urlsplit(self.where.api)[:2]:
                raise TechnicalError("GitHub's answer leads to another server, and it was not followed")
            response = self._asked("GET", following)
        raise TechnicalError(f"GitHub's list of {path} has more than {MOST_PAGES} pages")

    def write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Change something. What is deleted already, and a pattern that is there already (303), is as it should be.

        Raises UnsureError where it is not known whether a POST was done; PUT and DELETE are tried again, since twice
        is as good as once.
        """
        self._asked(method, self._address(path), body=body)

    def make(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Make or change something, as `write` does, and return what GitHub says that it is now."""
        return self._content(self._asked(method, self._address(path), body=body))

    def _address(self, path: str) -> str:
        return f"{self.where.api}{path}"

    def _content(self, response: requests.Response) -> Any:
        try:
            return response.json()
        except ValueError:
            raise TechnicalError(
                f"what answers at {self.where.api} speaks no JSON\n  mend: check GITHUB_API_URL"
            ) from None

    def _asked(
        self,
        method: str,
        address: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        """Return the answer of success, trying again as long as that may help. Raises TechnicalError."""
        shown, waited = address.removeprefix(self.where.api).partition("?")[0], 0.0
        for attempt in range(1, TRIES + 1):
            answer = self._answer(method, address, query, body, attempt)
            if isinstance(answer, requests.Response):
                if answer.ok or (answer.status_code == 404 and method == "DELETE" and attempt > 1):
                    return answer
                if answer.status_code == UNAUTHORIZED:
                    hint = "renew the token: it is wrong, expired or revoked"
                    raise ConfigurationError.single("GitHub takes no such token", key=TOKEN, hint=hint)
                raise refused(method, shown, answer.status_code, self._clean(answer.text))
            if answer.is_unsure and method == "POST":
                raise UnsureError(
                    f"GitHub may or may not have done {method} {shown}: {answer.fault}\n{AGAIN}"
                )
            if attempt == TRIES or waited + answer.delay > PATIENCE:
                later = (
                    f"; it may be asked again in {answer.delay:.0f} seconds"
                    if answer.delay > PATIENCE
                    else ""
                )
                raise TechnicalError(f"GitHub does not do {method} {shown}: {answer.fault}{later}\n{AGAIN}")
            self._sleep(answer.delay)
            waited += answer.delay
        raise AssertionError("the last try returns or raises")

    def _answer(
        self,
        method: str,
        address: str,
        query: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
        attempt: int,
    ) -> requests.Response | _Later:
        """Ask once. Return an answer that stands, of success or not, or what to wait for."""
        try:
            response = self._session.request(
                method,
                address,
                params=query,
                json=dict(body) if body else None,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # Its words may quote the request; its kind says enough.
            return _Later(f"no answer ({type(error).__name__})", 2.0**attempt, is_unsure=True)
        if response.is_redirect and response.status_code != SEE_OTHER:
            raise refused(method, urlsplit(address).path, response.status_code, "")
        delay = self._delay(response, attempt)
        if delay is None:
            return response
        fault = f"{response.status_code} {self._clean(spoken(response.text))}".strip()
        return _Later(fault, delay, is_unsure=response.status_code >= 500)

    def _delay(self, response: requests.Response, attempt: int) -> float | None:
        """Return the seconds after which the same call may succeed; None where it never will.

        A limit is 429, or 403 with a `Retry-After`, no requests left, or words that name a secondary limit (GitHub's
        page "Rate limits for the REST API").
        """
        headers, status = response.headers, response.status_code
        asked = _seconds(headers.get("Retry-After"))
        if status >= 500:
            return 2.0**attempt if asked is None else asked
        spent = headers.get("X-RateLimit-Remaining") == "0"
        limited = status == 403 and (asked is not None or spent or "secondary rate limit" in response.text)
        if status != 429 and not limited:
            return None
        if asked is not None:
            return asked
        reset = _seconds(headers.get("X-RateLimit-Reset")) if spent else None
        return WITHOUT_WORD if reset is None else max(1.0, reset - self._clock())

    def _clean(self, text: str) -> str:
        return text.replace(self.where.token, "***")


def path_of(*segments: str | int) -> str:
    """Return a path of the API, each segment quoted, so that no name leads elsewhere. Raises ValueError for dots."""
    for segment in segments:
        if str(segment) in {"", ".", ".."}:
            raise ValueError(f"{segment!r} is no segment of a path")
    return "".join(f"/{quote(str(segment), safe='')}" for segment in segments)


def _seconds(text: str | None) -> float | None:
    """Return a header of whole seconds; None where there is none, or where it is no sensible number."""
    return max(1.0, float(text)) if text and text.isascii() and text.isdigit() and len(text) < 12 else None
