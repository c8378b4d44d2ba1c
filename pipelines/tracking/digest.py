"""The digest of a live stack, without the validator's core: that needs PyYAML, which no Lambda runtime has.

`tests/unit/tracking/test_agent.py` holds it to `validator.model.stack_digest`, which a deployment compares.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

RELEASE_TAGS = frozenset({"Version", "SourceCommit", "DeployedAt"})
"""Tags that name the release and are no part of a stack's digest (REQ-P6)."""


def live_digest(body: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """Return the digest that a rendered and a live stack share when they are the same."""
    kept = {name: value for name, value in tags.items() if name not in RELEASE_TAGS}
    text = json.dumps([body, dict(parameters), kept], sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
