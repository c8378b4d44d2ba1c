"""Pull requests, comments, commits and runs of the double's repository: what `lockstep promote` and deployments ask.

What GitHub says of them beyond what matters here is made up from its description, so that every answer is whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .github_description import published, resolved

RUN_AT = "2026-01-01T00:00:00Z"


def example(schema: dict[str, Any]) -> Any:
    """Return the least value of a schema of the description: what has to be there, and empty where that may be."""
    schema = resolved(schema)
    if schema.get("nullable"):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    if "default" in schema:
        return schema["default"]
    for kind in ("oneOf", "anyOf"):
        if kind in schema and "properties" not in schema:
            return example(schema[kind][0])
    if "allOf" in schema:
        found: dict[str, Any] = {}
        for one in schema["allOf"]:
            found |= example(one)
        return found
    match schema.get("type", "object"):
        case "object":
            properties = schema.get("properties", {})
            return {name: example(properties.get(name, {})) for name in schema.get("required", [])}
        case "integer" | "number":
            return schema.get("minimum", 1)
        case kind:
            return {"array": [], "boolean": False}.get(kind, "x" * schema.get("minLength", 1))


def of(name: str, **known: Any) -> dict[str, Any]:
    """Return something that GitHub's description calls by a name, with what is known of it."""
    found: dict[str, Any] = example(published()["components"]["schemas"][name])
    return {**found, **known}


def account(login: str) -> dict[str, Any]:
    return of("simple-user", login=login, type="Bot" if login.endswith("[bot]") else "User")


@dataclass(slots=True)
class Delivery:
    """What was proposed and said, and who approved which run; `commits` are address and login, the newest first."""

    pulls: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    reviews: dict[int, list[tuple[str, str, str]]] = field(default_factory=dict)
    """Of each run: who, for which environment, and `approved` or `rejected`."""
    commits: list[tuple[str, str | None]] = field(default_factory=list)
    merged: list[tuple[str | None, str, str]] = field(default_factory=list)
    """Pull requests that were merged: who opened it, its last commit, and the one that the merge made."""
    run_at: str = RUN_AT
    """When runs were made."""
    run: dict[str, str] = field(default_factory=dict)
    """What is known of runs besides: they deploy, from the branch of the environment that is approved first."""
    writer: str = "github-actions[bot]"

    def answer(  # noqa: PLR0911 - one for each path
        self, method: str, segments: list[str], query: dict[str, str], body: Any
    ) -> tuple[int, Any] | None:
        """Return status and content; None for what is not there."""
        match method, segments:
            case "GET", ["actions", "runs", number]:
                return 200, self._run(int(number))
            case "GET", ["actions", "runs", number, "approvals"]:
                return 200, [self._review(*one) for one in self.reviews.get(int(number), [])]
            case "GET", ["commits"]:
                return 200, [self._commit(*one) for one in self.commits]
            case "GET", ["pulls"] if query.get("state") == "closed":
                return 200, [self._merged(*one) for one in self.merged]
            case "GET", ["pulls"]:
                return 200, [one for one in self.pulls if self._meets(one, query)]
            case "POST", ["pulls"]:
                return self._open(body)
            case "PATCH", ["pulls", number]:
                return self._change(self.pulls, "number", int(number), body)
            case "GET", ["issues", number, "comments"]:
                return 200, self.comments.get(int(number), [])
            case "POST", ["issues", number, "comments"]:
                return 201, self.say(int(number), body["body"], self.writer)
            case "PATCH", ["issues", "comments", number]:
                every = [one for those in self.comments.values() for one in those]
                return self._change(every, "id", int(number), body)
        return None

    def _run(self, number: int) -> dict[str, Any]:
        (_, environment, _), *_ = self.reviews.get(number) or [("", "dev", "")]
        known = {
            "path": ".github/workflows/deploy.yml@refs/heads/main",
            "head_branch": f"env/{environment}",
            "status": "in_progress",
        }
        return of("workflow-run", id=number, created_at=self.run_at, **{**known, **self.run})

    def say(self, number: int, text: str, login: str) -> dict[str, Any]:
        """Add a comment to a pull request."""
        every = sum(map(len, self.comments.values()))
        made = of("issue-comment", id=every + 1, body=text, user=account(login))
        self.comments.setdefault(number, []).append(made)
        return made

    def _open(self, body: Any) -> tuple[int, Any]:
        query = {"head": f"example:{body['head']}", "base": body["base"], "state": "open"}
        if any(self._meets(one, query) for one in self.pulls):
            return 422, {"message": "Validation Failed", "errors": ["A pull request already exists"]}
        number = len(self.pulls) + 1
        url = f"https://github.example/pull/{number}"
        made = of("pull-request", number=number, state="open", html_url=url, **body)
        made["head"], made["base"] = (
            {**_example_of("pull-request", side), "ref": body[side]} for side in ("head", "base")
        )
        self.pulls.append(made)
        return 201, made

    def _meets(self, one: dict[str, Any], query: dict[str, str]) -> bool:
        return (one["state"], f"example:{one['head']['ref']}", one["base"]["ref"]) == (
            query["state"],
            query["head"],
            query["base"],
        )

    def _merged(self, login: str | None, head: str, merge: str) -> dict[str, Any]:
        opened = account(login) if login else None
        made = of("pull-request-simple", state="closed", user=opened, merge_commit_sha=merge)
        made["head"] = {**_example_of("pull-request-simple", "head"), "sha": head}
        return made

    def _change(
        self, those: list[dict[str, Any]], key: str, number: int, body: Any
    ) -> tuple[int, Any] | None:
        found = next((one for one in those if one[key] == number), None)
        if found is None:
            return None
        found |= body
        return 200, found

    def _review(self, login: str, environment: str, state: str) -> dict[str, Any]:
        return of(
            "environment-approvals",
            state=state,
            user=account(login),
            environments=[{"id": 1, "name": environment}],
        )

    def _commit(self, address: str, login: str | None) -> dict[str, Any]:
        known = account(login) if login else None
        made = of("commit", author=known, committer=known)
        who = {"name": "x", "email": address, "date": RUN_AT}
        made["commit"] |= {"author": who, "committer": who}
        return made


def _example_of(name: str, part: str) -> dict[str, Any]:
    found: dict[str, Any] = example(published()["components"]["schemas"][name]["properties"][part])
    return found
