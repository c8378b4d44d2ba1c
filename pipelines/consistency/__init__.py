"""Whether an environment runs its release, and differs from the others only as declared (REQ-C3). Pure."""

from __future__ import annotations

from pipelines.consistency.actual import Actual
from pipelines.consistency.between import Running, between
from pipelines.consistency.release import against_release, unfit

__all__ = ["Actual", "Running", "against_release", "between", "unfit"]
