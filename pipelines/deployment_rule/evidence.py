"""The evidence that can be had without the project: the home's records, and GitHub's word of commits. I/O (REQ-G9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.configuration import ConfigurationStore, Manifest
from pipelines.gathering.known import known
from pipelines.gathering.records import source_of, target_of
from pipelines.promotion.evidence import Checked, Evidence, Missing, Source, Tag, Target
from pipelines.promotion.policy import Policy
from pipelines.state.records import Release, RuleRequest
from pipelines.state.store import StateStore

from .commits import checked, tag_of, tree_of
from .github import GitHub

NONE = "none"
"""Stands for a release where nothing was ever deployed: no tag of a release is called so."""
IN_THE_JOB = Missing("the deployment makes the plan of live change sets, and asks this gate itself")


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look. `store` gives what an environment's deployments wrote, `workloads` are those of the target."""

    table: StateStore
    store: Callable[[str], ConfigurationStore]
    github: GitHub
    policy: Policy
    workloads: Sequence[str]


def gather(request: RuleRequest, places: Places, now: datetime) -> Evidence:
    """Return everything that is known of the release that the source environment runs, and of what would be deployed.

    That release is the only one that any gate could let in; whether the branch holds it is told by its files. Raises
    ValueError for an environment that no release comes to from another, and AWS's errors where nobody can tell which
    release it is.
    """
    rule = places.policy.of(request.environment)
    if rule.source is None:
        raise ValueError(f"no release comes to {request.environment} from another environment")
    tag = _standing(places, rule.source)
    found = None if tag == NONE else known(lambda: tag_of(places.github, request.repository, tag))
    other = known(lambda: _other_files(request, places.github, found))
    looked, parity = _looked(request, places.github, found)
    sources, targets = {}, {}
    for workload in places.workloads:
        one = _Workload(workload, rule.source, tag, places, now)
        sources[workload] = known(one.source)
        targets[workload] = known(lambda one=one: one.target(request.environment, other))  # type: ignore[misc]
    return Evidence(
        environment=request.environment,
        tag=tag,
        at=now,
        workloads=tuple(places.workloads),
        owner="",
        git=found,
        branch=request.ref,
        sources=sources,
        targets=targets,
        parity=parity,
        checked=looked,
        approvals=IN_THE_JOB,
        plan=IN_THE_JOB,
    )


def _standing(places: Places, source: str) -> str:
    """Return the release that was last deployed into the source: of several, the gates refuse any."""
    latest = (places.table.latest_environment_release(workload, source) for workload in places.workloads)
    return min((one.tag for one in latest if one), default=NONE)


def _other_files(request: RuleRequest, github: GitHub, tag: Tag | Missing | None) -> str:
    """Return what a branch holds that does not hold the release; empty where it does: a merge is another commit."""
    if not isinstance(tag, Tag):
        return request.commit
    if request.commit == tag.commit:
        return ""
    held, released = (tree_of(github, request.repository, one) for one in (request.commit, tag.commit))
    return "" if held == released else held


def _looked(
    request: RuleRequest, github: GitHub, tag: Tag | Missing | None
) -> tuple[Checked | Missing, int | Missing]:
    if not isinstance(tag, Tag):
        nothing = tag or Missing("git has no such tag")
        return nothing, nothing
    found = known(lambda: checked(github, request.repository, tag.commit))
    return (found, found) if isinstance(found, Missing) else found


@dataclass(frozen=True, slots=True)
class _Workload:
    """One workload of the release, as the source's deployments recorded it."""

    name: str
    environment: str
    tag: str
    places: Places
    now: datetime

    def source(self) -> Source:
        release = self._release()
        names: Iterable[str] = ()
        if release is not None:
            manifest = self._manifest(release, self.environment)
            names = [stack.external_name for stack in manifest.stacks]
        return source_of(self.places.table, self.name, self.environment, self.tag, names, self.now)

    def target(self, environment: str, other: str | Missing) -> Target | Missing:
        """Return the target; its digest is the recorded one, read and verified, where the branch holds the release."""
        release = self._release()
        if release is None:
            return Missing(f"{self.environment} has no record of {self.name} {self.tag}")
        if isinstance(other, Missing):
            return other
        manifest = self._manifest(release, environment)
        found = target_of(self.places.table, manifest, self.places.policy.order, (), self.now)
        return replace(found, digest=f"git-tree:{other}") if other else found

    def _release(self) -> Release | None:
        return self.places.table.release(self.name, self.tag, self.environment)

    def _manifest(self, release: Release, environment: str) -> Manifest:
        digest = release.digests.get(environment)
        if digest is None:
            raise ValueError(f"{self.name} {self.tag} was recorded without {environment}")
        return self.places.store(self.environment).manifest(self.name, self.tag, environment, digest)
