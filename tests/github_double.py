"""A stateful double of GitHub's REST API on loopback, for what this project calls.

Every request and every answer is held to GitHub's own description (tests/github_description.py); what does not fit is
in `mistakes`, and fails the test. Faults are asked for by the test: what happens to which calls, and how often.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from .github_answers import TIME, app, full_team, gate, simple_user, team, user
from .github_delivery import Delivery
from .github_description import operation

ADMIN, READER = "ghp_anAdministratorsToken", "ghp_aReadersToken"
Fate = Literal["answer", "drop before", "drop after"]


@dataclass(slots=True)
class Fault:
    """What happens to `times` calls of a method and a part of a path, once `after` of them went well."""

    method: str
    part: str
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "Server Error"
    fate: Fate = "answer"
    times: int = 1
    after: int = 0
    content: Any = None

    def meets(self, method: str, path: str) -> bool:
        """Tell whether this call fails, and count it."""
        if not self.times or self.method not in (method, "*") or self.part not in path:
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    body: Any

    @property
    def writes(self) -> bool:
        return self.method != "GET"


@dataclass(slots=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Double:
    """The state of one repository, `owner/name`, and of everybody whom GitHub knows."""

    def __init__(self) -> None:
        self.owner, self.name, self.url = "example", "lockstep", ""
        self.users = {"alice": 101, "bob": 102}
        self.teams = {"platform": 201, "security": 202}
        self.apps = {"github-actions": 15368, "lockstep-rollback": 301, "lockstep-gate": 302}
        self.blind: set[int] = set()
        """Numbers of those who may not read the repository: GitHub does not keep them as reviewers."""
        self.is_private_without_plan = False
        self.knows_bypass = True
        self.faults: list[Fault] = []
        self.mistakes: list[str] = []
        self._lock = threading.Lock()
        self.empty()

    def empty(self) -> None:
        """Begin anew, with an empty repository that nobody asked for anything."""
        self.environments: dict[str, dict[str, Any]] = {}
        self.patterns: dict[str, list[dict[str, Any]]] = {}
        self.gates: dict[str, list[dict[str, Any]]] = {}
        self.rulesets: list[dict[str, Any]] = []
        self.delivery = Delivery()
        self.asked: list[Asked] = []
        self._number = 1000

    @property
    def writes(self) -> list[Asked]:
        return [one for one in self.asked if one.writes]

    def number(self) -> int:
        self._number += 1
        return self._number

    def add_ruleset(
        self, name: str, target: str = "branch", source_type: str = "Repository"
    ) -> dict[str, Any]:
        """Add a ruleset that is none of the file's."""
        body = {"name": name, "target": target, "enforcement": "active", "rules": [{"type": "deletion"}]}
        return self._kept_ruleset({**body, "bypass_actors": []}, self.number(), source_type)

    # --- One call ---

    def answer(self, method: str, target: str, token: str, version: str, body: Any) -> Answer | None:
        """Return the answer; None where the connection ends without one."""
        with self._lock:
            parts = urlsplit(target)
            self.asked.append(Asked(method, parts.path, body))
            fault = next((one for one in self.faults if one.meets(method, parts.path)), None)
            if fault is not None:
                if fault.fate == "drop before":
                    return None
                if fault.fate == "answer":
                    return Answer(fault.status, fault.content or {"message": fault.message}, fault.headers)
            if version != "2026-03-10":
                self.mistakes.append(f"{method} {parts.path}: version {version}")
            if token not in (f"Bearer {ADMIN}", f"Bearer {READER}"):
                return Answer(401, _error("Bad credentials"))
            known = operation(method, parts.path)
            if known is None:
                self.mistakes.append(f"{method} {parts.path}: is in no description")
                return Answer(404, _error("Not Found"))
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            self.mistakes += known.mistakes(query, body)
            if method != "GET" and token != f"Bearer {ADMIN}":
                return Answer(403, _error("Resource not accessible by integration"))
            segments = [unquote(one) for one in parts.path.strip("/").split("/")]
            answer = self._routed(method, segments, query, body, is_admin=token == f"Bearer {ADMIN}")
            self.mistakes += known.unfit_answers(answer.status, answer.body)
            return None if fault is not None else answer

    def _routed(
        self, method: str, segments: list[str], query: dict[str, str], body: Any, *, is_admin: bool
    ) -> Answer:
        match method, segments:
            case "GET", ["users", name]:
                return self._somebody(self.users, name, user)
            case "GET", ["orgs", self.owner, "teams", name]:
                return self._somebody(self.teams, name, full_team)
            case "GET", ["apps", name]:
                return self._somebody(self.apps, name, app)
            case _, ["repos", self.owner, self.name, "environments", name, *more]:
                return self._environment(method, name, more, query, body)
            case _, ["repos", self.owner, self.name, "rulesets", *more]:
                return self._ruleset(method, more, query, body, is_admin=is_admin)
            case _, ["repos", self.owner, self.name, *more]:
                if found := self.delivery.answer(method, more, query, body):
                    return Answer(*found)
        return Answer(404, _error("Not Found"))

    def _somebody(self, known: dict[str, int], name: str, shown: Callable[[str, int], Any]) -> Answer:
        found = next((one for one in known if one.lower() == name.lower()), None)
        return Answer(200, shown(found, known[found])) if found else Answer(404, _error("Not Found"))

    # --- Environments ---

    def _environment(
        self, method: str, name: str, more: list[str], query: dict[str, str], body: Any
    ) -> Answer:
        if method == "PUT" and not more:
            return self.set_environment(name, body)
        if name not in self.environments:
            return Answer(404, _error("Not Found"))
        if not more:
            return Answer(200, self.environments[name])
        if more[0] == "deployment_protection_rules":
            return self._gates(method, name, more, body)
        return self._patterns(method, name, more, query, body)

    def _gates(self, method: str, name: str, more: list[str], body: Any) -> Answer:
        gates = self.gates[name]
        match method, more:
            case "GET", [_]:
                found = {"total_count": len(gates), "custom_deployment_protection_rules": gates}
                return Answer(200, found)
            case "POST", [_]:
                slug = next((slug for slug, app in self.apps.items() if app == body["integration_id"]), None)
                if slug is None or any(one["app"]["slug"] == slug for one in gates) or len(gates) == 6:
                    return Answer(422, _error("Validation Failed"))
                gates.append(gate(self.number(), slug, self.apps[slug]))
                return Answer(201, gates[-1])
            case "DELETE", [_, number] if any(one["id"] == int(number) for one in gates):
                self.gates[name] = [one for one in gates if one["id"] != int(number)]
                return Answer(204)
        return Answer(404, _error("Not Found"))

    def _patterns(self, method: str, name: str, more: list[str], query: dict[str, str], body: Any) -> Answer:
        patterns = self.patterns[name]
        match method, more:
            case "GET", [_]:
                return self._page(
                    patterns, query, lambda page: {"total_count": len(patterns), "branch_policies": page}
                )
            case "POST", [_]:
                policy = self.environments[name]["deployment_branch_policy"]
                if not policy or not policy["custom_branch_policies"]:
                    return Answer(404, _error("Not Found"))
                if any(
                    (one["name"], one["type"]) == (body["name"], body.get("type", "branch"))
                    for one in patterns
                ):
                    return Answer(303)
                found = {
                    "id": self.number(),
                    "node_id": "x",
                    "name": body["name"],
                    "type": body.get("type", "branch"),
                }
                patterns.append(found)
                return Answer(200, found)
            case "DELETE", [_, number]:
                if not any(one["id"] == int(number) for one in patterns):
                    return Answer(404, _error("Not Found"))
                self.patterns[name] = [one for one in patterns if one["id"] != int(number)]
                return Answer(204)
        return Answer(404, _error("Not Found"))

    def set_environment(self, name: str, body: dict[str, Any]) -> Answer:
        """Make or change an environment, as a PUT does."""
        wait, reviewers = body.get("wait_timer") or 0, body.get("reviewers") or []
        if "can_admins_bypass" in body and not self.knows_bypass:
            return Answer(422, _error('Invalid request.\n\n"can_admins_bypass" is not a permitted key.'))
        if self.is_private_without_plan and (wait or reviewers):
            return Answer(
                422,
                _error(
                    "Failed to create the environment protection rule. Please ensure the billing plan supports it."
                ),
            )
        policy = body.get("deployment_branch_policy")
        if not 0 <= wait <= 43_200 or len(reviewers) > 6 or (policy and len(set(policy.values())) == 1):
            return Answer(422, _error("Validation Failed"))
        rules: list[dict[str, Any]] = []
        if wait:
            rules.append({"id": self.number(), "node_id": "x", "type": "wait_timer", "wait_timer": wait})
        kept = [one for one in map(self._reviewer, reviewers) if one]
        if kept:
            prevent = body.get("prevent_self_review", False)
            rules.append(
                {
                    "id": self.number(),
                    "node_id": "x",
                    "type": "required_reviewers",
                    "prevent_self_review": prevent,
                    "reviewers": kept,
                }
            )
        if policy:
            rules.append({"id": self.number(), "node_id": "x", "type": "branch_policy"})
        if not policy or not policy["custom_branch_policies"]:
            self.patterns[name] = []
        self.patterns.setdefault(name, [])
        self.gates.setdefault(name, [])
        self.environments[name] = {
            "id": self.number(),
            "node_id": "x",
            "name": name,
            "url": f"{self.url}/repos/{self.owner}/{self.name}/environments/{name}",
            "html_url": "https://github.example/environments",
            "created_at": TIME,
            "updated_at": TIME,
            "protection_rules": rules,
            "deployment_branch_policy": policy,
            **({"can_admins_bypass": body.get("can_admins_bypass", True)} if self.knows_bypass else {}),
        }
        return Answer(200, self.environments[name])

    def _reviewer(self, one: dict[str, Any]) -> dict[str, Any] | None:
        known = self.users if one["type"] == "User" else self.teams
        name = next((name for name, number in known.items() if number == one["id"]), None)
        if name is None or one["id"] in self.blind:
            return None
        shown = (simple_user if one["type"] == "User" else team)(name, one["id"])
        return {"type": one["type"], "reviewer": shown}

    # --- Rulesets ---

    def _ruleset(
        self, method: str, more: list[str], query: dict[str, str], body: Any, *, is_admin: bool
    ) -> Answer:
        if not more and method == "GET":
            parents, targets = (
                query.get("includes_parents") != "false",
                query.get("targets", "branch,tag,push"),
            )
            found = [
                {
                    key: value
                    for key, value in one.items()
                    if key not in ("rules", "conditions", "bypass_actors")
                }
                for one in self.rulesets
                if (parents or one["source_type"] == "Repository") and one["target"] in targets.split(",")
            ]
            return self._page(found, query, lambda page: page)
        if not more:
            if any(one["name"] == body["name"] for one in self.rulesets):
                return Answer(422, {**_error("Validation Failed"), "errors": ["Name must be unique"]})
            return Answer(201, self._kept_ruleset(body, self.number()))
        one = next((one for one in self.rulesets if str(one["id"]) == more[0]), None)
        if one is None:
            return Answer(404, _error("Not Found"))
        if method == "PUT":
            self.rulesets.remove(one)
            one = self._kept_ruleset({**one, **body}, one["id"])
        return Answer(200, one if is_admin else {key: one[key] for key in one if key != "bypass_actors"})

    def _kept_ruleset(
        self, body: dict[str, Any], number: int, source_type: str = "Repository"
    ) -> dict[str, Any]:
        """Keep a ruleset as GitHub does: it fills in parameters that nobody asked for."""
        rules = [json.loads(json.dumps(one)) for one in body.get("rules", [])]
        for one in rules:
            if one["type"] == "pull_request":
                one["parameters"].setdefault("required_reviewers", [])
        found = {
            "id": number,
            "name": body["name"],
            "target": body.get("target", "branch"),
            "source_type": source_type,
            "source": f"{self.owner}/{self.name}" if source_type == "Repository" else self.owner,
            "enforcement": body["enforcement"],
            "bypass_actors": body.get("bypass_actors", []),
            "conditions": body.get("conditions") or {"ref_name": {"include": [], "exclude": []}},
            "rules": rules,
            "node_id": "x",
            "created_at": TIME,
            "updated_at": TIME,
        }
        self.rulesets.append(found)
        self.rulesets.sort(key=lambda one: int(one["id"]))
        return found

    def _page(self, found: list[Any], query: dict[str, str], shown: Callable[[list[Any]], Any]) -> Answer:
        size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
        path = self.asked[-1].path
        headers = {}
        if page * size < len(found):
            more = "&".join(f"{key}={value}" for key, value in {**query, "page": str(page + 1)}.items())
            headers["Link"] = f'<{self.url}{path}?{more}>; rel="next"'
        return Answer(200, shown(found[(page - 1) * size : page * size]), headers)


def _error(message: str) -> dict[str, str]:
    return {"message": message, "documentation_url": "https://docs.github.com/rest", "status": "400"}


@contextmanager
def serving(double: Double) -> Iterator[Double]:
    """Serve the double on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length)
            answer = double.answer(
                self.command,
                self.path,
                self.headers.get("Authorization", ""),
                self.headers.get("X-GitHub-Api-Version", ""),
                json.loads(sent) if sent else None,
            )
            if answer is None:
                self.close_connection = True
                return
            content = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Type": "application/json"}.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - the names of the standard library

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
