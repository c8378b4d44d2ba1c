"""Lambda handler of drift detection: starts it on schedule and after each update, and reads what it found (REQ-C4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from json import dumps
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
    send_all,
)
from pipelines.tracking.census import list_stacks
from pipelines.tracking.drift import collect, detectable, last_checked, never_checked, start
from pipelines.tracking.events import Refused, StackChanged, read_event
from pipelines.tracking.observe import describe as describe_stack
from pipelines.tracking.publish import entry

MARGIN = 30.0
"""Seconds before the end of the function in which nothing new is begun."""

FIRST = 20
"""Detections that a turn starts on stacks that were never checked: an agent that finds hundreds takes several turns."""


class DetectionError(RuntimeError):
    """Detections could not be started, and not because one runs already. The request comes again, then is told of."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Start detections where the schedule or an operator asks, or follow what a batch of the queue says.

    The schedule asks through the queue, an operator may without. Takes one event of EventBridge, too. Names the
    messages that failed (ReportBatchItemFailures). Raises DetectionError for an operator's request that failed in part.
    """
    if event.get("lockstep") == "detect":
        return _detect(event, context)
    if "detail-type" in event:
        _follow(dumps(event))
        return {}
    failed = list[str]()
    for record in event.get("Records") or []:
        try:
            request = request_of(record["body"])
            if seconds_left(context) < MARGIN:
                failed.append(record["messageId"])  # the queue delivers it again
            elif request.get("lockstep") == "detect":
                _detect(request, context, _sent_at(record))
            elif not request:
                _follow(record["body"])
        except (*AWS_ERRORS, PublishError, DetectionError) as error:
            logger.warning("not followed", message_id=record["messageId"], failure=describe(error))
            count("EventsFailed")
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _follow(body: str) -> None:
    """Start a detection after an update, or read the result of one that ended."""
    changed = read_event(body)
    if not isinstance(changed, StackChanged):
        reason = changed.reason if isinstance(changed, Refused) else "not an event of a stack"
        logger.warning("passed over", reason=reason)
        return
    raw = describe_stack(cloudformation(), changed.stack.text)
    mine = detectable([raw] if raw else [])
    if changed.detection_id:
        if changed.status != "DETECTION_IN_PROGRESS" and raw and mine:
            _collect(raw, changed.detection_id)
    elif mine and raw and changed.status == raw["StackStatus"]:
        # A status that is not the stack's any more is followed by another event.
        _start(raw)


def _collect(raw: Mapping[str, Any], detection_id: str) -> None:
    report = collect(cloudformation(), raw, detection_id, now)
    if report is None:
        logger.info("nothing to collect", stack=raw["StackId"], detection_id=detection_id)
        return
    send_all([entry(report)])
    logger.info(
        "collected",
        stack=raw["StackId"],
        detection_id=detection_id,
        status=report.status,
        checked=report.checked,
        findings=len(report.findings),
    )


def _start(raw: Mapping[str, Any]) -> bool:
    """Start a detection and tell home; False where one is running already, which is an answer too."""
    report = start(cloudformation(), raw, now)
    if report is None:
        logger.info("not started: it runs already, or the stack is in the way", stack=raw["StackId"])
        return False
    send_all([entry(report)])
    return True


def _detect(request: Mapping[str, Any], context: Any, sent_at: datetime | None = None) -> dict[str, Any]:
    """Start a detection on what is asked for; what time is too short for comes first next time.

    A request that comes again does not start what was started since it was sent: the queue brings it back for what is
    left. Raises DetectionError where any could not be started, after all the others, and where a message has that left.
    """
    waiting, most = _asked(request)
    if sent_at is not None:
        waiting = [raw for raw in waiting if last_checked(raw) < sent_at]
    started, failed, left = 0, 0, 0
    for index, raw in enumerate(waiting):
        if started == most:
            break
        if seconds_left(context) < MARGIN:
            left = len(waiting) - index
            logger.warning("detection cut short", left=left)
            count("PassesCutShort")
            break
        try:
            started += _start(raw)
        except (*AWS_ERRORS, PublishError) as error:  # the others are tried all the same
            logger.warning("not started", stack=raw["StackId"], failure=describe(error))
            count("DetectionFailures")
            failed += 1
    if failed:
        raise DetectionError(f"{failed} of {len(waiting)} detections could not be started")
    if left and sent_at is not None:
        raise DetectionError(f"no time was left for {left} of {len(waiting)} detections")
    return {"stacks": len(waiting), "started": started}


def _sent_at(record: Mapping[str, Any]) -> datetime | None:
    """Return when a message was sent, None where the queue does not say (milliseconds since 1970)."""
    sent = record.get("attributes", {}).get("SentTimestamp")
    return datetime.fromtimestamp(int(sent) / 1000, UTC) if sent else None


def _asked(request: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], int]:
    """Return the stacks to check and how many to start at most: the named, the never checked, or all of ours."""
    named = request.get("stacks")
    if isinstance(named, list):
        described = [describe_stack(cloudformation(), str(name)) for name in named]
        found = detectable(raw for raw in described if raw)
        return found, len(found)
    every = list_stacks(cloudformation())
    if request.get("unchecked") is True:
        return never_checked(every), FIRST
    found = detectable(every)
    return found, len(found)
