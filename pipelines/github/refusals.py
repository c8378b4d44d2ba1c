"""What GitHub says no with, in words with a mend. Pure."""

from __future__ import annotations

import json

from validator.errors import TechnicalError

PERMISSION = "use a token with `administration: write` on this repository; docs/github.md says how to get one"
PULLS = (
    "give the job `pull-requests: write`, and let Actions create pull requests (Settings, Actions, General); "
    "docs/github.md says which token each command needs"
)
BYPASS = "can_admins_bypass"
LONGEST = 600
"""Characters of GitHub's own words that are passed on."""


class RefusedError(TechnicalError):
    """GitHub answered, and the answer is no; `status` is HTTP's."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)


class UnsureError(TechnicalError):
    """Nobody knows whether GitHub did what it was asked to: the connection ended before the answer."""


def refused(method: str, path: str, status: int, body: str) -> RefusedError:
    """Return the error for an answer that is none of success."""
    said = spoken(body)
    text = f"GitHub refused {method} {path}: {status}{f' {said}' if said else ''}"
    is_pull = "/pulls" in path or "/issues/" in path
    return RefusedError(status, f"{text}\n  mend: {_mend(status, said, is_pull=is_pull)}")


def spoken(body: str) -> str:
    """Return the message and the errors of an answer, short; empty where it has none."""
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(found, dict):
        return ""
    errors = found.get("errors")
    details = [
        one if isinstance(one, str) else json.dumps(one)
        for one in (errors if isinstance(errors, list) else [errors] if errors else [])
    ]
    words = ": ".join(str(part) for part in (found.get("message"), "; ".join(details)) if part)
    return words[:LONGEST]


def _mend(status: int, said: str, *, is_pull: bool) -> str:
    permission = PULLS if is_pull else PERMISSION
    if status == 403:
        return permission
    if status == 404:
        return f"check the name of the repository, and that the token may see it; else {permission}"
    if status == 422 and is_pull:
        return "see whether the branches differ and are both at GitHub, then run the same command again"
    if status in (301, 302, 307, 308):
        return "name the repository as it is called now: it was renamed or moved"
    if status == 400:
        return "check GITHUB_API_URL: a server of your own may not know this version of the API"
    if status == 422 and BYPASS in said:
        return "this server does not set administrators' bypass by its API: switch it off in Settings, Environments"
    if status == 422:
        return (
            "where the repository is private, GitHub takes required reviewers and wait timers only with an Enterprise "
            "plan; else correct .github/environments.yaml by what GitHub says"
        )
    return "run the same command again later; what was done is kept"
