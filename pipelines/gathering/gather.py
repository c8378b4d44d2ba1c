"""All the evidence for one question: may this release enter this environment now? I/O (REQ-G6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.promotion.evidence import Approval, Evidence, Missing, Plan, Source, Tag, Target
from pipelines.promotion.policy import Policy

from . import project, records, repository
from .known import known

if TYPE_CHECKING:
    from pipelines.configuration import Manifest
    from pipelines.home import Home
    from pipelines.release import Release
    from pipelines.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a release may enter an environment. `acknowledged` are stacks of the target that may stay drifted.

    `owner` is who holds the locks of the environment; empty for who only asks.
    """

    environment: str
    tag: str
    owner: str = ""
    acknowledged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look: `repository` for git, `workspace` for the release's own files, `home` for what was recorded.

    `approvals` and `plan` are asked once the rest is known to be there; `named` adds to a tag's authors the other names
    that they are known by.
    """

    repository: Path
    workspace: Workspace
    release: Release
    policy: Policy
    home: Home | Missing
    approvals: Callable[[Home], Iterable[Approval]]
    plan: Callable[[], Plan]
    named: Callable[[Tag], Tag] = lambda tag: tag


def gather(question: Question, places: Places, now: datetime) -> Evidence:
    """Return everything that is known; what could not be found out is Missing, and never a reason to stop looking."""
    rule, home = places.policy.of(question.environment), places.home
    workloads = dict.fromkeys(stack.workload for stack in places.workspace.project().of(question.environment))
    looked = known(lambda: project.looked(places.workspace.root, now.date()))
    approvals = home if isinstance(home, Missing) else known(lambda: tuple(places.approvals(home)))
    return Evidence(
        environment=question.environment,
        tag=question.tag,
        at=now,
        workloads=tuple(workloads),
        owner=question.owner,
        git=known(lambda: _tag(places, question.tag)),
        branch=known(lambda: repository.branch_of(places.repository, question.tag, rule.branch)),
        sources=_sources(question, places, rule.source, workloads, now) if rule.source else {},
        targets=_targets(question, places, workloads, now),
        parity=looked if isinstance(looked, Missing) else looked.undeclared,
        checked=looked if isinstance(looked, Missing) else looked.checked,
        approvals=approvals,
        plan=known(places.plan),
    )


def _tag(places: Places, name: str) -> Tag | None:
    found = repository.tag_of(places.repository, name)
    return found and places.named(found)


def _sources(
    question: Question, places: Places, environment: str, workloads: Iterable[str], now: datetime
) -> dict[str, Source | Missing]:
    home = places.home
    if isinstance(home, Missing):
        return dict.fromkeys(workloads, home)
    table, stacks = home.table(), places.workspace.project().of(environment)

    def of(workload: str) -> Source:
        names = [stack.external_name for stack in stacks if stack.workload == workload]
        return records.source_of(table, workload, environment, question.tag, names, now)

    return {workload: known(lambda workload=workload: of(workload)) for workload in workloads}  # type: ignore[misc]


def _targets(
    question: Question, places: Places, workloads: Iterable[str], now: datetime
) -> dict[str, Target | Missing]:
    home, manifests = places.home, known(lambda: _manifests(question, places))
    if isinstance(home, Missing):
        return dict.fromkeys(workloads, home)
    if isinstance(manifests, Missing):
        return dict.fromkeys(workloads, manifests)
    table, order = home.table(), places.policy.order

    def of(workload: str) -> Target:
        return records.target_of(table, manifests[workload], order, question.acknowledged, now)

    return {workload: known(lambda workload=workload: of(workload)) for workload in workloads}  # type: ignore[misc]


def _manifests(question: Question, places: Places) -> dict[str, Manifest]:
    """Return what would be deployed, by workload."""
    from pipelines.release_record import manifests_of

    written = manifests_of(places.workspace, places.release)
    return {one.workload: one for one in written if one.environment == question.environment}
