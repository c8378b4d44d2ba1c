"""Whether what was deployed is what the release says, and works: looked at before it counts as a success (REQ-V10)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from validator.findings import Finding, merged

if TYPE_CHECKING:
    from pipelines.recording import Recording
    from validator.model import Project

Told = Callable[[str], None]


def confirm(project: Project, environment: str, recording: Recording, told: Told) -> Sequence[Finding]:
    """Have the agents look at every stack and for drift, then verify each workload against the release.

    Raises what the agents' looking raises: of what nobody looked at, nobody can say that it is right.
    """
    from pipelines.agents import OBSERVE, agents_of, ask
    from pipelines.aws import clear_errors
    from pipelines.detection import detect
    from pipelines.verification import verify

    agents = agents_of(project, environment)
    with clear_errors():
        ask(agents, OBSERVE)
    detect(agents, recording.table, time.monotonic, time.sleep, told)
    workloads = [one.workload for one in recording.begun]
    with clear_errors():
        found = verify(recording.home, environment, workloads, None, recording.clock())
    return merged([finding for one in found for finding in one.findings])
