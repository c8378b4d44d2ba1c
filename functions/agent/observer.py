"""Lambda handler of the observer: events of stacks from the queue, and passes over the region (REQ-C2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from functions.agent.edge import (
    AWS_ERRORS,
    PublishError,
    cloudformation,
    count,
    describe,
    logger,
    now,
    request_of,
    seconds_left,
    send,
    send_all,
)
from pipelines.tracking.census import census_parts, list_stacks, observations
from pipelines.tracking.events import Refused, StackChanged, read_event
from pipelines.tracking.observation import Observation, Trigger
from pipelines.tracking.observe import observe
from pipelines.tracking.publish import Entry, entry

MARGIN = 30.0
"""Seconds before the end of the function in which a pass begins nothing new."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Observe the stacks that a batch of the queue speaks of, or, where the schedule asks, every stack.

    The schedule asks through the queue too. Names the messages that failed (ReportBatchItemFailures); a pass that
    was asked for without a queue raises, and Lambda tries again.
    """
    if event.get("lockstep") == "reconcile":
        _pass(context, full=event.get("full") is True)
        return {}
    records = event.get("Records") or []
    asked = {record["messageId"]: request_of(record["body"]) for record in records}
    # What happened goes before the passes, which take long.
    entries, failed = _read(record for record in records if not asked[record["messageId"]])
    failed |= {each.owner for each in send(entries)}
    passes = [message for message, request in asked.items() if request.get("lockstep") == "reconcile"]
    try:
        if passes:  # one pass answers all that ask for it
            _pass(context, full=any(asked[message].get("full") is True for message in passes))
    except (*AWS_ERRORS, PublishError) as error:
        logger.error("pass failed", failure=describe(error))
        count("PassesFailed")
        failed |= set(passes)
    return {"batchItemFailures": [{"itemIdentifier": each} for each in sorted(failed)]}


def _read(records: Iterable[dict[str, Any]]) -> tuple[list[Entry], set[str]]:
    """Return what to send for each message, and which messages failed. A stack is read once a batch."""
    entries, failed, seen = list[Entry](), set[str](), dict[str, Observation | None]()
    for record in records:
        message = record["messageId"]
        changed = read_event(record["body"])
        if not isinstance(changed, StackChanged):
            # Home gets the same event and records why it refuses it.
            reason = changed.reason if isinstance(changed, Refused) else "not an event of a stack"
            logger.warning("passed over", message_id=message, reason=reason)
            continue
        if changed.detection_id:  # the drift agent's
            continue
        stack = changed.stack.text
        try:
            if stack not in seen:
                seen[stack] = observe(cloudformation(), stack, now)
        except AWS_ERRORS as error:
            logger.warning("not observed", message_id=message, stack=stack, failure=describe(error))
            count("EventsFailed")
            failed.add(message)
            continue
        if found := seen[stack]:
            entries.append(entry(replace(found, trigger=_trigger(changed)), message))
    return entries, failed


def _trigger(changed: StackChanged) -> Trigger:
    envelope = changed.envelope
    return Trigger(envelope.event_id, envelope.time, changed.status, changed.reason, envelope.detail_type)


def _pass(context: Any, *, full: bool) -> None:
    """Tell home every stack of the region, and which exist. The census goes first: it is short and repairs most."""
    began = now()
    stacks = list_stacks(cloudformation())
    parts = census_parts((raw["StackName"] for raw in stacks), began)
    send_all(entry(part) for part in parts)
    told = 0

    def all_of() -> Iterator[Entry]:
        nonlocal told
        for found in observations(cloudformation(), stacks, now(), full=full):
            if seconds_left(context) < MARGIN:
                logger.warning("pass cut short", stacks=len(stacks), told=told)
                count("PassesCutShort")
                return
            told += 1
            yield entry(found)

    send_all(all_of())
    logger.info("reported", stacks=len(stacks), told=told, full=full)
