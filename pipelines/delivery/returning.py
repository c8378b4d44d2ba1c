"""A release that was good in an environment comes back there, in the place of another (REQ-R1, REQ-R4). I/O.

Each step may die: run again, it goes on from what is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery import branches
from pipelines.delivery.bring import Brought, Stage, bring
from pipelines.delivery.checkout import files_of
from pipelines.delivery.confirming import confirm
from pipelines.delivery.evidence import keep
from pipelines.delivery.git import commit_of_tag
from pipelines.delivery.policy import policy_of
from pipelines.release import named
from validator.errors import FailureError, TechnicalError

if TYPE_CHECKING:
    from pipelines.delivery.places import Ordered
    from pipelines.holding import Clock, Hold
    from pipelines.home import Home
    from pipelines.recording import Recording
    from pipelines.state.records import EnvironmentRelease
    from pipelines.state.store import StateStore
    from pipelines.workspace import Workspace
    from validator.findings import Finding


@dataclass(slots=True)
class Return:
    """The terms of a release that comes back: it was good there before, so that no gate is asked.

    `away` are the deployments that it takes the place of; they count as rolled back from then on, so that their release
    stays out. `seen` is the number of each workload's last deployment as somebody decided on the way back, where that
    was before the locks were taken. Of the types that are `stateful` nothing is taken along: where nobody asked before.
    """

    environment: str
    tag: str
    away: tuple[EnvironmentRelease, ...]
    workspace: Workspace
    stage: Stage
    clock: Clock
    note: str = "rolled back"
    seen: Mapping[str, int] = field(default_factory=dict)
    stateful: frozenset[str] = frozenset()
    needs_home: bool = True

    def admit(self, home: Home, hold: Hold) -> str:
        """Mark what is taken back; repeated, it changes nothing.

        Raises FailureError where another run came in between.
        """
        for workload, number in self.seen.items():
            latest = home.table().latest_environment_release(workload, self.environment)
            if latest is None or latest.number != number:
                raise FailureError(
                    f"{workload} was deployed into {self.environment} meanwhile: nothing of it is changed\n"
                    "  mend: look at `lockstep status`, then run the same command again if it is still wanted"
                )
        for one in self.away:
            lock = hold.locks[one.workload]
            if not home.table().end_environment_release(
                one.workload, one.environment, one.number, "rolled_back", self.clock(), lock
            ):
                raise TechnicalError(
                    f"{one.tag} of {one.workload} in {one.environment} cannot be marked as rolled back: "
                    "another run may have begun\n  mend: run the same command again"
                )
        self._keep_data()
        return decision_of(home.table(), sorted(hold.locks), self.environment, self.tag)

    def _keep_data(self) -> None:
        """Raise FailureError with all data that the way back would take: a person has to say so (REQ-R3)."""
        from pipelines.delivery.places import Silent
        from pipelines.plan.losses import losses
        from pipelines.plan.planning import Planning

        if not self.stateful:
            return
        plan = Planning(self.workspace, self.environment, self.tag, Silent()).run()
        if left := losses(plan.changes, self.stateful):
            lines = [f"{loss.name} ({loss.resource_type}) would be {loss.action}" for loss in left]
            options = " ".join(f"--accept-loss {loss.name}" for loss in left)
            raise FailureError(
                "\n".join(
                    [f"{self.tag} would take data with it on its way back to {self.environment}", *lines]
                )
                + f"\n  mend: save what they hold; if it may go, run `lockstep rollback {self.tag} --env "
                f"{self.environment} {options}`"
            )

    def confirm(self, recording: Recording) -> Sequence[Finding]:
        """Look at every stack, for drift, and try what was deployed."""
        return confirm(self.workspace.project(), self.environment, recording, self.stage.tell)

    def keep(self, recording: Recording, *, succeeded: bool) -> str:
        """Keep a statement of the way back."""
        return keep(self.environment, self.tag, recording, "", succeeded=succeeded, note=self.note)


def bring_back(
    root: Path,
    environment: str,
    tag: str,
    away: tuple[EnvironmentRelease, ...],
    stage: Stage,
    clock: Clock,
    note: str = "rolled back",
) -> Brought:
    """Deploy a release that was good in an environment before, in the place of what is `away`.

    Raises FailureError where that would take data along, which a person has to accept.
    """
    from pipelines.workspace import Workspace

    workspace = Workspace(files_of(root, tag))
    release = named(workspace.root, tag)
    project = workspace.deployable()
    stateful = policy_of(root, project.environments).of(environment).stateful
    terms = Return(environment, tag, away, workspace, stage, clock, note, stateful=stateful)
    return bring(workspace, environment, release, stage, clock, terms)


def finish_return(
    root: Path, table: StateStore, workloads: Sequence[str], order: Ordered, stage: Stage, clock: Clock
) -> None:
    """End the way back to an earlier release that an earlier run did not."""
    latest = [table.latest_environment_release(workload, order.environment) for workload in workloads]
    begun = [one for one in latest if one is not None and one.state == "deploying" and one.tag != order.tag]
    returning = [one for one in begun if _was_good(table, one)]
    if returning:
        tag = returning[0].tag
        stage.warn(f"the way back to {tag} in {order.environment} did not end: it is carried on")
        brought = bring_back(root, order.environment, tag, (), stage, clock)
        if not brought.succeeded:
            raise FailureError(
                f"{tag} did not come back whole in {order.environment}\n"
                f"  mend: see `lockstep verify {order.environment}`, then run the same command again"
            )


def before(table: StateStore, failed: Sequence[EnvironmentRelease]) -> str:
    """Return the release that last succeeded in an environment before a deployment; empty for none, or for several.

    Workloads move together: where they had different ones, nobody can tell which is meant.
    """
    found = set()
    for one in failed:
        history = table.environment_releases(one.workload, one.environment)
        good = next(
            (past for past in history if past.number < one.number and past.state == "succeeded"), None
        )
        if good is not None:
            found.add(good.tag)  # A workload that is new with the failed release has nothing to go back to.
    return found.pop() if len(found) == 1 else ""


def decision_of(table: StateStore, workloads: Sequence[str], environment: str, tag: str) -> str:
    """Return the digest of the decision that let a release in when it succeeded in an environment; empty for none."""
    for workload in workloads:
        for past in table.environment_releases(workload, environment):
            if (past.tag, past.state) == (tag, "succeeded") and past.decision:
                return past.decision
    return ""


def mark(root: Path, succeeded: Sequence[EnvironmentRelease]) -> str:
    """Tag what was deployed, and push the tag; repeated, it changes nothing. Return its name."""
    first = succeeded[0]
    name = f"deployed/{first.environment}/{max(one.number for one in succeeded)}"
    commit = commit_of_tag(root, first.tag)
    if commit is None:
        raise FailureError(f"{first.tag} is no tag any more\n  mend: `git fetch --tags`, then run again")
    branches.refresh_tag(root, name)
    branches.mark(root, name, commit, f"{first.tag} succeeded in {first.environment}")
    branches.push(root, f"refs/tags/{name}")
    return name


def _was_good(table: StateStore, release: EnvironmentRelease) -> bool:
    return any(
        past.tag == release.tag and past.state == "succeeded" and past.number < release.number
        for past in table.environment_releases(release.workload, release.environment)
    )
