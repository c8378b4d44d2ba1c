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
    written, (_, policy) = manifests_of(workspace, checked_out), policy_of(workspace.root)
    releases = [
        _release(workload, environment, checked_out, written)
        for workload in dict.fromkeys(stack.workload for stack in project.of(environment))
    ]
    for release in releases:  # before the store has anything of another content under the name
        refuse_taken(table, release, project.environments)
    bodies = (stack.sent.encode() for stack in project.stacks)
    home.store(environment).put_release(written, {digest_of(body): body for body in bodies}, policy)
    for release in releases:
        put(table, release)
    return releases


def manifests_of(workspace: Workspace, checked_out: CheckedOut) -> list[Manifest]:
    """Return what is checked out as a release: the manifest of each workload in each environment."""
    named = (checked_out.version, checked_out.commit, checked_out.time)
    return list(manifests(workspace.project(), workspace.settings(), policy_of(workspace.root), named))


def refuse_taken(table: StateStore, release: Release, order: tuple[str, ...]) -> None:
    """Raise FailureError where a release's name stands for something else here or in the environment before.

    `order` is that of promotion. No further environment is asked, so that whoever controls dev can keep no name from
    prod; from the next one it keeps a release anyway, since nothing succeeds in dev then (REQ-G1).
    """
    place = order.index(release.environment) if release.environment in order else 0
    for environment in (*order[max(place - 1, 0) : place], release.environment):
        other = table.release(release.workload, release.tag, environment)
        if other is not None and replace(other, environment=release.environment) != release:
            raise _taken(release, other)


def put(table: StateStore, release: Release) -> None:
    """Keep a release in the table. Raises FailureError where its name was taken for something else meanwhile."""
    if not table.put_release(release):
        raise _taken(release, table.release(release.workload, release.tag, release.environment))


def _release(workload: str, environment: str, checked_out: CheckedOut, written: list[Manifest]) -> Release:
    digests = {each.environment: each.digest for each in written if each.workload == workload}
    time = datetime.fromisoformat(checked_out.time)
    return Release(workload, environment, checked_out.version, checked_out.commit, time, digests)


def _taken(release: Release, other: Release | None) -> FailureError:
    where, commit = (other.environment, other.commit[:12]) if other else (release.environment, "")
    return FailureError(
        f"release {release.tag} of {release.workload} is recorded in {where} with another content, of commit {commit}; "
        f"commit {release.commit[:12]} is checked out\n"
        "  mend: commit what differs and tag that, so that the release gets another name; if nobody deployed the "
        "other one, see docs/failed-deployment.md"
    )


def policy_of(root: Path) -> tuple[str, bytes]:
    """Return the name and the text of the file of variances; one that declares nothing where there is no file."""
    name = next((name for name in FILES if (root / name).is_file()), None)
    return (name, (root / name).read_bytes()) if name else (FILES[0], b"variances: []\n")
