"""What a release is, kept at home under its name: its objects in the configuration store, its digests in the table.

Both lie where the deployments of one environment alone may write (REQ-P8), with the manifests of every environment in
them: what a release is somewhere does not depend on where it went first (REQ-C8).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.configuration import Manifest, digest_of, manifests
from pipelines.home import Home
from pipelines.release import Release as CheckedOut
from pipelines.state.records import Release
from pipelines.state.store import StateStore
from pipelines.variances import FILES
from validator.errors import FailureError

if TYPE_CHECKING:
    from pipelines.workspace import Workspace


def keep(workspace: Workspace, home: Home, environment: str, checked_out: CheckedOut) -> list[Release]:
    """Keep what is checked out as the release of each workload of an environment, and return those.

    Raises FailureError where its name stands for another content in this environment or in the one before it,
    botocore's errors where home cannot be written.
    """
    project, table = workspace.project(), home.table()
    written = _write(workspace, home, environment, checked_out)
    releases = []
    for workload in dict.fromkeys(stack.workload for stack in project.of(environment)):
        digests = {each.environment: each.digest for each in written if each.workload == workload}
        time = datetime.fromisoformat(checked_out.time)
        release = Release(workload, environment, checked_out.version, checked_out.commit, time, digests)
        put(table, release, project.environments)
        releases.append(release)
    return releases


def put(table: StateStore, release: Release, order: tuple[str, ...]) -> None:
    """Keep a release in the table, if its name stands for that and nothing else here and in the environment before.

    `order` is that of promotion. No further environment is asked, so that whoever controls dev can keep no name from
    prod; from the next one it keeps a release anyway, since nothing succeeds in dev then (REQ-G1). Raises FailureError.
    """
    place = order.index(release.environment) if release.environment in order else 0
    for environment in order[max(place - 1, 0) : place]:
        before = table.release(release.workload, release.tag, environment)
        if before is not None and replace(before, environment=release.environment) != release:
            raise _taken(release, before)
    if not table.put_release(release):
        raise _taken(release, table.release(release.workload, release.tag, release.environment))


def _taken(release: Release, other: Release | None) -> FailureError:
    where, commit = (other.environment, other.commit[:12]) if other else (release.environment, "")
    return FailureError(
        f"release {release.tag} of {release.workload} is recorded in {where} with another content, of commit {commit}; "
        f"commit {release.commit[:12]} is checked out\n"
        "  mend: commit what differs and tag that, so that the release gets another name; if nobody deployed the "
        "other one, see docs/failed-deployment.md"
    )


def _write(workspace: Workspace, home: Home, environment: str, checked_out: CheckedOut) -> list[Manifest]:
    project = workspace.project()
    name, policy = _policy(workspace.root)
    named = (checked_out.version, checked_out.commit, checked_out.time)
    found = list(manifests(project, workspace.settings(), (name, policy), named))
    bodies = (stack.sent.encode() for stack in project.stacks)
    home.store(environment).put_release(found, {digest_of(body): body for body in bodies}, policy)
    return found


def _policy(root: Path) -> tuple[str, bytes]:
    """Return the name and the text of the file of variances; one that declares nothing where there is no file."""
    name = next((name for name in FILES if (root / name).is_file()), None)
    return (name, (root / name).read_bytes()) if name else (FILES[0], b"variances: []\n")
