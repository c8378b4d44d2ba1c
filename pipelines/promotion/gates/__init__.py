"""The gates of a promotion, one file each. A new one is a file and a line here; the policy then names its id."""

from __future__ import annotations

from . import (
    approval,
    branch,
    checks,
    data_loss,
    drift,
    freeze_window,
    lock,
    parity,
    previous_environment,
    recovery_drill,
    rejected_release,
    release_known,
    same_digest,
    soak,
)
from .gate import Gate

GATES: dict[str, Gate] = {
    module.GATE.id: module.GATE
    for module in (
        release_known,
        branch,
        previous_environment,
        same_digest,
        soak,
        drift,
        parity,
        checks,
        recovery_drill,
        approval,
        lock,
        freeze_window,
        rejected_release,
        data_loss,
    )
}
"""Every gate by its id, in the order in which they are told."""
