"""Whether an environment runs its release, and differs from the others only as declared (REQ-C3). Pure."""

from __future__ import annotations

from pipelines.consistency.actual import Actual
from pipelines.consistency.between import Running, between
from pipelines.consistency.instances import Instance, instances
from pipelines.consistency.pending import Judged, Reported, judged
from pipelines.consistency.release import against_release, by_stack, deploy_again, unfit

__all__ = [
    "Actual",
    "Instance",
    "Judged",
    "Reported",
    "Running",
    "against_release",
    "between",
    "by_stack",
    "deploy_again",
    "instances",
    "judged",
    "unfit",
]
