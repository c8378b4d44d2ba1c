"""What `lockstep deploy` records at home: the release with its manifests, and how its deployment went (REQ-C1, REQ-C8).

The release is written before anything is deployed, so that a deployment that nobody could record does not begin. A run
that dies between beginning and end leaves `deploying`; the next one of the same release carries on under its number.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.aws import Aws
from pipelines.configuration import Manifest, digest_of, manifests
from pipelines.home import Home, home_of
from pipelines.release import Release as CheckedOut
from pipelines.state.records import EnvironmentRelease, Release, ReleaseState
from pipelines.state.store import StateStore
from pipelines.variances import FILES
from validator.errors import FailureError, TechnicalError

if TYPE_CHECKING:
    from pipelines.workspace import Workspace

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Recording:
    """The deployments that this run began, one for each workload of the environment."""

    table: StateStore
    begun: tuple[EnvironmentRelease, ...]
    clock: Clock

    def end(self, *, succeeded: bool) -> None:
        """Record how the run ended; raises TechnicalError where somebody else ended one of them otherwise."""
        state: ReleaseState = "succeeded" if succeeded else "failed"
        for one in self.begun:
            if not self.table.end_environment_release(
                one.workload, one.environment, one.number, state, self.clock()
            ):
                raise TechnicalError(
                    f"deployment {one.number} of {one.workload} into {one.environment} was ended by somebody else"
                )


def begin(workspace: Workspace, environment: str, checked_out: CheckedOut, clock: Clock) -> Recording | None:
    """Write the release to the configuration store, and say in the table that it is being deployed.

    None where there is no home yet. Raises FailureError where the release's name stands for another content, botocore's
    errors where home cannot be written: nothing is deployed then.
    """
    project = workspace.project()
    home = home_of(project, environment)
    if home is None:
        return None
    written = _write(workspace, home, checked_out)
    table, by = home.table(), _who(home)
    begun = []
    for workload in dict.fromkeys(stack.workload for stack in project.of(environment)):
        release = _release(workload, checked_out, [m for m in written if m.workload == workload])
        if not table.put_release(release):
            raise FailureError(
                f"release {release.tag} of {workload} is recorded with another content\n"
                "  mend: commit what differs, so that the release gets another name"
            )
        begun.append(_begin(table, release, environment, clock, by))
    return Recording(table, tuple(begun), clock)


def _write(workspace: Workspace, home: Home, checked_out: CheckedOut) -> list[Manifest]:
    """Write the manifests of every environment: what a release is somewhere does not depend on where it went first."""
    project = workspace.project()
    name, policy = _policy(workspace.root)
    named = (checked_out.version, checked_out.commit, checked_out.time)
    found = list(manifests(project, workspace.settings(), (name, policy), named))
    bodies = (stack.sent.encode() for stack in project.stacks)
    home.store().put_release(found, {digest_of(body): body for body in bodies}, policy)
    return found


def _policy(root: Path) -> tuple[str, bytes]:
    """Return the name and the text of the file of variances; one that declares nothing where there is no file."""
    name = next((name for name in FILES if (root / name).is_file()), None)
    return (name, (root / name).read_bytes()) if name else (FILES[0], b"variances: []\n")


def _release(workload: str, checked_out: CheckedOut, those: list[Manifest]) -> Release:
    return Release(
        workload=workload,
        tag=checked_out.version,
        commit=checked_out.commit,
        time=datetime.fromisoformat(checked_out.time),
        digests={manifest.environment: manifest.digest for manifest in those},
    )


def _begin(
    table: StateStore, release: Release, environment: str, clock: Clock, by: str
) -> EnvironmentRelease:
    """Carry on with the deployment that an earlier run of this release left, or begin the next one."""
    latest = table.latest_environment_release(release.workload, environment)
    if latest is not None and latest.state == "deploying":
        if (latest.tag, latest.manifest_digest) == (release.tag, release.digests[environment]):
            return latest
        table.end_environment_release(release.workload, environment, latest.number, "failed", clock())
    begun = table.begin_environment_release(release, environment, clock(), by)
    if begun is None:
        raise TechnicalError(f"somebody else is deploying {release.workload} into {environment}; run again")
    return begun


def _who(home: Home) -> str:
    """Return who deploys: the identity that the credentials are of, and whom GitHub names beside it.

    The first AWS vouches for; the second whoever starts the process may set.
    """
    identity = str(Aws(home.aws.region).client("sts").get_caller_identity()["Arn"])
    actor = os.environ.get("GITHUB_ACTOR")
    return f"{identity} (github:{actor})" if actor else identity
