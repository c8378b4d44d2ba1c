"""Problem documents (RFC 9457): what an answer other than success says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.orders.order import FieldError

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of refusal. `kind` names it for programs, for ever; `detail` says to people how to mend it."""

    status: int
    kind: str
    title: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def rejects_order(self) -> bool:
        """Tell whether it refuses an order that somebody posted, other than for a conflict."""
        return self.status in {400, 413, 415, 422}

    def to_document(self, instance: str) -> dict[str, object]:
        """Return the document; `instance` names this one occurrence, as the logs do."""
        document: dict[str, object] = {
            "type": f"urn:lockstep:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if instance:
            document["instance"] = instance
        if self.errors:
            document["errors"] = [{"field": each.field, "message": each.message} for each in self.errors]
        return document


class ProblemError(Exception):
    """Ends a request with a problem document."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.kind)


def malformed(reason: str) -> Problem:
    """400: the body cannot be read."""
    return Problem(400, "malformed-document", "The body is not a JSON document", f"The body is {reason}.")


def not_found(detail: str) -> Problem:
    """404: nothing of that name."""
    return Problem(404, "not-found", "There is no such resource", detail)


def method_not_allowed(allowed: str) -> Problem:
    """405: the resource exists, the method does not."""
    detail = f"This resource answers {allowed}."
    return Problem(
        405, "method-not-allowed", "The method is not allowed here", detail, headers={"Allow": allowed}
    )


def conflict(order_id: str) -> Problem:
    """409: another order has taken the client order id."""
    detail = (
        f"This account used the client order id before, for order {order_id}, which differs. "
        "Choose a new client order id, or post that order unchanged."
    )
    return Problem(409, "client-order-id-conflict", "The client order id is taken", detail)


def too_large(limit: int) -> Problem:
    """413: longer than any order can be."""
    return Problem(413, "body-too-large", "The body is too large", f"Send at most {limit} bytes.")


def unsupported_media_type() -> Problem:
    """415: not JSON by its own word."""
    detail = "Send the order as application/json."
    return Problem(415, "unsupported-media-type", "The content type is not supported", detail)


def invalid_order(errors: tuple[FieldError, ...]) -> Problem:
    """422: JSON, but not a valid order."""
    detail = "Correct every field in errors, then post the order again."
    return Problem(422, "invalid-order", "The order is not valid", detail, errors)


def unavailable() -> Problem:
    """503: a service behind the API did not answer. Posting again is always safe."""
    detail = "Post again with the same client order id: an order is never taken twice."
    return Problem(
        503, "unavailable", "The order desk is not available", detail, headers={"Retry-After": "1"}
    )
