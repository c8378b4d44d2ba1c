"""Whether what was deployed is what the release says, and works: looked at before it counts as a success (REQ-V10)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.consistency import unfit
from pipelines.state.sequence import DELETED
from validator.errors import FailureError
from validator.findings import Finding, Severity, merged

if TYPE_CHECKING:
    from pipelines.agents import Agent
    from pipelines.recording import Recording
    from pipelines.state.store import StateStore
    from validator.model import Project

Told = Callable[[str], None]
PATIENCE_SECONDS = 300.0
"""How long an agent's report is waited for: it looks at once, and events take seconds."""
POLL_SECONDS = 1.0
SKEW = timedelta(minutes=1)
"""By how much the clock of an agent may be behind."""


def confirm(project: Project, environment: str, recording: Recording, told: Told) -> Sequence[Finding]:
    """Have the agents look at every stack and for drift, then verify each workload against the release.

    An agent that does not report, or does not look, is a finding: the release may be why. Raises TechnicalError where
    AWS does not answer, which says nothing of the release. A project that has no agent in the environment has nobody
    who could look: that is told, all else is verified, and the drift gate before the next environment stays closed. A
    stack that another release left is told too, and is no reason to take this one back.
    """
    try:
        found = _looked(project, environment, recording, told)
    except FailureError as error:
        message, _, mend = str(error).partition("\n  mend: ")
        return [unfit(environment, message, mend or f"run `lockstep verify {environment}`", key="verify")]
    for one in found:
        if one.severity == Severity.WARNING:
            told(f"{one.message}\n  mend: {one.remediation}")
    return [one for one in found if one.severity == Severity.ERROR]


def _looked(project: Project, environment: str, recording: Recording, told: Told) -> Sequence[Finding]:
    from pipelines.agents import OBSERVE, agents_of, ask
    from pipelines.aws import clear_errors
    from pipelines.detection import detect
    from pipelines.verification import verify

    agents, asked_at = agents_of(project, environment), recording.clock()
    if not agents:
        told(f"nobody looks for drift in {environment}: the project has no agent there")
    with clear_errors():
        missing = ask(agents, OBSERVE)
        for agent in (one for one in agents if one not in missing):
            told(f"waiting for the report of {environment}, {agent.account} {agent.region}")
            _wait(recording.table, agent, asked_at)
    detect(agents, recording.table, time.monotonic, time.sleep, told)
    workloads = [one.workload for one in recording.begun]
    with clear_errors():
        now, is_watched = recording.clock(), bool(agents)
        found = verify(
            recording.home,
            environment,
            workloads,
            None,
            now,
            is_watched=is_watched,
            deployed=recording.begun,
        )
    return merged([finding for one in found for finding in one.findings])


def _wait(table: StateStore, agent: Agent, asked_at: datetime) -> None:
    """Wait until home has what an agent saw after it was asked: its census, and as many stacks as that names."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _has_reported(table, agent, asked_at):
        if time.monotonic() > deadline:
            minutes = PATIENCE_SECONDS / 60
            raise FailureError(
                f"the agent in {agent.account} {agent.region} did not report within {minutes:.0f} minutes\n"
                "  mend: see docs/runbooks/agent.md, then run the same command again"
            )
        time.sleep(POLL_SECONDS)


def _has_reported(table: StateStore, agent: Agent, asked_at: datetime) -> bool:
    census = table.census(agent.account, agent.region)
    if census is None or census.observed_at < asked_at - SKEW:
        return False
    states = table.states_in(agent.account, agent.region)
    return sum(state.status != DELETED for state in states) >= census.stacks
