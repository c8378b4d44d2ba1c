"""A log of principal, action, resource and decision: what is granted against what is used (REQ-P8).

Requests are logged where ministack enforces policies; what a service does as a role, where the extension evaluates
that role's policies with the resource that the service acts for as `aws:SourceArn`.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sandbox.decisions import Log
from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace
from sandbox.extension.policies import ENFORCE, EVALUATE

AUTH_ERROR = Name("core.iam_evaluator", "AuthError")
ACCOUNT = Name.function("core.responses", "get_account_id")

log = Log(lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))

_asked: ContextVar[list[tuple[Any, Any]] | None] = ContextVar("evaluations of this request", default=None)


def answer(query: Mapping[str, str]) -> dict[str, Any]:
    """Return what `/_lockstep/decisions` shows: decisions after the number `since`, or the counts for `summary`."""
    if query.get("summary"):
        return {"summary": log.summary()}
    since = query.get("since", "0")
    return {"decisions": log.since(int(since) if since.isdigit() else 0)}


def _noting(original: Any) -> Any:
    """Note each evaluation of a request; log at once what a service asks for a role."""

    def evaluate(context: Any, policies: Any, *limits: Any) -> Any:
        result = original(context, policies, *limits)
        asked, source = _asked.get(), context.service_context.get("aws:sourcearn", "")
        if asked is not None:
            asked.append((context, result))
        elif context.principal_type == "AssumedRole" and source:
            log.add(
                context.principal_arn,
                context.action,
                context.resource_arn,
                result.decision,
                _statement(result),
                str(source),
            )
        return result

    return evaluate


def _logging(original: Any) -> Any:
    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        **further: Any,
    ) -> Any:
        asked: list[tuple[Any, Any]] = []
        token = _asked.set(asked)
        try:
            denied = original(access_key_id, iam_action, service, region, resource_arn, **further)
        finally:
            _asked.reset(token)
        principal = asked[0][0].principal_arn if asked else f"arn:aws:iam::{ACCOUNT.get()()}:root"
        if isinstance(denied, AUTH_ERROR.get()):
            log.add("", iam_action, resource_arn, "Unauthenticated", f"{denied.code}: {denied.message}")
        elif denied is None:
            log.add(principal, iam_action, resource_arn, "Allow", _allowance(asked))
        else:
            log.add(principal, iam_action, resource_arn, denied.decision, _denial(denied))
        return denied

    return enforce


def _statement(result: Any) -> str:
    return f"{result.reason}: {result.matched_sid}" if result.matched_sid else str(result.reason)


def _allowance(asked: list[tuple[Any, Any]]) -> str:
    """Say what allowed a request: the role's policies are evaluated first, the resource's after them."""
    if not asked:
        return "No policy limits this principal or this action"
    by = next((number for number, (_, result) in enumerate(asked) if result.decision == "Allow"), 0)
    return _statement(asked[by][1]) + (" (policy of the resource)" if by else "")


def _denial(denied: Any) -> str:
    where = f" (policy of {denied.resource_policy_arn})" if denied.resource_policy_arn else ""
    return f"{_statement(denied)}{where}"


def _install() -> None:
    replace(EVALUATE, _noting)
    replace(ENFORCE, _logging)


EXTENSION = Extension(
    name="decisions",
    claims=(
        emulated(
            "IAM: the log of decisions",
            "principal, action, resource, decision and statement, at `/_lockstep/decisions`; requests, and what "
            "services do as the role of an event source mapping, a rule, a schedule or a StackSet",
        ),
    ),
    names=(EVALUATE, ENFORCE, AUTH_ERROR, ACCOUNT),
    install=_install,
)
