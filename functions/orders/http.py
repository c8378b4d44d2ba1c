"""The HTTP side of the API: from an API Gateway proxy event to an answer. No AWS, no clock, no state."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.orders import problem
from functions.orders.document import MalformedDocumentError, read_json, write_json
from functions.orders.intake import Intake, Outcome, Submission
from functions.orders.order import InvalidOrderError, is_order_id, parse_order
from functions.orders.problem import Problem, ProblemError

MAX_BODY_BYTES = 8192
"""A valid order takes under 400 bytes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    document: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def to_event(self) -> dict[str, Any]:
        """Return the answer as API Gateway's Lambda proxy integration takes it."""
        headers = {"Content-Type": self.content_type, "Cache-Control": "no-store", **self.headers}
        return {"statusCode": self.status, "headers": headers, "body": write_json(self.document)}


def refuse(refusal: Problem, instance: str) -> Answer:
    """Return the answer that carries a problem document."""
    return Answer(refusal.status, refusal.to_document(instance), refusal.headers, problem.CONTENT_TYPE)


def respond(
    event: Mapping[str, Any], desk: Callable[[], Intake], observe: Callable[[Submission], None]
) -> Answer:
    """Answer one request (payload format 1.0); `observe` sees each submission. Raises `ProblemError`.

    `desk` gives the intake to those requests that need it: health is open to anybody and must not cost an AWS call.
    """
    match (event["httpMethod"], *event["path"].split("/")[1:]):
        case ("POST", "orders"):
            return _submit(event, desk(), observe)
        case (_, "orders"):
            raise ProblemError(problem.method_not_allowed("POST"))
        case ("GET", "orders", order_id):
            return _find(order_id, desk())
        case ("GET", "health"):
            return Answer(200, {"status": "ok"})
        case (_, "orders", _) | (_, "health"):
            raise ProblemError(problem.method_not_allowed("GET"))
        case _:
            raise ProblemError(problem.not_found("Post to orders, or get orders/{order_id} or health."))


def _submit(event: Mapping[str, Any], intake: Intake, observe: Callable[[Submission], None]) -> Answer:
    try:
        document = read_json(_body(event))
        if not isinstance(document, dict):
            raise MalformedDocumentError("not a JSON object")
        order = parse_order(document)
    except MalformedDocumentError as error:
        raise ProblemError(problem.malformed(str(error))) from None
    except InvalidOrderError as error:
        raise ProblemError(problem.invalid_order(error.errors)) from None
    submission = intake.submit(order)
    observe(submission)
    order_id = submission.accepted.order_id
    if submission.outcome is Outcome.CONFLICT:
        raise ProblemError(problem.conflict(order_id))
    status = 201 if submission.outcome is Outcome.ACCEPTED else 200
    # Relative to the request's own URL (RFC 9110, 10.2.2): right behind any stage name or base path.
    return Answer(status, submission.accepted.receipt(), {"Location": f"orders/{order_id}"})


def _find(order_id: str, intake: Intake) -> Answer:
    accepted = intake.find(order_id) if is_order_id(order_id) else None
    if accepted is None:
        raise ProblemError(problem.not_found("There is no order of that id."))
    return Answer(200, accepted.representation())


def _body(event: Mapping[str, Any]) -> bytes:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ProblemError(problem.unsupported_media_type())
    body = (event.get("body") or "").encode("utf-8", "surrogatepass")
    try:
        body = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body
    except binascii.Error:
        raise ProblemError(problem.malformed("not base64")) from None
    if len(body) > MAX_BODY_BYTES:
        raise ProblemError(problem.too_large(MAX_BODY_BYTES))
    return body
