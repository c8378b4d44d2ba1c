"""Whether what drift detection said of a stack still holds: in sync is only what was looked at (REQ-C4). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pipelines.state.records import StackState

Verdict = Literal["in_sync", "drifted", "unknown", "started", "not checked"]

KEEPS = timedelta(hours=48)
"""How long being in sync holds: two detections of the longest schedule that settings allow, which is daily."""


def verdict(state: StackState, now: datetime) -> Verdict:
    """Return what is known of a stack's drift.

    `in_sync` is `not checked` where the stack changed since, or the detection is older than it holds. What drifted
    stays so until a detection says otherwise, as its alert and the promotions that wait for it do.
    """
    last = state.drift
    if last is None:
        return "not checked"
    holds = last.detected_at >= state.operation_at and abs(now - last.detected_at) <= KEEPS
    return "not checked" if last.status == "in_sync" and not holds else last.status
