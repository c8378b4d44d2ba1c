"""The digest that tells a rendered and a live stack apart. It needs nothing but Python: agents compute it too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

RELEASE_TAGS = frozenset({"Version", "SourceCommit", "DeployedAt"})
"""Tags that name the release: they change with it and so are no part of a stack's digest (REQ-P6)."""


def stack_digest(body: str, parameters: Mapping[str, Any], tags: Mapping[str, Any]) -> str:
    """Return the digest that a rendered and a live stack share when they are the same.

    `tags` are without the release's. A list parameter is compared as CloudFormation keeps it, joined by commas.
    """
    flat = {key: ",".join(value) if isinstance(value, list) else value for key, value in parameters.items()}
    text = json.dumps([body, flat, dict(tags)], sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def live_digest(body: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """Return the digest of a stack as CloudFormation has it, with all its tags."""
    return stack_digest(body, parameters, {k: v for k, v in tags.items() if k not in RELEASE_TAGS})
