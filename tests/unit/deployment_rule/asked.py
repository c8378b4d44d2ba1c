"""A question of GitHub's as it is delivered, to be spoilt in one place (REQ-G9)."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.deployment_rule.delivery import Expected
from pipelines.state.records import RuleRequest

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REPOSITORY = "example/lockstep"
SECRET, SECOND = "a" * 40, "b" * 40
COMMIT = "a" * 40
CALLBACK = f"https://api.github.com/repos/{REPOSITORY}/actions/runs/77/deployment_protection_rule"
EXPECTED = Expected((SECRET,), REPOSITORY, ("staging", "prod"))


def payload(**given: Any) -> dict[str, Any]:
    """Return what GitHub sends, with everything that is read of it."""
    deployment = {
        "id": 5001,
        "sha": COMMIT,
        "ref": "env/prod",
        "environment": "prod",
        "created_at": "2026-03-02T11:59:30Z",
    }
    found: dict[str, Any] = {
        "action": "requested",
        "environment": "prod",
        "event": "push",
        "sha": COMMIT,
        "ref": "refs/heads/env/prod",
        "deployment_callback_url": CALLBACK,
        "deployment": {**deployment, **given.pop("deployment", {})},
        "pull_requests": [],
        "repository": {"id": 1, "full_name": REPOSITORY},
        "installation": {"id": 42},
        "sender": {"login": "alice"},
    }
    return {**found, **given}


def signed(body: bytes, secret: str = SECRET) -> str:
    """Return the signature that GitHub sends along."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(body: bytes, secret: str = SECRET, **given: str) -> dict[str, str]:
    """Return the headers of a delivery."""
    found = {
        "X-GitHub-Event": "deployment_protection_rule",
        "X-GitHub-Delivery": "0b989ba4-242f-11e5-81e1-c7b6966d2516",
        "X-Hub-Signature-256": signed(body, secret),
        "Content-Type": "application/json",
    }
    return {**found, **given}


def body(**given: Any) -> bytes:
    """Return the payload as bytes."""
    return json.dumps(payload(**given)).encode()


def request(**given: Any) -> RuleRequest:
    """Return the question as it is kept."""
    values: dict[str, Any] = {
        "deployment": 5001,
        "repository": REPOSITORY,
        "environment": "prod",
        "run": 77,
        "commit": COMMIT,
        "ref": "env/prod",
        "installation": 42,
        "delivery": "0b989ba4-242f-11e5-81e1-c7b6966d2516",
        "made_at": NOW - timedelta(seconds=30),
        "received_at": NOW,
    }
    return RuleRequest(**{**values, **given})
