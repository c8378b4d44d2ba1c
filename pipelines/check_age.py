"""Whether what a consistency check said of an environment still holds (REQ-C3). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.tracking.passes import OVERDUE

if TYPE_CHECKING:
    from pipelines.state.records import Check, EnvironmentRelease


def held(check: Check, releases: Iterable[EnvironmentRelease], now: datetime) -> Check:
    """Return a check as it counts now: `unknown` where it is old, or of another release than was deployed last.

    Each report of an agent brings about a new one, so that it holds until reports are overdue.
    `releases` are the environment's deployments, the newest first; those that were rolled back do not count.
    """
    deployed = next((one for one in releases if one.state != "rolled_back"), None)
    is_other = deployed is not None and check.release != deployed.tag
    return replace(check, verdict="unknown") if is_other or now - check.at > OVERDUE else check
