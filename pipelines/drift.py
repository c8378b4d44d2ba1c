"""Drift as the state table has it, and asking the agents for a new detection. I/O (REQ-C4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.agents import DETECT, Agent, ask
from pipelines.drift_age import Verdict, verdict
from pipelines.state.sequence import DELETED
from pipelines.tracking.drift import DETECTABLE
from validator.errors import FailureError

if TYPE_CHECKING:
    from pipelines.state.records import DriftFinding, StackState
    from pipelines.state.store import StateStore
    from validator.model import Project

WAIT_SECONDS = 600.0
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class StackDrift:
    """One stack with what its last detection found, and what that says of it now.

    `findings` that a reviewed list explains carry its reason.
    """

    state: StackState
    findings: tuple[DriftFinding, ...]
    verdict: Verdict

    @property
    def is_known(self) -> bool:
        """Whether drift detection gave an answer for the stack as it is."""
        return self.verdict in ("drifted", "in_sync")

    @property
    def is_open(self) -> bool:
        """Whether it differs in a way that nobody expects."""
        return self.verdict == "drifted"


def unrecorded(project: Project, environment: str | None, found: Iterable[StackDrift]) -> list[str]:
    """Return the stacks of the project that the table does not have, by Sceptre's names: nobody looks at those."""
    recorded = {(one.state.key.account, one.state.key.region, one.state.key.stack) for one in found}
    stacks = project.of(environment) if environment else project.stacks
    return [s.name for s in stacks if (s.account, s.region, s.external_name) not in recorded]


def read_drift(store: StateStore, environment: str | None, now: datetime) -> list[StackDrift]:
    """Return every stack of ours, of one environment or of all, with its last drift detection and what it is worth."""
    found = []
    for state in store.states(environment):
        if not state.key.is_ours or state.status == DELETED:
            continue
        last = state.drift
        findings = tuple(store.findings(state.key, last.detection_id)) if last else ()
        found.append(StackDrift(state, findings, verdict(state, now)))
    return sorted(found, key=lambda one: one.state.key)


def detect(
    agents: Sequence[Agent],
    store: StateStore,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    told: Callable[[str], None],
) -> None:
    """Ask each agent to look for drift in all its stacks, and wait until home has recorded what it found.

    Nobody waits for a stack whose status lets CloudFormation detect none; that is told. Raises FailureError naming the
    stacks that were not recorded in ten minutes, or the agents that are not there.
    """
    before = {state.key: _last(state) for state in store.states()}
    for agent in agents:
        told(f"looking for drift in {agent.environment}, {agent.account} {agent.region}")
    missing = ask(agents, DETECT)
    if missing:
        places = ", ".join(f"{agent.account} {agent.region}" for agent in missing)
        raise FailureError(
            f"there is no agent in {places}\n  mend: deploy it with `lockstep deploy {missing[0].environment}`"
        )
    asked = {(agent.account, agent.region) for agent in agents}
    waiting = {key for key in before if key.is_ours and (key.account, key.region) in asked}
    deadline = clock() + WAIT_SECONDS
    while waiting and clock() < deadline:
        states = {state.key: state for state in store.states()}
        here = {key: states[key] for key in waiting if key in states}
        for key, state in sorted(here.items()):
            if state.status not in {*DETECTABLE, DELETED}:
                told(f"{key.stack} in {key.account} {key.region} is not checked: it is {state.status}")
        waiting = {key for key, state in here.items() if not _is_done(state, before[key])}
        if waiting:
            sleep(POLL_SECONDS)
    if waiting:
        names = ", ".join(sorted(key.stack for key in waiting)[:5])
        raise FailureError(
            f"{len(waiting)} stacks were not looked at within {WAIT_SECONDS / 60:.0f} minutes: {names}\n"
            "  mend: see docs/runbooks/drift.md, and the log of the drift function there"
        )


def _last(state: StackState) -> tuple[str, datetime | None]:
    return (state.drift.detection_id, state.drift.detected_at) if state.drift else ("", None)


def _is_done(state: StackState, before: tuple[str, datetime | None]) -> bool:
    if state.status not in DETECTABLE:
        return True
    return _last(state) != before and state.drift is not None and state.drift.status != "started"


def as_json(found: Iterable[StackDrift]) -> list[Mapping[str, object]]:
    """Return the `stacks` of `lockstep/drift/v1`."""
    return [_stack(one) for one in found]


def _stack(one: StackDrift) -> dict[str, object]:
    key, last = one.state.key, one.state.drift
    return {
        "environment": key.environment,
        "workload": key.workload,
        "stack": key.stack,
        "account": key.account,
        "region": key.region,
        "status": one.verdict,
        "detected_at": last.detected_at.isoformat() if last else None,
        "checked": last.checked if last else 0,
        "uncovered": [
            {"logical_id": each.logical_id, "type": each.resource_type, "reason": each.reason}
            for each in ((*last.unsupported, *last.failed) if last else ())
        ],
        "findings": [
            {
                "logical_id": finding.logical_id,
                "type": finding.resource_type,
                "physical_id": finding.physical_id,
                "kind": finding.kind,
                "known": finding.known_reason,
                "properties": [
                    {"path": p.path, "expected": p.expected, "actual": p.actual, "kind": p.kind}
                    for p in finding.properties
                ],
            }
            for finding in one.findings
        ],
    }
