"""What is said of a decision, and of a deployment that followed. Pure (REQ-G6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from pipelines.promotion.evidence import Evidence, Missing, Target
from pipelines.promotion.verdicts import Decision
from pipelines.state.records import EnvironmentRelease
from pipelines.state.times import timestamp

from .statement import BEGUN, DECISION, DEPLOYMENT, Statement, Subject


@dataclass(frozen=True, slots=True)
class StackEnd:
    """What became of one stack: `outcome` as `lockstep deploy` has it, `stack_id` its ARN, empty for none.

    `request` is the ClientRequestToken that CloudFormation was asked with, which events of the stack and CloudTrail
    have as well; empty where nothing was asked. `change_set` is the ARN of the one that was executed, empty for none: a
    stack that stood is updated by one, a new one is created as such. Those that a plan was made with are in the
    statement of the decision, and were deleted again.
    """

    stack: str
    outcome: str
    stack_id: str = ""
    request: str = ""
    change_set: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a deployment ended: when, whether well, what became of each stack, and the digest of the policy file."""

    at: datetime
    succeeded: bool
    stacks: tuple[StackEnd, ...] = ()
    policy: str = ""


def decided(evidence: Evidence, decision: Decision, tools: Mapping[str, str], policy: str = "") -> Statement:
    """Return the statement of a decision: every gate's verdict, with all that it read.

    `tools` are versions by name, `policy` is the digest of the policy file, empty for none. The subjects are the
    manifests that would be deployed.
    """
    gates = [
        {
            "gate": one.gate,
            "verdict": one.verdict.state,
            "reason": one.verdict.reason,
            "mend": one.verdict.mend,
            "inputs": dict(one.verdict.inputs),
        }
        for one in decision.judged
    ]
    said = {
        "decision": decision.state,
        "gates": gates,
        "evidence": plain(evidence),
        "policy": policy or None,
        "tools": dict(tools),
    }
    return Statement(DECISION, _subjects(evidence), said)


def deployed(
    environment: str,
    release: str,
    deployments: Sequence[EnvironmentRelease],
    decision: str,
    ended: Ended,
    tools: Mapping[str, str],
    note: str = "",
) -> Statement:
    """Return the statement of a deployment that ended, well or not.

    `decision` is the digest of the decision that let it begin; empty where there was none, and `note` says why.
    """
    said = {
        "environment": environment,
        "release": release,
        "decision": decision or None,
        "note": note,
        "deployments": [
            {
                "workload": one.workload,
                "number": one.number,
                "by": one.by,
                "started_at": timestamp(one.started_at),
                "manifest_digest": one.manifest_digest,
            }
            for one in deployments
        ],
        "stacks": [{name: value or None for name, value in asdict(one).items()} for one in ended.stacks],
        "ended_at": timestamp(ended.at),
        "outcome": "succeeded" if ended.succeeded else "failed",
        "policy": ended.policy or None,
        "tools": dict(tools),
    }
    subjects = (Subject(f"{one.workload}@{environment}", one.manifest_digest) for one in deployments)
    return Statement(DEPLOYMENT, tuple(subjects), said)


def reasoned(
    environment: str,
    release: str,
    manifests: Mapping[str, str],
    note: str,
    policy: str = "",
) -> Statement:
    """Return the statement of a deployment that begins without a decision; `note` says why.

    `manifests` are digests by workload. Who begins it, and when, is in the record that names it: so a run that carries
    it on for the same reason, with whatever tools, keeps the same statement.
    """
    said = {
        "environment": environment,
        "release": release,
        "decision": None,
        "note": note,
        "outcome": BEGUN,
        "policy": policy or None,
    }
    subjects = (Subject(f"{workload}@{environment}", digest) for workload, digest in manifests.items())
    return Statement(DEPLOYMENT, tuple(subjects), said)


def plain(value: Any) -> Any:
    """Return anything of the evidence as JSON has it. What is missing says so, and why."""
    if isinstance(value, Missing):
        return {"missing": value.reason}
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(each) for each in value)
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    return value


def _subjects(evidence: Evidence) -> tuple[Subject, ...]:
    return tuple(
        Subject(f"{workload}@{evidence.environment}", target.digest)
        for workload in sorted(evidence.workloads)
        if isinstance(target := evidence.targets.get(workload), Target)
    )
