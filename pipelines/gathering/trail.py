"""What is kept of a release: records of the table with statements of the configuration store, or a saved folder. I/O.

A folder has `release.json` with the records, and each statement as `<64 hexadecimal digits>.json` (REQ-G6).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.attestation.links import Flaw
from pipelines.attestation.trail import Fetch, Trail, Verified, named
from pipelines.configuration.errors import ObjectMissingError
from pipelines.configuration.keys import SHA256, is_digest
from pipelines.delivery.odd import left_out
from pipelines.state.codec import decoded, encoded
from pipelines.state.keys import promotion
from pipelines.state.records import Approval, EnvironmentRelease, KeptDecision, Promotion
from validator.environments import SHARED
from validator.errors import ConfigurationError

if TYPE_CHECKING:
    from pipelines.home import Home
    from pipelines.state.store import StateStore
    from validator.model import Project

RECORDS = "release.json"
FORM = "lockstep/evidence-folder/v1"
Record = TypeVar("Record")


def recorded(home: Home, project: Project, release: str, warn: Callable[[str], None]) -> Trail:
    """Return what the table has of a release, in every environment and the home; what is no record is warned of."""
    table, order = home.table(), (SHARED, *project.environments)
    placed = [
        (workload, environment)
        for environment in order
        for workload in sorted({stack.workload for stack in project.of(environment)})
    ]
    deployments = tuple(
        one
        for place in placed
        for one in table.environment_releases(*place, left_out(*place, warn))
        if one.tag == release
    )
    steps = zip(project.environments, project.environments[1:], strict=False)
    found = (
        _promotion(table, (workload, release, source, target), warn)
        for source, target in steps
        for workload, environment in placed
        if environment == target
    )
    approvals = sorted(table.approvals(release), key=lambda one: (one.environment, one.at, one.by))
    promotions = tuple(one for one in found if one)
    decisions = (one for place in placed for one in table.decisions(*place, left_out(*place, warn)))
    made = sorted((one for one in decisions if one.tag == release), key=lambda one: (one.at, one.workload))
    return Trail(release, deployments, promotions, tuple(approvals), tuple(made))


def _promotion(
    table: StateStore, step: tuple[str, str, str, str], warn: Callable[[str], None]
) -> Promotion | None:
    workload, _release, _source, target = step
    key = promotion(*step)  # A name that no release has is said before anything is read.
    try:
        return table.promotion(*step)
    except ValueError as error:
        left_out(workload, target, warn)(f"{key.pk}: {error}"[:200])
        return None


def stored(home: Home) -> Fetch:
    """Return how statements are read from the configuration store, as they are now."""

    def fetch(environment: str, digest: str) -> bytes | None:
        try:
            return home.store(environment).evidence_as_it_is(digest) if is_digest(digest) else None
        except ObjectMissingError:
            return None

    return fetch


def save(verified: Verified, folder: Path) -> None:
    """Write records and statements; raises ConfigurationError where the folder cannot be written."""
    trail = verified.trail
    records = {
        "schema": FORM,
        "release": trail.release,
        "deployments": encoded(trail.deployments),
        "promotions": encoded(trail.promotions),
        "approvals": encoded(trail.approvals),
        "decisions": encoded(trail.decisions),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in verified.kept:
            _file(folder, one.digest).write_bytes(one.statement.text)
        (folder / RECORDS).write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        hint = "choose a folder that can be written to"
        raise ConfigurationError.single(str(error), key="--output", hint=hint) from None


def saved(folder: Path, release: str) -> Trail:
    """Return the records of a folder. Raises ConfigurationError where it has none, or of another release."""
    path = folder / RECORDS
    hint = "name a folder that `lockstep evidence RELEASE --output DIR` wrote"
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        if found["schema"] != FORM:
            raise ValueError(f"its schema is {found['schema']!r}")
        trail = Trail(
            str(found["release"]),
            _all(EnvironmentRelease, found["deployments"]),
            _all(Promotion, found["promotions"]),
            _all(Approval, found["approvals"]),
            _all(KeptDecision, found.get("decisions", [])),  # Folders of earlier versions have none.
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"holds no records of evidence: {type(error).__name__}: {error}"[:300]
        raise ConfigurationError.single(message, file=str(path), hint=hint) from None
    if trail.release != release:
        raise ConfigurationError.single(f"is of {trail.release}, not of {release}", file=str(path), hint=hint)
    wrong = [digest for _, digest in trail.named() if not is_digest(digest)]
    if wrong:
        raise ConfigurationError.single(f"{wrong[0][:80]!r} is no digest", file=str(path), hint=hint)
    return trail


def filed(folder: Path) -> Fetch:
    """Return how statements are read from a folder."""

    def fetch(_environment: str, digest: str) -> bytes | None:
        try:
            return _file(folder, digest).read_bytes() if is_digest(digest) else None
        except OSError:
            return None

    return fetch


def strays(folder: Path, verified: Verified) -> tuple[Flaw, ...]:
    """Return what lies in a folder that no record names: it would pass for kept evidence."""
    known = {_file(folder, digest).name for digest in named(verified)} | {RECORDS}
    mend = "remove it, or save the evidence anew"
    return tuple(
        Flaw("", f"{file.name}: no record names it", mend)
        for file in sorted(folder.iterdir())
        if file.name not in known
    )


def _file(folder: Path, digest: str) -> Path:
    return folder / f"{digest.removeprefix(SHA256)}.json"


def _all(kind: type[Record], values: list[Mapping[str, Any]]) -> tuple[Record, ...]:
    return tuple(decoded(kind, each) for each in values)
