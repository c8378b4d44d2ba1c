"""Whether GitHub sent a body: HMAC-SHA-256 with a secret that both know. Pure (REQ-G9).

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

LEAST_SECRET = 32
"""Characters of a secret, at least: a short one is guessed from one delivery."""
MOST_SECRETS = 2
"""The secret, and the one before while it is being replaced."""
_FORM = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)


def checked(secrets: Sequence[str]) -> tuple[str, ...]:
    """Return the secrets, one or two. Raises ValueError, without quoting any, for none, more, and a short one."""
    if not 1 <= len(secrets) <= MOST_SECRETS:
        raise ValueError(
            f"there are {len(secrets)} secrets of the webhook: one, or two while one is replaced"
        )
    if any(not isinstance(one, str) or len(one) < LEAST_SECRET for one in secrets):
        raise ValueError(f"a secret of the webhook is shorter than {LEAST_SECRET} characters")
    return tuple(secrets)


def is_signed(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Tell whether `X-Hub-Signature-256` is of this body, by one of the secrets; each is tried, in constant time."""
    found = _FORM.fullmatch(header or "")
    if found is None:
        return False
    matches = [
        hmac.compare_digest(hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(), found[1])
        for secret in checked(secrets)
    ]
    return any(matches)
