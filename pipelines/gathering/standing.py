"""What last entered an environment, by home's records: from there on who makes a release is counted. I/O (REQ-G2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from pipelines.delivery.git import git, resolved
from pipelines.promotion.people import FILE, People
from pipelines.state.store import StateStore
from validator.errors import TechnicalError


def entered(
    root: Path, table: StateStore, workloads: Iterable[str], environment: str, without: str = ""
) -> tuple[str, ...]:
    """Return the commits of the releases that gates let into an environment last, and that succeeded; the newest first.

    One for each workload that has any; workloads mostly have the same. A release that has the commit `without` in it,
    as when the same comes again, or an older one, is passed over: who made it would be nobody. That is for authors
    alone: policy, people and keys of what runs there count for an older commit too, which anybody may tag. Raises
    TechnicalError where a release is recorded that git does not have.
    """
    found = dict[str, datetime]()
    for workload in workloads:
        for past in table.environment_releases(workload, environment):
            if past.state != "succeeded" or not past.decision or past.ended_at is None:
                continue
            release = table.release(workload, past.tag, environment)
            if release is None:
                raise TechnicalError(
                    f"{environment} has no record of {workload} {past.tag}, which succeeded there"
                )
            if resolved(root, f"{release.commit}^{{commit}}") is None:
                raise TechnicalError(
                    f"git has no commit {release.commit[:12]}, which {environment} runs as {past.tag}"
                )
            if without and _has(root, release.commit, without):
                continue
            found[release.commit] = max(past.ended_at, found.get(release.commit, past.ended_at))
            break
    return tuple(sorted(found, key=found.__getitem__, reverse=True))


def people_of(root: Path, since: Sequence[str]) -> People | None:
    """Return the list of people of what last entered; None where nothing did, or where it has none.

    It is not that of the release that asks to be let in: who made that could say in it that they are two. Raises
    ConfigurationError where it is wrong.
    """
    from pipelines.promotion.people_file import read

    if not since or resolved(root, f"{since[0]}:./{FILE}") is None:
        return None
    return read(git(root, "show", f"{since[0]}:./{FILE}"), since[0])


def _has(root: Path, newer: str, commit: str) -> bool:
    """Tell whether a commit lies in another's history, or is that."""
    return not git(root, "--no-replace-objects", "rev-list", "--max-count=1", commit, f"^{newer}")
