"""Everything back to a release that was good, environment by environment (REQ-R1, REQ-R2). I/O and order.

    locks -> branch: its files again, by a new commit that is pushed -> what is taken back is marked -> stacks
                                    -> verification -> record -> tag, and then the next environment

The branch is the truth, so that nothing is deployed which it does not say. Nothing else is kept of how far a rollback
came than branch, table and tag: each step finds there whether it was done, and the same command run again carries on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipelines.aws import clear_errors
from pipelines.delivery import branches
from pipelines.delivery.bring import Brought, bring
from pipelines.delivery.evidence import policy_digest
from pipelines.delivery.last_consistent import Past, last_consistent
from pipelines.delivery.odd import left_out
from pipelines.delivery.policy import policy_of
from pipelines.delivery.returning import Return, mark_if_taken
from pipelines.delivery.uncommitted import refuse_uncommitted
from pipelines.delivery.ways import Told, Way, Ways, reachable
from pipelines.recording import who
from pipelines.release import checked_out
from pipelines.workspace import Workspace
from validator.errors import FailureError, LockstepError, TechnicalError
from validator.reports.escaping import harmless

if TYPE_CHECKING:
    from pipelines.delivery.bring import Stage
    from pipelines.holding import Clock
    from pipelines.state.store import StateStore

State = Literal["planned", "there", "back", "failed", "not begun"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How one environment ended. `there`: the release stood already; `error` is what stopped it, if something did.

    `marked` is the tag that says so; empty where it could not be put, which is warned of.
    """

    way: Way
    state: State
    brought: Brought | None = None
    marked: str = ""
    error: LockstepError | None = None

    @property
    def is_last(self) -> bool:
        """Whether something failed, or somebody stopped it: no other environment is begun after this one."""
        return self.state == "failed" or self.error is not None

    def regions(self) -> dict[str, tuple[int, int]]:
        """Return of each region how many stacks are as the release has them, and how many there are (REQ-R2)."""
        results = {one.stack: one.outcome for one in self.brought.results} if self.brought else {}
        found: dict[str, tuple[int, int]] = {}
        for name, region in self.way.regions.items():
            stands = self.state == "there" or results.get(name) in {"created", "updated", "unchanged"}
            done, all_of = found.get(region, (0, 0))
            found[region] = (done + stands, all_of + 1)
        return dict(sorted(found.items()))


def newest_consistent(root: Path, warn: Told) -> str:
    """Return the last release that every environment ran, verified and without drift.

    What is no record is left out and warned of: who deploys into one environment writes there, and must not keep the
    others from going back. Raises FailureError where there is none, TechnicalError where home cannot tell.
    """
    workspace = Workspace(root)
    project, table = workspace.deployable(), reachable(workspace).table()
    with clear_errors():
        pasts = [
            _past(table, workload, environment, warn)
            for environment in policy_of(root, project.environments).order
            for workload in sorted({stack.workload for stack in project.of(environment)})
        ]
    tag = last_consistent(pasts)
    if not tag:
        raise FailureError(
            "no release was good in every environment: let in, verified, never rolled back, and without drift\n"
            "  mend: name the release to go back to; `git tag --list 'deployed/*'` shows what succeeded where"
        )
    return tag


def _past(table: StateStore, workload: str, environment: str, warn: Told) -> Past:
    deployments = list(
        table.environment_releases(workload, environment, left_out(workload, environment, warn))
    )
    drifted = [
        one.detected_at
        for state in table.states(environment, workload)
        for one in table.drifts(state.key)
        if one.status == "drifted"
    ]
    return Past(deployments, drifted)


def go(ways: Ways, stage: Stage, clock: Clock) -> Iterator[Ended]:
    """Take each environment back in turn, and yield how it ended; where one fails or is stopped, it is the last begun.

    Raises ConfigurationError before any is begun where what is not committed would be lost.
    """
    for way in ways.ways:
        refuse_uncommitted(ways.root, way.branch, ways.tag)
    stopped = False
    for way in ways.ways:
        if stopped:
            yield Ended(way, "not begun")
            continue
        ended = _one(ways, way, stage, clock)
        stopped = ended.is_last
        yield ended


def _one(ways: Ways, way: Way, stage: Stage, clock: Clock) -> Ended:
    """Take one environment back, as far as that is left to do."""
    brought = None
    try:
        with clear_errors():
            if way.plan is not None:
                _refuse_odd(ways, way)
            table = ways.home.table()
            if way.plan is None:
                _restore(ways, way, stage)
                marked = mark_if_taken(ways.root, table, list(way.latest.values()), stage)
                return Ended(way, "there", marked=marked)
            brought = bring(
                ways.workspace,
                way.environment,
                checked_out(ways.workspace.root),
                stage,
                clock,
                _terms(ways, way, stage, clock),
            )
            if not brought.succeeded:
                return Ended(way, "failed", brought)
            return Ended(way, "back", brought, mark_if_taken(ways.root, table, brought.recorded, stage))
    except LockstepError as error:
        return Ended(way, "failed", brought, error=error)
    except KeyboardInterrupt:
        return _stopped(ways, way, brought)


def _stopped(ways: Ways, way: Way, brought: Brought | None) -> Ended:
    """Return how an environment stands where somebody stopped the run while no stack was under way."""
    state: State = "there" if way.plan is None else "failed" if brought is None else "back"
    how = (
        "before anything was deployed"
        if state == "failed"
        else f"{ways.tag} stands, and no tag may say so yet"
    )
    error = FailureError(
        f"{way.environment}: stopped at your request: {how}\n"
        "  mend: run the same command again, which carries on"
    )
    return Ended(way, state, brought, error=error)


def _refuse_odd(ways: Ways, way: Way) -> None:
    """Raise TechnicalError where the last that is recorded is no deployment: nobody could say what came after it."""
    for workload in way.workloads:
        try:
            ways.home.table().latest_environment_release(workload, way.environment)
        except ValueError as error:
            raise TechnicalError(
                f"the last deployment of {workload} into {way.environment} cannot be read: "
                f"{harmless(str(error)[:200])}\n"
                f"  mend: find out who wrote it, as who deploys into {way.environment} may, and remove that item; then "
                "run the same command again"
            ) from None


def _restore(ways: Ways, way: Way, stage: Stage) -> None:
    """Let the branch say what is going to run there, at the remote first."""
    branches.refresh(ways.root, way.branch)
    by = who(ways.home)
    takes = f"It takes the place of {way.replaced}.\n" if way.away else ""
    message = f"Back to {ways.tag} in {way.environment}\n\n{takes}By {by}, with `lockstep rollback`.\n"
    if branches.put_back(ways.root, way.branch, ways.tag, message).was_moved:
        stage.tell(f"{way.branch}: has the files of {ways.tag} again, by a new commit")
    else:
        branches.push(ways.root, f"refs/heads/{way.branch}")  # The remote may not have it yet.


def _terms(ways: Ways, way: Way, stage: Stage, clock: Clock) -> Return:
    return Return(
        way.environment,
        ways.tag,
        way.away,
        ways.workspace,
        stage,
        clock,
        note=f"rolled back to {ways.tag}" + (f" from {way.replaced}" if way.away else ""),
        seen={workload: one.number for workload, one in way.latest.items()},
        stateful=way.stateful,
        policy=policy_digest(ways.workspace.root),
        accepted=ways.accepted,
        first=partial(_restore, ways, way, stage),
    )
