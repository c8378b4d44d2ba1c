"""The evidence that home's records hold of a release, for who has not the project at hand. I/O (REQ-G9, REQ-G10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.configuration import ConfigurationStore, Manifest
from pipelines.gathering.known import known
from pipelines.gathering.records import source_of, target_of
from pipelines.promotion.evidence import Checked, Evidence, Missing, Source, Tag, Target
from pipelines.promotion.policy import Policy, Rule
from pipelines.state.records import Release
from pipelines.state.store import StateStore

IN_THE_JOB = Missing("the deployment makes the plan of live change sets, and asks this gate itself")


@dataclass(frozen=True, slots=True)
class Records:
    """Where to look. `store` gives what an environment's deployments wrote, `workloads` are those of the target."""

    table: StateStore
    store: Callable[[str], ConfigurationStore]
    policy: Policy
    workloads: Sequence[str]


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody else says of a release: git's tag, the branch that has it, and what the checks found.

    `other` names the files that would be deployed where they are others than the tag's; empty where they are not.
    """

    git: Tag | Missing | None
    branch: str | Missing
    checked: Checked | Missing
    parity: int | Missing
    other: str | Missing = ""


def evidence_of(environment: str, tag: str, told: Told, records: Records, now: datetime) -> Evidence:
    """Return everything that is known of a release, and of what would be deployed.

    Raises ValueError for an environment that no release comes to from another, KeyError for one of no policy.
    """
    rule = records.policy.of(environment)
    if rule.source is None:
        raise ValueError(f"no release comes to {environment} from another environment")
    sources, targets = {}, {}
    for workload in records.workloads:
        one = _Workload(workload, rule, rule.source, tag, records, now)
        sources[workload] = known(one.source)
        targets[workload] = known(lambda one=one: one.target(told.other))  # type: ignore[misc]
    return Evidence(
        environment=environment,
        tag=tag,
        at=now,
        workloads=tuple(records.workloads),
        owner="",
        git=told.git,
        branch=told.branch,
        sources=sources,
        targets=targets,
        parity=told.parity,
        checked=told.checked,
        approvals=IN_THE_JOB,
        plan=IN_THE_JOB,
    )


@dataclass(frozen=True, slots=True)
class _Workload:
    """One workload of the release, as the deployments into `where` recorded it."""

    name: str
    rule: Rule
    where: str
    tag: str
    records: Records
    now: datetime

    def source(self) -> Source:
        release = self._release()
        names: Iterable[str] = ()
        if release is not None:
            manifest = self._manifest(release, self.where)
            names = [stack.external_name for stack in manifest.stacks]
        return source_of(self.records.table, self.name, self.where, self.tag, names, self.now)

    def target(self, other: str | Missing) -> Target | Missing:
        """Return the target; its digest is the recorded one, read and verified, where the release is deployed."""
        release = self._release()
        if release is None:
            return Missing(f"{self.where} has no record of {self.name} {self.tag}")
        if isinstance(other, Missing):
            return other
        manifest = self._manifest(release, self.rule.environment)
        found = target_of(self.records.table, manifest, self.records.policy.order, (), self.now)
        return replace(found, digest=f"git-tree:{other}") if other else found

    def _release(self) -> Release | None:
        return self.records.table.release(self.name, self.tag, self.where)

    def _manifest(self, release: Release, environment: str) -> Manifest:
        digest = release.digests.get(environment)
        if digest is None:
            raise ValueError(f"{self.name} {self.tag} was recorded without {environment}")
        return self.records.store(self.where).manifest(self.name, self.tag, environment, digest)
