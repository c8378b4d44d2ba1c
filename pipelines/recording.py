"""What `lockstep deploy` records at home: the release with its manifests, and how its deployment went (REQ-C1, REQ-C8).

The release is written before anything is deployed, so that a deployment that nobody could record does not begin. One
run at a time deploys to an environment: it holds the environment's locks. A run that dies between beginning and end
leaves `deploying`; the next one of the same release carries on under its number, once the locks have ended.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from pipelines.agents import agents_of
from pipelines.aws import Aws
from pipelines.holding import Clock, Hold
from pipelines.home import Home, home_of
from pipelines.release import Release as CheckedOut
from pipelines.release_record import keep
from pipelines.state.records import Ending, EnvironmentRelease, Lock, Release, ReleaseState
from pipelines.state.store import StateStore
from pipelines.unexecuted import remove_unexecuted
from validator.errors import TechnicalError

if TYPE_CHECKING:
    from pipelines.workspace import Workspace
    from validator.model import Stack


@dataclass(frozen=True, slots=True)
class Recording:
    """The deployments that this run began, one for each workload. Leaving it gives the environment's locks back."""

    home: Home
    table: StateStore
    begun: tuple[EnvironmentRelease, ...]
    clock: Clock
    hold: Hold

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hold.close()

    def guard(self, stop: threading.Event) -> None:
        """Set `stop` when another run may have begun, since this one lost its locks."""
        self.hold.guard(stop)

    def end(self, *, succeeded: bool, evidence: str = "", back_to: str = "") -> None:
        """Record how the run ended; `evidence` is the digest of what is kept of it, `back_to` the release that is to
        take its place again.

        Raises TechnicalError where the locks are another run's by now, or somebody else ended a deployment otherwise.
        """
        state: ReleaseState = "succeeded" if succeeded else "failed"
        for one in self.begun:
            if not self.table.end_environment_release(
                one.workload,
                one.environment,
                one.number,
                state,
                self.clock(),
                self.hold.locks[one.workload],
                Ending(evidence, back_to),
            ):
                raise _lost(one.workload, one.environment)


class Letting(Protocol):
    """Lets a release in once it is kept and the environment's locks are held."""

    def admit(self, home: Home, hold: Hold) -> str:
        """Return the digest of the decision, empty where none is asked for; or raise."""

    def why(self, home: Home, releases: Iterable[Release]) -> str:
        """Keep why there is no decision, and return the digest of that; empty for nothing to keep."""


def begin(
    workspace: Workspace,
    environment: str,
    checked_out: CheckedOut,
    clock: Clock,
    terms: Letting | None = None,
) -> Recording | None:
    """Write the release to the configuration store, and say in the table that it is being deployed.

    `terms` are asked between the two. None where there is no home yet. Raises PendingError while another run deploys to
    the environment, FailureError where the release's name stands for another content, botocore's errors where home
    cannot be written, and whatever `terms` raise: nothing is deployed then.
    """
    project = workspace.project()
    home = home_of(project, environment)
    if home is None:
        return None
    table, by = home.table(), who(home)
    workloads = {stack.workload for stack in project.of(environment)}
    with ExitStack() as undo:
        hold = Hold.take(home.table(impatient=True), workloads, environment, by, clock)
        undo.callback(hold.close)
        _leave_nothing(table, project.of(environment), environment)
        releases = keep(workspace, home, environment, checked_out)
        decision = terms.admit(home, hold) if terms is not None else ""
        reason = terms.why(home, releases) if terms is not None and not decision else ""
        places = [f"{agent.account}/{agent.region}" for agent in agents_of(project, environment)]
        begun = tuple(
            _begin(table, one, clock, by, hold.locks[one.workload], places, (decision, reason))
            for one in releases
        )
        undo.pop_all()
    return Recording(home, table, begun, clock, hold)


def _leave_nothing(table: StateStore, stacks: Sequence[Stack], environment: str) -> None:
    """Remove what a run would execute that stands still, where the end of the last deployment is not recorded.

    Whoever records that end, or carries the deployment on, comes by here first: others need not ask.
    """
    latest = [
        table.latest_environment_release(one, environment) for one in {each.workload for each in stacks}
    ]
    if any(one is not None and one.state == "deploying" for one in latest):
        remove_unexecuted(stacks)


def _begin(
    table: StateStore,
    release: Release,
    clock: Clock,
    by: str,
    lock: Lock,
    places: Iterable[str],
    kept: tuple[str, str],
) -> EnvironmentRelease:
    """Carry on with the deployment that an earlier run of this release left, or begin the next one.

    `kept` are the digests of the decision, and of the reason where there is none: of another reason it is another one.
    """
    workload, environment = release.workload, release.environment
    latest = table.latest_environment_release(workload, environment)
    if latest is not None and latest.state == "deploying":
        terms = (latest.tag, latest.manifest_digest, (latest.decision, latest.evidence))
        if terms == (release.tag, release.digests[environment], kept):
            return latest
        table.end_environment_release(workload, environment, latest.number, "failed", clock(), lock)
    begun = table.begin_environment_release(release, clock(), by, lock, places, *kept)
    if begun is None:
        raise _lost(workload, environment)
    return begun


def _lost(workload: str, environment: str) -> TechnicalError:
    return TechnicalError(
        f"this run lost the lock of {workload} in {environment}: another run may have begun, and how this one ended is "
        "not recorded\n"
        f"  mend: run the same command again; it says who deploys, or carries on"
    )


def who(home: Home) -> str:
    """Return who deploys: the identity that the credentials are of, and whom GitHub names beside it.

    The first AWS vouches for; the second whoever starts the process may set.
    """
    identity = str(Aws(home.aws.region).client("sts").get_caller_identity()["Arn"])
    actor = os.environ.get("GITHUB_ACTOR")
    return f"{identity} (github:{actor})" if actor else identity
