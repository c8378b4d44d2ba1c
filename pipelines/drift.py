"""Drift as the state table has it. I/O (REQ-C4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.drift_age import Verdict, verdict
from pipelines.state.sequence import DELETED

if TYPE_CHECKING:
    from pipelines.state.records import DriftFinding, StackState
    from pipelines.state.store import StateStore
    from validator.model import Project


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
