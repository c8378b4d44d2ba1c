"""A deployment that came to stay, or was taken back, as a message in the form of an alert's (REQ-R4, REQ-C5). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.state.records import EnvironmentRelease, Severity
from pipelines.state.times import timestamp

from .alerts import PRODUCTION
from .document import one_line
from .messages import MACHINES, RUNBOOKS, SUBJECT, Message, Topic

_LONGEST = 256


@dataclass(frozen=True, slots=True)
class Telling:
    """How one kind of news is told: where, and in which words.

    `ended` is what machines call the time of it, `to_do` may name the environment and the release.
    """

    kind: str
    topic: Topic
    schema: str
    title: str
    happened: str
    ended: str
    runbook: str
    to_do: str


TELLINGS: Mapping[str, Telling] = {
    "rolled_back": Telling(
        kind="rollback",
        topic="rollback",
        schema="lockstep/rolled-back/v1",
        title="ROLLED BACK",
        happened="was taken back",
        ended="rolled_back_at",
        runbook="rollback",
        to_do="See what runs: lockstep status {environment}. Mend what was wrong, and release that under a new tag: "
        "this one stays out of every environment.",
    ),
    "succeeded": Telling(
        kind="delivery",
        topic="validation",
        schema="lockstep/delivered/v1",
        title="DEPLOYED",
        happened="was deployed",
        ended="succeeded_at",
        runbook="deployment",
        to_do="Nothing. What let it in: lockstep evidence {release}. What runs: lockstep status {environment}.",
    ),
}
"""The states of a deployment that are told, each once."""


def message(release: EnvironmentRelease, runbooks: str = RUNBOOKS) -> Message:
    """Return the message of a deployment in one of the states of `TELLINGS`; `runbooks` is the URL of their folder."""
    told = TELLINGS[release.state]
    machine = json.dumps(document(release, runbooks), ensure_ascii=True)
    body = json.dumps({"default": text(release, runbooks), **dict.fromkeys(MACHINES, machine)})
    attributes = {
        "environment": release.environment,
        "severity": severity(release),
        "kind": told.kind,
        "workload": release.workload,
    }
    return Message(told.topic, subject(release), body, attributes)


def severity(release: EnvironmentRelease) -> Severity:
    """Return how bad it is: what is taken back as bad as a stack that was; past the gates into prod, worth a look."""
    in_production = release.environment == PRODUCTION
    if release.state == "rolled_back":
        return "critical" if in_production else "warning"
    return "warning" if in_production and not release.decision else "info"


def subject(release: EnvironmentRelease) -> str:
    """Return the subject: ASCII, one line, fewer than 100 characters."""
    title = TELLINGS[release.state].title
    line = f"[{release.environment}] {title} {release.tag} of {release.workload}, deployment {release.number}"
    return one_line(line.encode("ascii", "replace").decode(), SUBJECT)


def text(release: EnvironmentRelease, runbooks: str = RUNBOOKS) -> str:
    """Return what people read: what, where, since when, what to do."""
    to_do = TELLINGS[release.state].to_do
    lines = [
        said(release),
        "",
        f"Where:   environment {release.environment}, workload {release.workload}",
        f"Since:   {_ended(release)}",
        f"To do:   {to_do.format(environment=release.environment, release=one_line(release.tag, _LONGEST))}",
        f"Runbook: {runbook(release, runbooks)}",
        f"Id:      {identity(release)}",
    ]
    return "\n".join(lines) + "\n"


def said(release: EnvironmentRelease) -> str:
    """Return what happened, in one line; also whether the gates let it in, where it came to stay."""
    tag, by = (one_line(value, _LONGEST) for value in (release.tag, release.by))
    how = ""
    if release.state == "succeeded":
        how = ", let in by the gates and verified" if release.decision else ", past the gates"
    return (
        f"{tag} of {release.workload} {TELLINGS[release.state].happened} in {release.environment}: deployment "
        f"{release.number}, begun {timestamp(release.started_at)} by {by}{how}."
    )


def runbook(release: EnvironmentRelease, runbooks: str) -> str:
    """Return the page that says more."""
    return f"{runbooks}/{TELLINGS[release.state].runbook}.md"


def identity(release: EnvironmentRelease) -> str:
    """Return the id of the announcement: a receiver that sees it twice drops the second."""
    kind = TELLINGS[release.state].kind
    return f"{kind}:{release.workload}:{release.environment}#{release.number}"


def document(release: EnvironmentRelease, runbooks: str = RUNBOOKS) -> dict[str, Any]:
    """Return what machines read; `tests/schemas/rolled-back.json` and `delivered.json` describe it."""
    told = TELLINGS[release.state]
    return {
        "schema": told.schema,
        "id": identity(release),
        "kind": told.kind,
        "severity": severity(release),
        "environment": release.environment,
        "workload": release.workload,
        "release": one_line(release.tag, _LONGEST),
        "number": release.number,
        "manifest_digest": release.manifest_digest,
        "started_at": timestamp(release.started_at),
        told.ended: _ended(release),
        "by": one_line(release.by, _LONGEST),
        "subject": subject(release),
        "text": said(release),
        "runbook": runbook(release, runbooks),
    }


def _ended(release: EnvironmentRelease) -> str:
    return timestamp(release.ended_at or release.started_at)
