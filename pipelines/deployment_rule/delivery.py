"""What a delivery asks: read strictly, since whoever reaches the address may send anything. Pure (REQ-G9).

https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment_protection_rule
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from pipelines.state.records import RuleRequest
from pipelines.state.times import moment

from .signature import is_signed

EVENT = "deployment_protection_rule"
MOST_BYTES = 2**20
"""Of a body. GitHub's own take some 30 kB, more with pull requests."""
MOST_AGE = timedelta(days=3)
"""How old what is asked may be: GitHub delivers again, on request, for three days."""
SKEW = timedelta(minutes=5)
HOST = "https://api.github.com"
_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
_REF = re.compile(r"[^\s\x00-\x1f\x7f~^:?*\[\\]{1,255}")
_GUID = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)


class Refused(Exception):  # noqa: N818 - no error of ours: an answer
    """A delivery that is not taken: the HTTP status, and why. The reason quotes nothing that was sent."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Expected:
    """Whom to believe, and of what: secrets, `owner/name`, and the environments that the rule stands before."""

    secrets: Sequence[str]
    repository: str
    environments: Sequence[str]


def taken(headers: Mapping[str, str], body: bytes, expected: Expected, now: datetime) -> RuleRequest | None:
    """Return what GitHub asks; None for another event, of which there is nothing to do. Raises Refused."""
    named = {name.lower(): value for name, value in headers.items()}
    if len(body) > MOST_BYTES:
        raise Refused(413, f"the body has more than {MOST_BYTES} bytes")
    if not is_signed(body, named.get("x-hub-signature-256"), expected.secrets):
        raise Refused(401, "the signature is not of this body")
    if named.get("x-github-event") != EVENT:
        return None
    delivery = named.get("x-github-delivery", "")
    if not _GUID.fullmatch(delivery):
        raise Refused(400, "X-GitHub-Delivery is no id")
    request = _request(_document(body), delivery, expected, now)
    if now - request.made_at > MOST_AGE:
        raise Refused(422, f"the deployment is older than {MOST_AGE.days} days")
    if request.made_at - now > SKEW:
        raise Refused(422, "the deployment is of a time that is still to come")
    return request


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON document") from None
    if not isinstance(document, dict):
        raise Refused(400, "the body is no JSON object")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _no_number(_text: str) -> NoReturn:
    raise ValueError("no number of JSON")


def _request(document: Mapping[str, Any], delivery: str, expected: Expected, now: datetime) -> RuleRequest:
    deployment = _object(document, "deployment")
    repository, environment = (
        _text(_object(document, "repository"), "full_name"),
        _text(document, "environment"),
    )
    commit = _text(deployment, "sha")
    if document.get("action") != "requested":
        raise Refused(422, "the action is none that the rule knows")
    if repository != expected.repository:
        raise Refused(422, "this rule answers for another repository")
    if environment not in expected.environments:
        raise Refused(422, "the rule stands before no such environment")
    if _text(deployment, "environment") != environment or document.get("sha", commit) != commit:
        raise Refused(422, "the deployment is another than the one that is asked about")
    if not _COMMIT.fullmatch(commit):
        raise Refused(422, "deployment.sha is no commit")
    ref = _text(deployment, "ref").removeprefix("refs/heads/")
    if not _REF.fullmatch(ref):
        raise Refused(422, "deployment.ref is no name of a branch")
    return RuleRequest(
        deployment=_number(deployment, "id"),
        repository=repository,
        environment=environment,
        run=_run(_text(document, "deployment_callback_url"), repository),
        commit=commit,
        ref=ref,
        installation=_number(_object(document, "installation"), "id"),
        delivery=delivery,
        made_at=_time(_text(deployment, "created_at")),
        received_at=now,
    )


def _run(url: str, repository: str) -> int:
    """Return the run that an address to answer at is of. The address itself is never called."""
    form = rf"{re.escape(f'{HOST}/repos/{repository}')}/actions/runs/([1-9][0-9]{{0,17}})/{EVENT}"
    found = re.fullmatch(form, url, re.ASCII)
    if found is None:
        raise Refused(422, "deployment_callback_url is no address of this repository's runs at GitHub")
    return int(found[1])


def _object(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    if not isinstance(found, dict):
        raise Refused(422, f"{name} is no object")
    return found


def _text(values: Mapping[str, Any], name: str) -> str:
    found = values.get(name)
    if not isinstance(found, str) or not found:
        raise Refused(422, f"{name} is no text")
    return found


def _number(values: Mapping[str, Any], name: str) -> int:
    found = values.get(name)
    if type(found) is not int or not 0 < found < 10**18:
        raise Refused(422, f"{name} is no number of GitHub's")
    return found


def _time(text: str) -> datetime:
    try:
        return moment(text)
    except ValueError:
        raise Refused(422, "created_at is no time") from None
