"""All the evidence for one question: may this release enter this environment now? I/O (REQ-G6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.promotion.evidence import Approval, Begun, Evidence, Missing, Plan, Source, Tag, Target
from pipelines.promotion.people import People
from pipelines.promotion.policy import Policy

from . import project, records, repository
from .known import known
from .made import Named, made

if TYPE_CHECKING:
    from pipelines.configuration import Manifest
    from pipelines.home import Home
    from pipelines.release import Release
    from pipelines.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a release may enter an environment. `acknowledged` are stacks of the target that may stay drifted.

    `owner` is who holds the locks of the environment; empty for who only asks. `begun` is what an earlier run left half
    done, None where none did.
    """

    environment: str
    tag: str
    owner: str = ""
    acknowledged: tuple[str, ...] = ()
    begun: Begun | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look: `repository` for git, `workspace` for the release's own files, `home` for what was recorded.

    `approvals` and `plan` are asked once the rest is known to be there; `named` adds the logins of who made a tag.
    """

    repository: Path
    workspace: Workspace
    release: Release
    policy: Policy
    home: Home | Missing
    approvals: Callable[[Home, Tag, People | None], Iterable[Approval]]
    plan: Callable[[], Plan]
    named: Named = lambda tag, _commits, _people: tag


def gather(question: Question, places: Places, now: datetime) -> Evidence:
    """Return everything that is known; what could not be found out is Missing, and never a reason to stop looking."""
    rule, home = places.policy.of(question.environment), places.home
    workloads = dict.fromkeys(stack.workload for stack in places.workspace.project().of(question.environment))
    looked = known(lambda: project.looked(places.workspace.root, now.date()))
    tag, people = made(places.repository, question.tag, rule, workloads, home, places.named)
    approvals = _approvals(places, tag, people)
    return Evidence(
        environment=question.environment,
        tag=question.tag,
        at=now,
        workloads=tuple(workloads),
        owner=question.owner,
        git=tag,
        people=_meant(people, tag, approvals),
        branch=known(lambda: repository.branch_of(places.repository, question.tag, rule.branch)),
        sources=_sources(question, places, rule.source, workloads, now) if rule.source else {},
        targets=_targets(question, places, workloads, now),
        parity=looked if isinstance(looked, Missing) else looked.undeclared,
        checked=looked if isinstance(looked, Missing) else looked.checked,
        approvals=approvals,
        plan=known(places.plan),
        begun=question.begun,
    )


def _approvals(
    places: Places, tag: Tag | Missing | None, people: People | Missing | None
) -> tuple[Approval, ...] | Missing:
    home = places.home
    for lacking in (home, tag, people):
        if isinstance(lacking, Missing):
            return lacking
    if isinstance(home, Missing) or isinstance(people, Missing) or not isinstance(tag, Tag):
        return Missing("git has no such tag")
    return known(lambda: tuple(places.approvals(home, tag, people)))


def _meant(
    people: People | Missing | None, tag: Tag | Missing | None, approvals: tuple[Approval, ...] | Missing
) -> People | Missing | None:
    """Return of the list of people who made the release or approved it: of others nothing is kept."""
    if not isinstance(people, People):
        return people
    names = tag.logins | tag.authors if isinstance(tag, Tag) and isinstance(tag.authors, frozenset) else ()
    given = () if isinstance(approvals, Missing) else approvals
    return people.among(
        [*names, *(one.by for one in given if not one.in_aws)], [one.by for one in given if one.in_aws]
    )


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
        manifest = manifests[workload]
        return records.target_of(table, manifest, order, question.acknowledged, now, question.begun)

    return {workload: known(lambda workload=workload: of(workload)) for workload in workloads}  # type: ignore[misc]


def _manifests(question: Question, places: Places) -> dict[str, Manifest]:
    """Return what would be deployed, by workload."""
    from pipelines.release_record import manifests_of

    written = manifests_of(places.workspace, places.release)
    return {one.workload: one for one in written if one.environment == question.environment}
