"""The evidence that can be had without the project: the home's records, and GitHub's word of commits. I/O (REQ-G9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.configuration import ConfigurationStore
from pipelines.gathering.known import known
from pipelines.promotion.evidence import Checked, Evidence, Missing, Tag
from pipelines.promotion.policy import Policy
from pipelines.state.records import RuleRequest
from pipelines.state.store import StateStore

from .commits import checked, tag_of, tree_of
from .github import GitHub
from .recorded import Records, Told, evidence_of

NONE = "none"
"""Stands for a release where nothing was ever deployed: no tag of a release is called so."""


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
    source = places.policy.of(request.environment).source
    if source is None:
        raise ValueError(f"no release comes to {request.environment} from another environment")
    tag = _standing(places, source)
    found = None if tag == NONE else known(lambda: tag_of(places.github, request.repository, tag))
    other = known(lambda: _other_files(request, places.github, found))
    looked, parity = _looked(request, places.github, found)
    told = Told(found, request.ref, looked, parity, other)
    records = Records(places.table, places.store, places.policy, places.workloads)
    return evidence_of(request.environment, tag, told, records, now)


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
