"""What home keeps of an event that it does not record (REQ-C2). Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime

from pipelines.state.records import Refusal

from .events import Refused

EXCERPT = 2_000
"""Characters of a refused message that are kept."""


def refusal_of(refused: Refused, body: str, received_at: datetime) -> Refusal:
    """Return the refusal of a message: of what names no event, under a digest of its text and the time it was received.

    A message that comes again is the same refusal.
    """
    envelope = refused.envelope
    digest = hashlib.sha256(body.encode(errors="replace")).hexdigest()
    return Refusal(
        event_id=envelope.event_id if envelope else f"sha256-{digest[:40]}",
        time=envelope.time if envelope else received_at,
        account=envelope.account if envelope else "",
        region=envelope.region if envelope else "",
        reason=refused.reason,
        detail=refused.excerpt,
    )
