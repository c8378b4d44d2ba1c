"""Smoke tests of each workload: calls that show that what was deployed answers (REQ-V10).

They only read, but for a real order after a deployment of `orders`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipelines.smoke import control, orders
from pipelines.smoke.trial import Deployed, Target, Trial

SMOKE: Mapping[tuple[str, bool], Callable[[Target], list[Trial]]] = {
    ("orders", False): orders.smoke,
    ("control", True): control.smoke_home,
    ("control", False): control.smoke_agent,
}
"""By workload, and whether it is the part that belongs to no environment. A workload without one is a finding."""

__all__ = ["SMOKE", "Deployed", "Target", "Trial"]
