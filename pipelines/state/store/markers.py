"""Each environment's markers of drift and of its last touch: what a promotion checks, since no index may decide.

REQ-G3, REQ-G4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .. import keys
from ..keys import StackKey
from ..marshal import plain
from ..times import moment
from .part import Part


@dataclass(frozen=True, slots=True)
class DriftMarker:
    """The stacks of a workload in an environment with open drift, and when drift was last found or ended there."""

    drifted: tuple[StackKey, ...] = ()
    changed_at: datetime | None = None


class Markers(Part):
    """What is drifted, and when something was last touched, by environment. Strongly consistent."""

    def drift_marker(self, workload: str, environment: str) -> DriftMarker:
        """Return the marker of an environment; an empty one where nothing ever drifted."""
        item = self._table.get(keys.open_drift(workload, environment)) or {}
        drifted = tuple(map(StackKey.parse, sorted(plain(item["drifted"])))) if "drifted" in item else ()
        return DriftMarker(drifted, moment(str(plain(item["changed_at"]))) if "changed_at" in item else None)

    def touched_at(self, workload: str, environment: str) -> datetime | None:
        """Return when CloudFormation last began to change a stack there, as far as home knows; None for never."""
        item = self._table.get(keys.touched(workload, environment)) or {}
        return moment(str(plain(item["touched_at"]))) if "touched_at" in item else None
