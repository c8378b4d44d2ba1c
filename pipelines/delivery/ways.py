"""The way back to a release in each environment: whether it was good there, what changes, what is lost (REQ-R3). I/O.

Nothing is changed here: what is wrong with any environment is known before the first one is touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.aws import clear_errors
from pipelines.delivery import branches
from pipelines.delivery.checkout import files_of
from pipelines.delivery.git import commit_of_tag
from pipelines.delivery.odd import left_out, unsaid
from pipelines.delivery.places import Silent
from pipelines.delivery.policy import policy_of, stateful_of
from pipelines.delivery.uncommitted import refuse_uncommitted
from pipelines.delivery.whole import is_whole
from pipelines.home import home_of
from pipelines.promotion.evidence import Loss
from pipelines.release import named
from pipelines.workspace import Workspace
from validator.errors import ConfigurationError, FailureError, PendingError, TechnicalError

if TYPE_CHECKING:
    from pipelines.home import Home
    from pipelines.plan.model import Plan
    from pipelines.promotion.policy import Policy
    from pipelines.state.records import EnvironmentRelease
    from pipelines.state.store import StateStore

POLL_SECONDS, WAIT_SECONDS = 2.0, 1800.0
"""How often stacks under way are looked at, and how long they are waited for: as an operation of CloudFormation is."""

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Way:
    """The way back in one environment.

    `regions` has the region of each stack, `latest` are the last deployments by workload, `away` those that came after
    the release was good there last, `plan` is what would change: None where the release stands there already. Types
    that are `stateful` hold data.
    """

    environment: str
    branch: str
    workloads: tuple[str, ...]
    regions: Mapping[str, str]
    latest: Mapping[str, EnvironmentRelease]
    away: tuple[EnvironmentRelease, ...]
    plan: Plan | None = None
    losses: tuple[Loss, ...] = ()
    stateful: frozenset[str] = frozenset()

    @property
    def replaced(self) -> str:
        """The releases whose place is taken, for people."""
        return ", ".join(dict.fromkeys(one.tag for one in self.away))


@dataclass(frozen=True, slots=True)
class Ways:
    """A release that is to come back, with the files and the home of it, and the way in each environment in order."""

    root: Path
    tag: str
    workspace: Workspace
    home: Home
    ways: tuple[Way, ...]
    accepted: frozenset[str] = frozenset()
    """What may be lost, by stack and logical id."""


def reversed_order(policy: Policy) -> tuple[str, ...]:
    """Return the environments as they go back: the last that a release enters goes first (REQ-R2)."""
    return tuple(reversed(policy.order))


def ways_of(root: Path, tag: str, wanted: str | None, told: Told, warn: Told) -> Ways:
    """Return the way back to a release in the environment `wanted`, or in all; warn of what is no record there.

    Raises ConfigurationError for a name that is no release, FailureError where the release was not good in one of them
    or a stack or a branch stands in the way, PendingError where stacks do not end, TechnicalError where home or the
    remote cannot tell.
    """
    if commit_of_tag(root, tag) is None:
        hint = "`git tag --list 'v*'` shows the releases; `git fetch --tags` brings those of the remote"
        raise ConfigurationError.single(f"{tag[:80]!r} is no tag", key="TAG", hint=hint)
    workspace = Workspace(files_of(root, tag))
    project = workspace.deployable()
    named(workspace.root, tag)
    policy = policy_of(root, project.environments)
    home = reachable(workspace)
    places = [one for one in reversed_order(policy) if wanted in (None, one)]
    for place in places:
        branch = policy.of(place).branch
        branches.refuse_apart(root, branch)
        refuse_uncommitted(root, branch, tag)
    with clear_errors():
        found = [_way(workspace, policy, home.table(), place, tag, warn) for place in places]
        wrong = {way.environment: list(_refusals(way, root, tag, home.table())) for way in found}
        if any(wrong.values()):
            raise _refused(tag, wrong)
    return Ways(root, tag, workspace, home, tuple(_planned(root, workspace, one, tag, told) for one in found))


def _refused(tag: str, wrong: Mapping[str, Sequence[str]]) -> FailureError:
    """Return the error for a release that cannot come back to some environments, with how it can to the others.

    `wrong` has the reasons by environment, those that go back first before the others; none where it can.
    """
    reasons = [each for those in wrong.values() for each in those]
    able = [f"`lockstep rollback {tag} --env {place}`" for place, those in wrong.items() if not those]
    others = f"to others it can, one at a time: {', then '.join(able)}; " if able else ""
    return FailureError(
        "\n".join([f"{tag} cannot come back; nothing is changed", *reasons])
        + f"\n  mend: {others}name a release that was good there: `lockstep status` shows what runs, "
        "`lockstep rollback --last-consistent` finds one"
    )


def reachable(workspace: Workspace) -> Home:
    """Return the home of a project. Raises TechnicalError where there is none yet, or it cannot be asked."""
    with clear_errors():
        home = home_of(workspace.project())
    if home is None:
        raise TechnicalError(
            "nobody can tell what was good before: the control plane is not there yet\n"
            "  mend: without it, deploy what the tag has as docs/runbooks/rollback.md says"
        )
    return home


def accept(ways: Ways, accepted: frozenset[str]) -> Ways:
    """Return the ways with what may be lost. Raises FailureError with all that nobody named (REQ-R3)."""
    left = [loss for way in ways.ways for loss in way.losses if loss.name not in accepted]
    if left:
        lines = [f"{loss.name} ({loss.resource_type}) would be {loss.action}" for loss in left]
        options = " ".join(f"--accept-loss {loss.name}" for loss in left)
        raise FailureError(
            "\n".join([f"{ways.tag} would lose data; nothing is changed", *lines])
            + f"\n  mend: save what they hold; if it may go, run the same command with {options}"
        )
    return replace(ways, accepted=accepted)


def _way(
    workspace: Workspace, policy: Policy, table: StateStore, environment: str, tag: str, warn: Told
) -> Way:
    stacks = workspace.project().of(environment)
    workloads = tuple(sorted({stack.workload for stack in stacks}))
    latest, away = dict[str, "EnvironmentRelease"](), list["EnvironmentRelease"]()
    for workload in workloads:
        odd = left_out(workload, environment, warn)
        history = list(table.environment_releases(workload, environment, odd))
        good = max((one.number for one in history if (one.tag, one.state) == (tag, "succeeded")), default=0)
        away += [
            one for one in history if one.number > good and one.tag != tag and one.state != "rolled_back"
        ]
        if history:
            latest[workload] = history[0]
    regions = {stack.name: stack.region for stack in stacks}
    return Way(environment, policy.of(environment).branch, workloads, regions, latest, tuple(away))


def _refusals(way: Way, root: Path, tag: str, table: StateStore) -> Iterator[str]:
    """Yield why a release may not come back to an environment: it never was good there, or is another by now."""
    commit = commit_of_tag(root, tag)
    for workload in way.workloads:
        try:
            record = table.release(workload, tag, way.environment)
        except ValueError as error:
            yield f"{way.environment}: the record of {tag} of {workload} cannot be read: {error}; `--env` names others"
            continue
        history = table.environment_releases(workload, way.environment, unsaid)
        states = [one.state for one in history if one.tag == tag]
        if "rolled_back" in states:
            yield f"{way.environment}: {tag} of {workload} was rolled back there, and stays out"
        elif record is None or "succeeded" not in states:
            yield f"{way.environment}: {tag} of {workload} never succeeded there"
        elif record.commit != commit:
            yield (
                f"{way.environment}: {tag} of {workload} was commit {record.commit[:12]} there; "
                f"the tag is {(commit or 'gone')[:12]} by now"
            )


def _planned(root: Path, workspace: Workspace, way: Way, tag: str, told: Told) -> Way:
    """Add what would change, and what of it holds data; nothing where the release stands there already."""
    from pipelines.plan.losses import losses

    if _stands(way, tag) and is_whole(workspace, way.environment, tag):
        return way
    plan = _plan(workspace, way.environment, tag, told)
    tags = (tag, *(one.tag for one in (*way.away, *way.latest.values())))
    environments = workspace.project().environments
    stateful = stateful_of(root, environments, way.environment, tags, told)
    return replace(way, plan=plan, losses=losses(plan.changes, stateful), stateful=stateful)


def _stands(way: Way, tag: str) -> bool:
    return all((one.tag, one.state) == (tag, "succeeded") for one in way.latest.values())


def _plan(workspace: Workspace, environment: str, tag: str, told: Told) -> Plan:
    """Return what would change. Raises FailureError where a stack cannot be planned."""
    plan = quiet_plan(workspace, environment, tag, told)
    if plan.problems:
        raise FailureError(_in_the_way(environment, [f"{one.name}: {one.problem}" for one in plan.problems]))
    return plan


def quiet_plan(workspace: Workspace, environment: str, tag: str, told: Told) -> Plan:
    """Return what would change, once nothing is under way there; an earlier run that died may have left that.

    Of a stack that is under way nobody can tell what it would lose. Raises PendingError where one does not end.
    """
    from pipelines.plan.planning import Planning

    deadline = time.monotonic() + WAIT_SECONDS
    told(f"{environment}: looking at what {tag} would change")
    while True:
        plan = Planning(workspace, environment, tag, Silent()).run()
        busy = [one.name for one in plan.problems if one.kind == "wait"]
        if not busy:
            return plan
        if time.monotonic() > deadline:
            raise PendingError(
                f"{environment}: still under way: {', '.join(busy)}\n  mend: run the same command again"
            )
        told(f"{environment}: waiting for {', '.join(busy)}")
        time.sleep(POLL_SECONDS)


def _in_the_way(environment: str, problems: Sequence[str]) -> str:
    said = "\n".join([f"{environment}: stacks stand in the way; nothing is changed", *problems])
    return (
        f"{said}\n  mend: see docs/runbooks/deployment.md, bring them to a COMPLETE status, then run it again"
    )
