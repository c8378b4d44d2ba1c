"""A release that was good in an environment comes back there, in the place of another (REQ-R1, REQ-R4). I/O.

Each step may die: run again, it goes on from what is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery import branches
from pipelines.delivery.bring import Brought, Stage, bring
from pipelines.delivery.checkout import files_of
from pipelines.delivery.confirming import confirm
from pipelines.delivery.data import Data
from pipelines.delivery.evidence import ending, keep, keep_reason, policy_digest
from pipelines.delivery.git import commit_of_tag
from pipelines.delivery.moved import refuse_moved
from pipelines.delivery.odd import unsaid
from pipelines.delivery.policy import stateful_of
from pipelines.release import named
from pipelines.state.records import Ending
from validator.errors import FailureError, LockstepError, TechnicalError

if TYPE_CHECKING:
    from pipelines.delivery.places import Ordered
    from pipelines.deploy import Result
    from pipelines.holding import Clock, Hold
    from pipelines.home import Home
    from pipelines.recording import Recording
    from pipelines.state.records import EnvironmentRelease, Release
    from pipelines.state.store import StateStore
    from pipelines.workspace import Workspace
    from validator.findings import Finding


class DataLossError(FailureError):
    """The way back would take data along, and nobody said that it may (REQ-R3)."""


@dataclass(slots=True)
class Return:
    """The terms of a release that comes back: it was good there before, so that no gate is asked.

    `away` are the deployments that it takes the place of; they count as rolled back from then on, so that their release
    stays out. `seen` is the number of each workload's last deployment as somebody decided on the way back, where that
    was before the locks were taken. Of the types that are `stateful` nothing is taken along but what is `accepted`,
    which is None where nobody was asked. `policy` is the digest of the release's own policy. `first` is done once the
    locks are held and no other run came in between; where that fails, nothing is marked or deployed.
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
    policy: str = ""
    accepted: frozenset[str] | None = None
    first: Callable[[], None] | None = None
    needs_home: bool = True

    @property
    def data(self) -> Data:
        """What holds data, and what of it may go."""
        return Data(self.stateful, self.accepted or frozenset())

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
        if self.first is not None:
            self.first()
        for one in self.away:
            lock = hold.locks[one.workload]
            if not home.table().end_environment_release(
                one.workload,
                one.environment,
                one.number,
                "rolled_back",
                self.clock(),
                lock,
                Ending(back_to=self.tag),
            ):
                raise TechnicalError(
                    f"{one.tag} of {one.workload} in {one.environment} cannot be marked as rolled back: "
                    "another run may have begun\n  mend: run the same command again"
                )
        self._keep_data()
        return decision_of(home.table(), sorted(hold.locks), self.environment, self.tag)

    def why(self, home: Home, releases: Iterable[Release]) -> str:
        """Keep that it comes back, where no gate ever let it in; with the same words each time it is carried on."""
        note = f"{self.tag} comes back, which was good there"
        return keep_reason(home, self.environment, releases, note, self.policy)

    def _keep_data(self) -> None:
        """Raise FailureError with all data that the way back would take: a person has to say so (REQ-R3)."""
        from pipelines.delivery.ways import quiet_plan
        from pipelines.plan.losses import losses

        if self.accepted is not None or not self.stateful:
            return
        plan = quiet_plan(self.workspace, self.environment, self.tag, self.stage.tell)
        if left := losses(plan.changes, self.stateful):
            lines = [f"{loss.name} ({loss.resource_type}) would be {loss.action}" for loss in left]
            options = " ".join(f"--accept-loss {loss.name}" for loss in left)
            raise DataLossError(
                "\n".join(
                    [f"{self.tag} would take data with it on its way back to {self.environment}", *lines]
                )
                + f"\n  mend: save what they hold; if it may go, run `lockstep rollback {self.tag} --env "
                f"{self.environment} {options}`"
            )

    def confirm(self, recording: Recording) -> Sequence[Finding]:
        """Look at every stack, for drift, and try what was deployed."""
        return confirm(self.workspace.project(), self.environment, recording, self.stage.tell)

    def keep(self, recording: Recording, results: Sequence[Result], *, succeeded: bool) -> str:
        """Keep a statement of the way back."""
        ended = ending(recording, results, self.policy, succeeded=succeeded)
        return keep(self.environment, self.tag, recording, "", ended, self.note)

    def back_to(self, recording: Recording, *, failed: bool) -> str:
        """Go on later, also where somebody stopped it: half way back is nowhere."""
        return self.tag


def bring_back(
    root: Path,
    table: StateStore,
    tag: str,
    away: tuple[EnvironmentRelease, ...],
    latest: Sequence[EnvironmentRelease],
    stage: Stage,
    clock: Clock,
) -> Brought:
    """Deploy a release that was good in an environment before, in the place of what is `away`.

    `latest` are the last deployments there as whoever decided on it saw them, at least one. Raises DataLossError where
    that would take data along, FailureError where another run came in between, or the tag was moved since.
    """
    from pipelines.workspace import Workspace

    environment = latest[0].environment
    refuse_moved(root, table, tag, environment, [one.workload for one in latest])
    workspace = Workspace(files_of(root, tag))
    release = named(workspace.root, tag)
    project, those = workspace.deployable(), list(latest)
    tags = (tag, *(one.tag for one in (*away, *those)))
    stateful = stateful_of(root, project.environments, environment, tags, stage.warn)
    note = f"{', '.join(dict.fromkeys(one.tag for one in away)) or 'another release'} failed: {tag} came back"
    seen, policy = {one.workload: one.number for one in those}, policy_digest(workspace.root)
    terms = Return(environment, tag, away, workspace, stage, clock, note, seen, stateful, policy)
    return bring(workspace, environment, release, stage, clock, terms)


def finish_return(
    root: Path, table: StateStore, workloads: Sequence[str], order: Ordered, stage: Stage, clock: Clock
) -> None:
    """Bring the release back that has yet to, since an earlier run ended before that did (REQ-R4).

    Raises FailureError where it does not come back, so that nothing is built on half of it. Where it would take data
    along, another release may still take its place, through its gates.
    """
    found = [table.latest_environment_release(workload, order.environment) for workload in workloads]
    latest = [one for one in found if one is not None]
    tag = owed(table, latest, order.tag)
    if not tag:
        return
    away = taken_back(latest, tag)
    stage.warn(f"the way back to {tag} in {order.environment} did not end: it is carried on")
    try:
        brought = bring_back(root, table, tag, away, latest, stage, clock)
    except DataLossError as error:
        if order.tag in {tag, *(one.tag for one in away)}:
            raise
        stage.warn(f"{error}\n{order.tag} may take its place all the same, if the gates let it in")
        return
    if not brought.succeeded:
        reasons = [one.message for one in brought.findings]
        reasons += [f"{one.stack}: {one.reason}" for one in brought.results if one.outcome == "failed"]
        raise FailureError(
            "\n".join([f"{tag} did not come back whole in {order.environment}", *reasons])
            + f"\n  mend: see `lockstep verify {order.environment}`, then run the same command again; "
            f"`lockstep rollback TAG --env {order.environment}` takes another one back"
        )


def taken_back(latest: Iterable[EnvironmentRelease], tag: str) -> tuple[EnvironmentRelease, ...]:
    """Return the last deployments whose place a release takes again; its own that failed is none of them.

    A workload with the same bad release whose end is not recorded yet goes with the others: they move together.
    """
    those = list(latest)
    bad = {one.tag for one in those if one.awaits} - {tag}
    return tuple(one for one in those if one.tag in bad)


def owed(table: StateStore, latest: Iterable[EnvironmentRelease], but: str) -> str:
    """Return the release that has yet to come back, by the last deployments; empty for none.

    One whose deployment began is carried on by who orders it: `but` is what is ordered.
    """
    for one in latest:
        if one.awaits:
            return one.awaits
        if one.state == "deploying" and one.tag != but and _was_good(table, one):
            return one.tag
    return ""


def before(table: StateStore, failed: Sequence[EnvironmentRelease]) -> str:
    """Return the release that last succeeded in an environment before a deployment; empty for none, or for several.

    Workloads move together: where they had different ones, nobody can tell which is meant. One that succeeded there
    before is not taken back for itself.
    """
    found = set()
    for one in failed:
        history = table.environment_releases(one.workload, one.environment)
        good = next(
            (past for past in history if past.number < one.number and past.state == "succeeded"), None
        )
        if good is not None:
            found.add(good.tag)  # A workload that is new with the failed release has nothing to go back to.
    found -= {one.tag for one in failed}
    return found.pop() if len(found) == 1 else ""


def decision_of(table: StateStore, workloads: Sequence[str], environment: str, tag: str) -> str:
    """Return the digest of the decision that let a release in when it succeeded in an environment; empty for none."""
    for workload in workloads:
        for past in table.environment_releases(workload, environment, unsaid):
            if (past.tag, past.state) == (tag, "succeeded") and past.decision:
                return past.decision
    return ""


def mark(root: Path, table: StateStore, succeeded: Sequence[EnvironmentRelease]) -> str:
    """Tag what was deployed, and push the tag; repeated, it changes nothing. Return its name.

    Raises FailureError where the tag of the release was moved since, or that of the deployment is on another commit.
    """
    first = succeeded[0]
    refuse_moved(root, table, first.tag, first.environment, [one.workload for one in succeeded])
    name = f"deployed/{first.environment}/{max(one.number for one in succeeded)}"
    commit = commit_of_tag(root, first.tag)
    if commit is None:
        raise FailureError(f"{first.tag} is no tag any more\n  mend: `git fetch --tags`, then run again")
    branches.refresh_tag(root, name)
    branches.mark(root, name, commit, f"{first.tag} succeeded in {first.environment}")
    branches.push(root, f"refs/tags/{name}")
    return name


def mark_if_taken(
    root: Path, table: StateStore, succeeded: Sequence[EnvironmentRelease], stage: Stage
) -> str:
    """Do as `mark`; where the tag cannot be put, warn, and return an empty name.

    The stacks are as the release has them by then, and the table says so. A tag is no reason to call that a failure,
    nor to leave what comes next undone: whoever may push one could stop every rollback. The next run tries it again.
    """
    try:
        return mark(root, table, succeeded)
    except LockstepError as error:
        stage.warn(f"no tag says yet that {succeeded[0].environment} runs {succeeded[0].tag}\n{error}")
        return ""


def _was_good(table: StateStore, release: EnvironmentRelease) -> bool:
    return any(
        past.tag == release.tag and past.state == "succeeded" and past.number < release.number
        for past in table.environment_releases(release.workload, release.environment)
    )
