"""GitHub's API on loopback, for what the rule asks: commits, a tag, check runs, and the reviews that it is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.github_description import operation

from .asked import COMMIT, REPOSITORY

TAG = "v1.2.0"
TREE = "e" * 40
RELEASED = "d" * 40
"""The commit of the tag: the branch's own is a merge of it, with the same files."""
REPO = f"/repos/{REPOSITORY}"
REVIEW = f"{REPO}/actions/runs/77/deployment_protection_rule"
TOKENS = "/app/installations/42/access_tokens"


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    body: Any


def run(conclusion: str | None = "success", **given: Any) -> dict[str, Any]:
    """Return a check run of the release's commit."""
    found = {
        "name": "Check",
        "head_sha": RELEASED,
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "app": {"slug": "github-actions"},
    }
    return {**found, **given}


@dataclass(slots=True)
class Double:
    """Answers by path; a GET of anything else is 404."""

    token: str = "ghs_anInstallationsToken"
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    """What GitHub's own description does not have of the requests that came."""
    url: str = ""

    def __post_init__(self) -> None:
        self.answers |= {
            TOKENS: (201, {"token": self.token, "expires_at": "2026-03-02T13:00:00Z"}),
            f"{REPO}/git/ref/tags/{TAG}": (
                200,
                {"ref": f"refs/tags/{TAG}", "object": {"type": "tag", "sha": "c" * 40}},
            ),
            f"{REPO}/git/tags/{'c' * 40}": (200, {"tag": TAG, "object": {"type": "commit", "sha": RELEASED}}),
            f"{REPO}/git/commits/{RELEASED}": (200, {"sha": RELEASED, "tree": {"sha": TREE}}),
            f"{REPO}/git/commits/{COMMIT}": (200, {"sha": COMMIT, "tree": {"sha": TREE}}),
            REVIEW: (204, None),
        }
        self.check(run())

    def check(self, *runs: dict[str, Any]) -> None:
        """Have these check runs of the release's commit."""
        found = {"total_count": len(runs), "check_runs": list(runs)}
        self.answers[f"{REPO}/commits/{RELEASED}/check-runs"] = (200, found)

    @property
    def reviews(self) -> list[Any]:
        return [one.body for one in self.asked if one.path == REVIEW]


@contextmanager
def serving(double: Double) -> Iterator[Double]:
    """Serve the double on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _unfit(self, path: str, body: Any) -> list[str]:
            known = operation(self.command, path.replace("/ref/tags/", "/ref/tags%2F"))
            if known is None:
                return [f"{self.command} {path}: is in no description"]
            query = dict(parse_qsl(urlsplit(self.path).query))
            versions = self.headers.get_all("X-GitHub-Api-Version") or []
            return [*known.mistakes(query, body), *(one for one in versions if one != "2026-03-10")]

        def _handle(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, body = urlsplit(self.path).path, json.loads(sent) if sent else None
            double.asked.append(Asked(self.command, path, body))
            double.mistakes += self._unfit(path, body)
            status, answer = double.answers.get(path, (404, {"message": "Not Found"}))
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{double.url}/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _handle  # noqa: N815 - the names of the standard library

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    double.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
