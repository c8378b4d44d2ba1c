"""Orders over HTTP as a client sends them: signed with SigV4, to the API of one environment."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pipelines.aws import Aws

TIMEOUT_SECONDS = 30.0
"""API Gateway itself gives up after 29 seconds."""

_AWS_URL = re.compile(r"https://(?P<api>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.[a-z.]+/(?P<stage>[^/]+)/?")


def reachable(url: str, endpoint: str | None) -> str:
    """Return where the API that AWS serves at `url` answers: on the local AWS, where `endpoint` is its address.

    Raises ValueError for what is no URL of a REST API's stage.
    """
    match = _AWS_URL.fullmatch(url)
    if match is None:
        raise ValueError(f"{url} is not the URL of a REST API's stage")
    return f"{endpoint}/restapis/{match['api']}/{match['stage']}/_user_request_" if endpoint else url


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered; `body` is the decoded JSON document, or the text where it is none."""

    status: int
    body: Any


class OrderClient:
    """A client of the order API at the URL that it publishes, here or on AWS. Keeps a connection for each thread.

    Each call raises OSError or http.client's errors where nothing answers.
    """

    def __init__(self, aws: Aws, url: str) -> None:
        url = reachable(url, os.environ.get("AWS_ENDPOINT_URL"))
        self._base, self._region = urlsplit(url), aws.region
        self._credentials = aws.session().get_credentials()
        self._local = threading.local()

    def post(self, order: Mapping[str, Any] | bytes) -> Answer:
        """Submit an order; bytes are sent as they are."""
        body = order if isinstance(order, bytes) else json.dumps(order).encode()
        return self._send("POST", "/orders", body)

    def get(self, path: str) -> Answer:
        """Read a path below the stage, such as `/orders/{order_id}` or `/health`."""
        return self._send("GET", path, b"")

    def _send(self, method: str, path: str, body: bytes) -> Answer:
        import http.client

        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        target = self._base.path.rstrip("/") + path
        headers = {"Content-Type": "application/json", "Host": self._base.netloc}
        request = AWSRequest(
            method, f"{self._base.scheme}://{self._base.netloc}{target}", headers=headers, data=body
        )
        SigV4Auth(self._credentials, "execute-api", self._region).add_auth(request)
        for fresh in (False, True):
            connection = self._connection(fresh=fresh)
            try:
                connection.request(method, target, body=body, headers=dict(request.headers.items()))
                response = connection.getresponse()
                text = response.read()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # The server closed an idle connection: once more on a new one. Submitting is idempotent.
                if fresh:
                    raise
        return Answer(response.status, _read(text))

    def _connection(self, *, fresh: bool) -> Any:
        import http.client

        if fresh or not hasattr(self._local, "connection"):
            kind = http.client.HTTPSConnection if self._base.scheme == "https" else http.client.HTTPConnection
            self._local.connection = kind(self._base.netloc, timeout=TIMEOUT_SECONDS)
        return self._local.connection


def _read(text: bytes) -> Any:
    """Return the document in an answer; what is none, as from a proxy on the way, as text."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text.decode(errors="replace")
