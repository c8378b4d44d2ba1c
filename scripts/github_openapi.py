"""Make the extract of GitHub's published REST description that the test double of `lockstep protect` is held to.

    npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
    python scripts/github_openapi.py package > tests/schemas/github/openapi.json

Only the paths in use, what they refer to, and no prose but for the licence note. Nothing else is changed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPOSITORY = "/repos/{owner}/{repo}"
ENVIRONMENT = f"{REPOSITORY}/environments/{{environment_name}}"
USED = {
    "/app/installations/{installation_id}/access_tokens": ("post",),
    "/users/{username}": ("get",),
    "/orgs/{org}/teams/{team_slug}": ("get",),
    "/apps/{app_slug}": ("get",),
    ENVIRONMENT: ("get", "put"),
    f"{ENVIRONMENT}/deployment-branch-policies": ("get", "post"),
    f"{ENVIRONMENT}/deployment-branch-policies/{{branch_policy_id}}": ("delete",),
    f"{ENVIRONMENT}/deployment_protection_rules": ("get", "post"),
    f"{ENVIRONMENT}/deployment_protection_rules/{{protection_rule_id}}": ("delete",),
    f"{REPOSITORY}/actions/runs/{{run_id}}": ("get",),
    f"{REPOSITORY}/actions/runs/{{run_id}}/approvals": ("get",),
    f"{REPOSITORY}/actions/runs/{{run_id}}/deployment_protection_rule": ("post",),
    f"{REPOSITORY}/commits/{{ref}}/check-runs": ("get",),
    f"{REPOSITORY}/git/commits/{{commit_sha}}": ("get",),
    f"{REPOSITORY}/git/ref/{{ref}}": ("get",),
    f"{REPOSITORY}/git/tags/{{tag_sha}}": ("get",),
    f"{REPOSITORY}/commits": ("get",),
    f"{REPOSITORY}/issues/comments/{{comment_id}}": ("patch",),
    f"{REPOSITORY}/issues/{{issue_number}}/comments": ("get", "post"),
    f"{REPOSITORY}/pulls": ("get", "post"),
    f"{REPOSITORY}/pulls/{{pull_number}}": ("patch",),
    f"{REPOSITORY}/rulesets": ("get", "post"),
    f"{REPOSITORY}/rulesets/{{ruleset_id}}": ("get", "put"),
}
PROSE = {
    "description",
    "summary",
    "tags",
    "externalDocs",
    "example",
    "examples",
    "title",
    "x-github",
    "x-octokit",
}
NOTE = (
    "An extract of GitHub's OpenAPI description as npm @octokit/openapi {version} ships it (api.github.com), made by "
    "scripts/github_openapi.py. MIT License, Copyright (c) 2020 Octokit contributors."
)


def main() -> None:
    """Print the extract of the package in the folder that is given."""
    folder = Path(sys.argv[1])
    whole = json.loads((folder / "generated/api.github.com.json").read_text(encoding="utf-8"))
    version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
    paths = {
        path: {method: without_prose(whole["paths"][path][method]) for method in methods}
        for path, methods in USED.items()
    }
    note = NOTE.format(version=version)
    extract = {
        "openapi": whole["openapi"],
        "info": {"title": "GitHub REST API", "version": version, "description": note},
        "paths": paths,
        "components": components(whole, paths),
    }
    sys.stdout.write(json.dumps(extract, indent=1, sort_keys=True) + "\n")


def components(whole: dict[str, Any], paths: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return everything that the paths refer to, directly or through others."""
    found: dict[str, dict[str, Any]] = {}
    waiting = set(references(paths))
    while waiting:
        _, _, kind, name = waiting.pop().split("/")
        if name not in found.setdefault(kind, {}):
            found[kind][name] = without_prose(whole["components"][kind][name])
            waiting |= set(references(found[kind][name]))
    return found


def references(value: Any) -> Iterator[str]:
    """Yield every `$ref` below a value."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def without_prose(value: Any, *, are_names: bool = False) -> Any:
    """Return a value without what only people read; a property may well be called `description`."""
    if isinstance(value, list):
        return [without_prose(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_prose(one, are_names=key == "properties" and not are_names)
        for key, one in value.items()
        if are_names or key not in PROSE
    }


if __name__ == "__main__":
    main()
