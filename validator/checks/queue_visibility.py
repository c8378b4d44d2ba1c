"""A queue hides a message long enough for the function that takes it: what lies between stacks (REQ-V7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..effective import Symbol
from ..findings import Finding, Severity
from ..rendering import RenderedStack
from .check import Check
from .subject import Subject, at

FACTOR = 6
DEFAULT_TIMEOUT, DEFAULT_VISIBILITY = 3, 30
"""Seconds that Lambda and SQS take where nothing is said."""
PUBLISHED = "AWS::SSM::Parameter"

Resource = tuple[RenderedStack, str]


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each queue whose visibility timeout is below six times its consumer's timeout, and the batch window."""
    published = _published(subject)
    for item in subject.rendered:
        for name, mapping in item.effective.resources.items():
            if mapping.type != "AWS::Lambda::EventSourceMapping":
                continue
            queue = _resource(item, mapping.properties.get("EventSourceArn"), published, "AWS::SQS::Queue")
            function = _resource(
                item, mapping.properties.get("FunctionName"), published, "AWS::Lambda::Function"
            )
            if queue and function:
                window = _seconds(mapping.properties.get("MaximumBatchingWindowInSeconds"), 0)
                yield from _short(queue, function, window, f"{item.stack.name}:{name}")


def _short(queue: Resource, function: Resource, window: int | None, mapping: str) -> Iterator[Finding]:
    item, name = queue
    visible = _seconds(item.effective.resources[name].properties.get("VisibilityTimeout"), DEFAULT_VISIBILITY)
    taken = _seconds(function[0].effective.resources[function[1]].properties.get("Timeout"), DEFAULT_TIMEOUT)
    if visible is None or taken is None or window is None or visible >= FACTOR * taken + window:
        return
    message = (
        f"{name} hides a message for {visible} s, and {function[0].stack.name}:{function[1]}, which {mapping} gives it "
        f"to, may take {taken} s"
    )
    path = ("Resources", name, "Properties", "VisibilityTimeout")
    yield at(
        CHECK.id,
        item,
        path,
        message,
        f"give at least {FACTOR * taken + window} s: six times, and the batch window",
    )


def _published(subject: Subject) -> dict[tuple[str, str, str], Resource]:
    """Return the resource behind each name in Parameter Store, by account, region and name."""
    found: dict[tuple[str, str, str], Resource] = {}
    for item in subject.rendered:
        for resource in item.effective.resources.values():
            name, value = resource.properties.get("Name"), resource.properties.get("Value")
            if resource.type == PUBLISHED and isinstance(name, str) and isinstance(value, Symbol):
                producer = _logical_id(value)
                if producer in item.effective.resources:
                    found[item.stack.account, item.stack.region, name] = (item, producer)
    return found


def _resource(
    item: RenderedStack, value: Any, published: dict[tuple[str, str, str], Resource], kind: str
) -> Resource | None:
    """Return the resource that a value names: in its own template, or in the one that publishes it."""
    if not isinstance(value, Symbol):
        return None
    found: Resource | None = (item, _logical_id(value))
    if value.text.startswith("ssm:"):
        found = published.get((item.stack.account, item.stack.region, value.text.removeprefix("ssm:")))
    if found is None or found[1] not in found[0].effective.resources:
        return None
    return found if found[0].effective.resources[found[1]].type == kind else None


def _logical_id(value: Symbol) -> str:
    named = re.fullmatch(r"(?:ref|att):(\w+)(?:\.\w+)?", value.text)
    return named[1] if named else ""


def _seconds(value: Any, default: int) -> int | None:
    """Return a number of seconds; None where only a deployment knows it."""
    if value is None:
        return default
    text = str(value)
    return int(text) if text.isdigit() else None


CHECK = Check(
    id="queue-visibility",
    severity=Severity.ERROR,
    summary="A queue's visibility timeout is at least six times its consumer's timeout, and the batch window",
    remediation="Raise VisibilityTimeout, or lower the function's Timeout.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    why="Between one and six times cfn-lint says nothing, and a message is taken twice while it is still worked on.",
    before="VisibilityTimeout: 60   # the function's Timeout is 30",
    after="VisibilityTimeout: 180",
    run=run,
)
