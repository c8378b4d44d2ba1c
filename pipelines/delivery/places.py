"""Where a delivery looks for what it has to know: the release's files, with the policy in them, and home. I/O."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery.checkout import files_of
from pipelines.delivery.policy import policy_at, policy_of
from pipelines.gathering import approvals
from pipelines.gathering.gather import Places
from pipelines.gathering.github_approvals import run_of
from pipelines.gathering.known import known
from pipelines.gathering.standing import entered
from pipelines.home import home_of
from pipelines.promotion.evidence import Approval, Missing, Plan, Tag
from pipelines.release import named
from validator.errors import FailureError, PendingError

if TYPE_CHECKING:
    from pipelines.gathering.github_approvals import Run
    from pipelines.home import Home
    from pipelines.plan.model import Plan as Planned
    from pipelines.plan.planning import Reporter
    from pipelines.promotion.people import People
    from pipelines.promotion.policy import Policy
    from pipelines.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Ordered:
    """What somebody asks for: a release in an environment, and what they accept of it."""

    environment: str
    tag: str
    accepted: frozenset[str] = frozenset()
    acknowledged: tuple[str, ...] = ()


class Silent:
    """Says nothing while a plan is made."""

    def ended(self, stack: object) -> None:
        """Say nothing."""

    def still(self, stacks: object, seconds: float) -> None:
        """Say nothing."""


def places_of(root: Path, order: Ordered, reporter: Reporter | None = None) -> Places:
    """Return where to look for everything about a release before it enters an environment.

    Raises ConfigurationError for a name that is no release, and where the policy is wrong.
    """
    from pipelines.workspace import Workspace

    workspace = Workspace(files_of(root, order.tag))
    release = named(workspace.root, order.tag)
    project = workspace.deployable()
    everything = sorted({stack.workload for stack in project.stacks})
    policy = policy_of(workspace.root, project.environments, everything)
    home = known(lambda: home_of(project))
    if home is not None and not isinstance(home, Missing):
        workloads = sorted({stack.workload for stack in project.of(order.environment)})
        policy = held(root, policy, home, workloads, order, project.environments)
    run = run_of(os.environ, root)
    return Places(
        repository=root,
        workspace=workspace,
        release=release,
        policy=policy,
        home=home if home is not None else Missing("the control plane is not there yet"),
        approvals=lambda found, tag, people: _approvals(
            found, order.environment, run, policy.of(order.environment).branch, (tag, people)
        ),
        plan=_planner(workspace, order, policy.of(order.environment).stateful, reporter),
        named=run.named if run is not None else lambda tag, _commits, _people: tag,
    )


def held(
    root: Path,
    policy: Policy,
    home: Home,
    workloads: Sequence[str],
    order: Ordered,
    environments: tuple[str, ...],
) -> Policy:
    """Return the policy, no looser than that of what last entered: who makes a release could ask less of it (REQ-G5).

    Also of an older commit, and of the same release again: anybody may tag what lies in the history. Where nobody can
    tell what last entered, nobody can tell the authors either, and the gates say so.
    """
    last = known(lambda: entered(root, home.table(), workloads, order.environment))
    if isinstance(last, Missing) or not last:
        return policy
    standing = policy_at(root, last[0], environments)
    return policy if standing is None else policy.held_to(standing, order.environment)


def _approvals(
    home: Home, environment: str, run: Run | None, branch: str, made: tuple[Tag, People | None]
) -> Iterator[Approval]:
    """Yield what the table has, and who approved the run on GitHub that this is part of."""
    tag, people = made
    yield from approvals.of_table(home.table(), tag.name, environment)
    if run is not None:
        yield from run.approvals(tag, environment, branch, people)


def _planner(
    workspace: Workspace, order: Ordered, stateful: frozenset[str], reporter: Reporter | None
) -> Callable[[], Plan]:
    def plan() -> Plan:
        from pipelines.plan.planning import Planning

        found = Planning(workspace, order.environment, order.tag, reporter or Silent()).run()
        return judged(found, order, stateful)

    return plan


def judged(found: Planned, order: Ordered, stateful: frozenset[str]) -> Plan:
    """Return what the gates read of a plan.

    Raises FailureError where a stack cannot be planned, PendingError where all that stops any is under way.
    """
    from pipelines.plan.losses import losses

    if found.problems:
        reasons = "; ".join(f"{one.name}: {one.problem}" for one in found.problems)
        if all(one.kind == "wait" for one in found.problems):
            raise PendingError(f"these stacks are under way: {reasons}")
        raise FailureError(f"these stacks cannot be planned: {reasons}")
    lost = losses(found.changes, stateful)
    return Plan(found.environment, found.release, found.digest, lost, order.accepted, found.change_sets)
