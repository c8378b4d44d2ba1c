"""Tokens as GitHub signs them for a job, and others that somebody would like to pass for one (REQ-P9).

Subjects: https://docs.github.com/en/actions/reference/security/oidc, "Example subject claims", "Immutable subject
claims" and "Customizing the subject claims".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


def right(owner: str, repository: str, environment: str) -> dict[str, Any]:
    """Return the claims of a job of the repository that runs in the environment."""
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": f"repo:{owner}/{repository}:environment:{environment}",
        "repository": f"{owner}/{repository}",
        "repository_owner": owner,
        "environment": environment,
        "ref": f"refs/heads/env/{environment}",
        "event_name": "push",
    }


def forged(owner: str, repository: str, environment: str) -> dict[str, dict[str, Any]]:
    """Return claims that nobody must be let in with, by what is tried."""
    true = right(owner, repository, environment)
    subjects = _subjects(owner, repository, environment)
    assert true["sub"] not in subjects.values()
    return {
        **{name: {**true, "sub": subject} for name, subject in subjects.items()},
        **{name: {**true, **changed} for name, changed in _ENVELOPES.items()},
        **{
            f"no {name}": {key: value for key, value in true.items() if key != name}
            for name in ("iss", "aud", "sub")
        },
        "no subject, and the right one as another claim": {**_without_subject(true), "subject": true["sub"]},
    }


def _subjects(owner: str, repository: str, environment: str) -> dict[str, str]:
    repo = f"repo:{owner}/{repository}"
    true = f"{repo}:environment:{environment}"
    workflow = f"job_workflow_ref:{owner}/{repository}/.github/workflows/deploy.yml@refs/heads/main"
    others = {"dev", "staging", "prod", "shared"} - {environment}
    return {
        **{f"environment {other}": f"{repo}:environment:{other}" for other in sorted(others)},
        "another repository": f"repo:{owner}/{repository}-copy:environment:{environment}",
        "a fork": f"repo:somebody/{repository}:environment:{environment}",
        "an owner whose name begins so": f"repo:{owner}-evil/{repository}:environment:{environment}",
        "an owner whose name ends so": f"repo:evil-{owner}/{repository}:environment:{environment}",
        "a repository below": f"repo:{owner}/{repository}/x:environment:{environment}",
        "owner and repository the other way round": f"repo:{repository}/{owner}:environment:{environment}",
        "the repository by its new name": f"repo:{owner}/renamed:environment:{environment}",
        "the names with other ids": f"repo:{owner.partition('@')[0]}@999/{repository.partition('@')[0]}@998"
        f":environment:{environment}",
        "the names and a dash before ids": f"repo:{owner}-1/{repository}-2:environment:{environment}",
        "a branch": f"{repo}:ref:refs/heads/main",
        "the environment's branch": f"{repo}:ref:refs/heads/env/{environment}",
        "a branch that is named like an environment": f"{repo}:ref:refs/heads/environment:{environment}",
        "a branch that is named like the subject": f"{repo}:ref:refs/heads/{true}",
        "a tag": f"{repo}:ref:refs/tags/v1.0.0",
        "a tag that is named like an environment": f"{repo}:ref:refs/tags/environment:{environment}",
        "a pull request": f"{repo}:pull_request",
        "a reusable workflow": f"{repo}:{workflow}",
        "a workflow's name after the environment": f"{true}:{workflow}",
        "a context before the environment": f"{repo}:ref:refs/heads/main:environment:{environment}",
        "a template of ids": f"repository_owner_id:1:repository_id:2:environment:{environment}",
        "a template of the environment alone": f"environment:{environment}",
        "a template of an actor": f"{true}:actor:somebody",
        "the environment in capitals": f"{repo}:environment:{environment.upper()}",
        "the owner in capitals": f"repo:{owner.upper()}/{repository}:environment:{environment}",
        "the repository with a capital": f"repo:{owner}/{repository.capitalize()}:environment:{environment}",
        "the word repo in capitals": true.replace("repo:", "REPO:", 1),
        "an environment that begins so": f"{true}-2",
        "an environment that ends so": f"{repo}:environment:not-{environment}",
        "an environment below": f"{true}/x",
        "a space before": f" {true}",
        "a space after": f"{true} ",
        "a line's end after": f"{true}\n",
        "a line before": f"x\n{true}",
        "a null byte after": f"{true}\0",
        "a Cyrillic letter in the owner": true.replace("o", "\u043e"),
        "a letter of full width": true.replace("e", "\uff45"),
        "an invisible space": true.replace("/", "/\u200b"),
        "a colon of another script": true.replace(":", "\ua789"),
        "an accent of its own": f"{true}\u0301",
        "an encoded colon": true.replace(":", "%3A"),
        "a star for all": "*",
        "a star for the environment": f"{repo}:environment:*",
        "a star for the repository": f"repo:{owner}/*:environment:{environment}",
        "question marks": "?" * len(true),
        "a variable": "${token.actions.githubusercontent.com:sub}",
        "a subject twice": f"{true},{true}",
        "nothing": "",
    }


_ENVELOPES: Mapping[str, Mapping[str, Any]] = {
    "the audience that GitHub sets by default": {"aud": "https://github.com/example-org"},
    "the audience of another cloud": {"aud": "api://AzureADTokenExchange"},
    "the audience in capitals": {"aud": AUDIENCE.upper()},
    "the audience with text after": {"aud": f"{AUDIENCE}.evil.example"},
    "the audience of China": {"aud": f"{AUDIENCE}.cn"},
    "an empty audience": {"aud": ""},
    "a star for the audience": {"aud": "*"},
    "another issuer": {"iss": "https://token.actions.githubusercontent.com.evil.example"},
    "an issuer of one's own": {"iss": "https://evil.example"},
    "an enterprise's own path at the issuer": {"iss": f"{ISSUER}/evil"},
    "an enterprise's server": {"iss": "https://github.example/_services/token"},
    "another forge": {"iss": "https://gitlab.com"},
    "the subject as a list": {"sub": ["repo:example-org/lockstep:environment:dev"]},
    "no text as subject": {"sub": None},
    "a number as subject": {"sub": 1},
}


def _without_subject(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in claims.items() if key != "sub"}


def written(claims: Mapping[str, Any]) -> str:
    """Return a token with these claims; its signature is none, for an AWS that does not look at it."""
    parts = ({"alg": "RS256", "typ": "JWT"}, dict(claims))
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*texts, base64.urlsafe_b64encode(b"none").rstrip(b"=").decode()])
