"""A deployment that was taken back, as a message in the form of an alert's (REQ-R4, REQ-C5). Pure."""

from __future__ import annotations

import json
from typing import Any

from pipelines.state.records import EnvironmentRelease, Severity
from pipelines.state.times import timestamp

from .alerts import PRODUCTION
from .document import one_line
from .messages import MACHINES, RUNBOOKS, SUBJECT, Message

SCHEMA = "lockstep/rolled-back/v1"
KIND = "rollback"
_TO_DO = (
    "See what runs: lockstep status {environment}. Mend what was wrong, and release that under a new tag: this one "
    "stays out of every environment."
)
_LONGEST = 256


def rolled_back(release: EnvironmentRelease, runbooks: str = RUNBOOKS) -> Message:
    """Return the message of a deployment that was taken back; `runbooks` is the URL of their folder."""
    machine = json.dumps(document(release, runbooks), ensure_ascii=True)
    body = json.dumps({"default": text(release, runbooks), **dict.fromkeys(MACHINES, machine)})
    attributes = {
        "environment": release.environment,
        "severity": severity(release),
        "kind": KIND,
        "workload": release.workload,
    }
    return Message("rollback", subject(release), body, attributes)


def severity(release: EnvironmentRelease) -> Severity:
    """Return how bad it is: as bad as a stack that was rolled back."""
    return "critical" if release.environment == PRODUCTION else "warning"


def subject(release: EnvironmentRelease) -> str:
    """Return the subject: ASCII, one line, fewer than 100 characters."""
    line = f"[{release.environment}] ROLLED BACK {release.tag} of {release.workload}, deployment {release.number}"
    return one_line(line.encode("ascii", "replace").decode(), SUBJECT)


def text(release: EnvironmentRelease, runbooks: str = RUNBOOKS) -> str:
    """Return what people read: what, where, since when, what to do."""
    lines = [
        said(release),
        "",
        f"Where:   environment {release.environment}, workload {release.workload}",
        f"Since:   {_ended(release)}",
        f"To do:   {_TO_DO.format(environment=release.environment)}",
        f"Runbook: {runbook(runbooks)}",
        f"Id:      {identity(release)}",
    ]
    return "\n".join(lines) + "\n"


def said(release: EnvironmentRelease) -> str:
    """Return what happened, in one line."""
    tag, by = (one_line(value, _LONGEST) for value in (release.tag, release.by))
    return (
        f"{tag} of {release.workload} was taken back in {release.environment}: deployment {release.number}, begun "
        f"{timestamp(release.started_at)} by {by}."
    )


def runbook(runbooks: str) -> str:
    """Return the page that says what to do."""
    return f"{runbooks}/{KIND}.md"


def identity(release: EnvironmentRelease) -> str:
    """Return the id of the announcement: a receiver that sees it twice drops the second."""
    return f"{KIND}:{release.workload}:{release.environment}#{release.number}"


def document(release: EnvironmentRelease, runbooks: str = RUNBOOKS) -> dict[str, Any]:
    """Return what machines read; `tests/schemas/rolled-back.json` describes it."""
    return {
        "schema": SCHEMA,
        "id": identity(release),
        "kind": KIND,
        "severity": severity(release),
        "environment": release.environment,
        "workload": release.workload,
        "release": one_line(release.tag, _LONGEST),
        "number": release.number,
        "manifest_digest": release.manifest_digest,
        "started_at": timestamp(release.started_at),
        "rolled_back_at": _ended(release),
        "by": one_line(release.by, _LONGEST),
        "subject": subject(release),
        "text": said(release),
        "runbook": runbook(runbooks),
    }


def _ended(release: EnvironmentRelease) -> str:
    return timestamp(release.ended_at or release.started_at)
