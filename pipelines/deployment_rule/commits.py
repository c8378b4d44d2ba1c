"""What GitHub says of commits: the release that a branch holds, and whether the checks passed on it. I/O (REQ-G9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipelines.promotion.evidence import Checked, Missing, Tag

from .github import GitHub, GitHubError

CHECK = "Check"
"""The job of .github/workflows/check.yml that runs `lockstep check`, parity among it."""
ACTIONS = "github-actions"
"""The app that reports it. Whoever may write checks in its name may forge one: the deployment checks again itself."""
DEPTH = 5
"""Tags of tags that are followed."""
PAGE = 100
_SHA = re.compile(r"[0-9a-f]{40}", re.ASCII)


def tag_of(github: GitHub, repository: str, name: str) -> Tag | None:
    """Return a tag and its commit, None where there is none. Its authors are not asked: no gate here needs them."""
    found = github.get(*of(repository), "git", "ref", "tags", name)
    for _ in range(DEPTH):
        if found is None:
            return None
        target = _object(found, "object")
        if target.get("type") == "commit":
            return Tag(name, _sha(target), frozenset())
        if target.get("type") != "tag":
            break
        found = github.get(*of(repository), "git", "tags", _sha(target))
    raise GitHubError(f"GET the tag {name} with no commit", 200)


def tree_of(github: GitHub, repository: str, commit: str) -> str:
    """Return the id of the files of a commit: equal where every file is."""
    found = github.get(*of(repository), "git", "commits", commit)
    if found is None:
        raise GitHubError(f"GET the commit {commit[:12]}", 404)
    return _sha(_object(found, "tree"))


def checked(github: GitHub, repository: str, commit: str) -> tuple[Checked | Missing, int | Missing]:
    """Return what the checks found on a commit, and the undeclared differences between environments.

    A run that succeeded found neither; warnings are not told. One that failed has found something, and does not say
    what. Of several, as of a push and a pull request, all have to be content.
    """
    found = github.get(
        *of(repository), "commits", commit, "check-runs", check_name=CHECK, filter="latest", per_page=PAGE
    )
    runs = (found or {}).get("check_runs") if isinstance(found or {}, dict) else None
    ours = [one for one in runs or [] if _is_ours(one, commit)]
    if not ours or len(runs or []) >= PAGE:
        return _nothing(f"no run of {CHECK} by {ACTIONS} is known of {commit[:12]}")
    if any(one.get("status") != "completed" for one in ours):
        return _nothing(f"{CHECK} is still running on {commit[:12]}")
    if all(one.get("conclusion") == "success" for one in ours):
        return Checked(commit, errors=0, warnings=0), 0
    failed = sum(one.get("conclusion") != "success" for one in ours)
    return Checked(commit, errors=failed, warnings=0), Missing(f"{CHECK} did not succeed on {commit[:12]}")


def _nothing(reason: str) -> tuple[Missing, Missing]:
    return Missing(reason), Missing(reason)


def _is_ours(run: Any, commit: str) -> bool:
    if not isinstance(run, dict) or not isinstance(run.get("app"), dict):
        return False
    return (run.get("name"), run["app"].get("slug"), run.get("head_sha")) == (CHECK, ACTIONS, commit)


def of(repository: str) -> tuple[str, str, str]:
    """Return the segments of a repository's path."""
    owner, _, name = repository.partition("/")
    return "repos", owner, name


def _object(values: Any, name: str) -> Mapping[str, Any]:
    found = values.get(name) if isinstance(values, dict) else None
    if not isinstance(found, dict):
        raise GitHubError(f"GET without {name}", 200)
    return found


def _sha(values: Mapping[str, Any]) -> str:
    found = values.get("sha")
    if not isinstance(found, str) or not _SHA.fullmatch(found):
        raise GitHubError("GET without a commit's id", 200)
    return found
