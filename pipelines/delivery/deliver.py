"""A release into an environment, whole: let in, deployed, confirmed, recorded, marked; or taken back (REQ-G1, REQ-R4).

    gate -> locks -> plan -> decision kept -> promotion -> stacks -> verification -> record -> tag
                                                               any of these fails -> the release before comes back,
                                                                             and branch and tag say so

Each step may die. The next run of the same command finds what is recorded, and goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery import branches
from pipelines.delivery.admission import admit, another_plan
from pipelines.delivery.bring import Brought, Stage, bring
from pipelines.delivery.carrying import begun, half_there, is_way_back
from pipelines.delivery.confirming import confirm
from pipelines.delivery.data import Data
from pipelines.delivery.evidence import ending, keep, policy_digest
from pipelines.delivery.fence import refuse_who_takes_back
from pipelines.delivery.git import commit_of_tag
from pipelines.delivery.moved import refuse_moved, refuse_unpublished
from pipelines.delivery.places import Ordered, judged, places_of
from pipelines.delivery.returning import before, bring_back, finish_return, mark_if_taken
from pipelines.delivery.settling import settle
from pipelines.delivery.whole import is_whole
from pipelines.gathering.gather import Places, Question
from pipelines.promotion.evidence import Missing
from validator.errors import FailureError, LockstepError, TechnicalError

if TYPE_CHECKING:
    from pipelines.deploy import Result
    from pipelines.holding import Clock, Hold
    from pipelines.home import Home
    from pipelines.recording import Recording
    from pipelines.state.records import EnvironmentRelease, Release
    from pipelines.state.store import StateStore
    from validator.findings import Finding


@dataclass(frozen=True, slots=True)
class Back:
    """How the release before came back after a failure. `marked` is the tag of that, empty where git has none yet."""

    tag: str
    brought: Brought
    marked: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a delivery ended: well where `brought` succeeded. `marked` is the tag of that, empty where it could not be
    put; `back` is None where no release had to come back, or there is none."""

    brought: Brought
    marked: str = ""
    back: Back | None = None


@dataclass(slots=True)
class Entry:
    """The terms of a release that enters an environment: every gate, then verification."""

    order: Ordered
    places: Places
    stage: Stage
    clock: Clock
    expected: str = ""
    needs_home: bool = True
    kept: str = ""
    before: str = ""
    """The release that comes back, once this one failed."""

    @property
    def data(self) -> Data:
        """What the policy says holds data, and what of it may go as it was ordered."""
        return Data(self.places.policy.of(self.order.environment).stateful, self.order.accepted)

    def admit(self, home: Home, hold: Hold) -> str:
        """Ask the gates, and record the promotion; go on under the decision of a run that died on its way."""
        refuse_who_takes_back(self.order.environment, hold.locks)
        question = Question(self.order.environment, self.order.tag, acknowledged=self.order.acknowledged)
        places, workloads = replace(self.places, home=home), sorted(hold.locks)
        found = begun(home, self.order, workloads)
        if found is None:
            self.kept = admit(question, places, hold, self.clock, self.expected)
            return self.kept
        self.stage.tell(f"{self.order.tag} is on its way into {self.order.environment}: it is carried on")
        with half_there(home.table(), self.order, workloads, found):
            self._ask_again(
                replace(question, begun=found),
                places,
                hold,
                is_asked=not is_way_back(home.table(), self.order, workloads, found),
            )
        self.kept = found.decision
        return self.kept

    def why(self, home: Home, releases: Iterable[Release]) -> str:
        """Keep nothing more: the decision says why."""
        return ""

    def _ask_again(self, question: Question, places: Places, hold: Hold, *, is_asked: bool) -> None:
        """Ask the gates about the rest of a release, once nothing of it is under way; none of a way back."""
        from pipelines.delivery.ways import quiet_plan

        if not is_asked and not self.expected:
            return
        environment, tag = question.environment, question.tag
        plan = quiet_plan(places.workspace, environment, tag, self.stage.tell)
        if is_asked:
            rest = replace(places, plan=lambda: judged(plan, self.order, self.data.stateful))
            admit(question, rest, hold, self.clock, self.expected)
        elif plan.digest != self.expected:
            raise another_plan(question, self.expected, plan.digest)

    def confirm(self, recording: Recording) -> Sequence[Finding]:
        """Look at every stack, for drift, and try what was deployed."""
        project = self.places.workspace.project()
        return confirm(project, self.order.environment, recording, self.stage.tell)

    def keep(self, recording: Recording, results: Sequence[Result], *, succeeded: bool) -> str:
        """Keep a statement of the deployment, with the decision that let it begin."""
        ended = ending(recording, results, policy_digest(self.places.workspace.root), succeeded=succeeded)
        return keep(self.order.environment, self.order.tag, recording, self.kept, ended)

    def back_to(self, recording: Recording, *, failed: bool) -> str:
        """Return the release before, where this one failed; somebody who stopped it decides what comes next."""
        found = before(recording.table, recording.begun) if failed else ""
        if found and commit_of_tag(self.places.repository, found) is None:
            self.stage.warn(
                f"{found} ran in {self.order.environment} before, and is no tag: it cannot come back"
            )
            found = ""
        self.before = found
        return found


def deliver(root: Path, order: Ordered, stage: Stage, clock: Clock, expected: str = "") -> Delivered:
    """Bring a release into an environment.

    Raises what keeps it out (FailureError, PendingError, TechnicalError) before anything is deployed.
    """
    places = places_of(root, order)
    rule = places.policy.of(order.environment)
    if isinstance(places.home, Missing):
        raise TechnicalError(f"nobody can decide: {places.home.reason}\n  mend: run `lockstep deploy shared`")
    table = places.home.table()
    workloads = sorted({stack.workload for stack in places.workspace.project().of(order.environment)})
    refuse_moved(root, table, order.tag, order.environment, workloads)
    finish_return(root, table, workloads, order, stage, clock)
    settle(root, table, workloads, order.environment, rule.branch, stage)
    branches.refresh(root, rule.branch)
    refuse_unpublished(root, order.tag)
    stands = _stands(table, workloads, order)
    if stands and is_whole(places.workspace, order.environment, order.tag):
        return Delivered(Brought((), stands, ()), mark_if_taken(root, table, stands, stage))
    entry = Entry(order, places, stage, clock, expected)
    brought = bring(places.workspace, order.environment, places.release, stage, clock, entry)
    if brought.succeeded:
        return Delivered(brought, mark_if_taken(root, table, brought.recorded, stage))
    if not brought.failed:
        return Delivered(brought)  # Somebody stopped it: the next run carries on.
    if not entry.before:
        return Delivered(brought)
    back = give_back(root, table, entry.before, brought.recorded, stage, clock)
    marked = settle(root, table, workloads, order.environment, rule.branch, stage) if back.succeeded else ""
    return Delivered(brought, back=Back(entry.before, back, marked))


def give_back(
    root: Path,
    table: StateStore,
    tag: str,
    failed: Sequence[EnvironmentRelease],
    stage: Stage,
    clock: Clock,
) -> Brought:
    """Bring back the release before a failed one (REQ-R4). Raises FailureError where it did not come back."""
    bad, environment = failed[0].tag, failed[0].environment
    stage.warn(f"{bad} failed in {environment}: {tag} comes back")
    try:
        return bring_back(root, table, tag, tuple(failed), tuple(failed), stage, clock)
    except LockstepError as error:
        raise FailureError(f"{bad} failed in {environment}, and {tag} did not come back\n{error}") from None


def _stands(table: StateStore, workloads: Sequence[str], order: Ordered) -> tuple[EnvironmentRelease, ...]:
    """Return the deployments of a release that succeeded already and are the last ones; none unless all are.

    One that no gate let in, as behind broken glass, is no promotion yet.
    """
    latest = [table.latest_environment_release(workload, order.environment) for workload in workloads]
    good = [
        one
        for one in latest
        if one is not None and (one.tag, one.state) == (order.tag, "succeeded") and one.decision
    ]
    return tuple(good) if good and len(good) == len(latest) else ()
