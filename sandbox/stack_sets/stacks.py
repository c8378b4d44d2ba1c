"""The stack of one instance: made, brought up to date, deleted, checked, in its own account and region.

Everything goes through ministack's own actions, as a request of the target account would.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from typing import Any

from sandbox.extension import template_urls
from sandbox.extension.names import Name
from sandbox.stack_sets.records import Instance, StackSet

ACTIONS = Name("services.cloudformation.handlers", "_ACTION_HANDLERS")
STACKS = Name("services.cloudformation", "_stacks")
EVENTS = Name("services.cloudformation", "_stack_events")
SCOPE = Name.function("core.responses", "request_scope", "account_id", "region")

NAMES = (ACTIONS, STACKS, EVENTS, SCOPE)

LOOK_SECONDS = 0.02
"""How often a stack in progress is looked at."""

UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")
GONE = ("", "DELETE_COMPLETE")
UNCHANGED = "No updates are to be performed."


class FailedError(Exception):
    """The stack did not come to be as the StackSet wants it; the text is the reason."""


def _call(action: str, parameters: Mapping[str, str]) -> str:
    """Call an action in the scope that is set; `FailedError` with what CloudFormation says to a refusal."""
    status, _headers, body = ACTIONS.get()[action]({name: [value] for name, value in parameters.items()})
    text: str = body.decode()
    if status < 400:
        return text
    message = re.search("<Message>(.*?)</Message>", text, re.DOTALL)
    raise FailedError(unescape(message[1]) if message else text)


@contextmanager
def _in(instance: Instance) -> Iterator[Mapping[str, Any]]:
    """Act in the instance's account and region; gives its stack, empty when there is none."""
    with SCOPE.get()(instance.account, instance.region):
        yield STACKS.get().get(instance.stack_name) or {}


async def _settled(instance: Instance) -> str:
    """Wait until the stack is not in progress, and return its status; empty when there is none."""
    while True:
        with _in(instance) as stack:
            status = str(stack.get("StackStatus", ""))
        if not status.endswith("_IN_PROGRESS"):
            return status
        await asyncio.sleep(LOOK_SECONDS)


def wanted(stack_set: StackSet, instance: Instance) -> dict[str, str]:
    """Return the parameters of CreateStack and UpdateStack for an instance."""
    values = {**stack_set.parameters, **instance.overrides}
    found = {"StackName": instance.stack_name}
    for number, (key, value) in enumerate(values.items(), 1):
        found[f"Parameters.member.{number}.ParameterKey"] = key
        found[f"Parameters.member.{number}.ParameterValue"] = value
    for number, (key, value) in enumerate(stack_set.tags.items(), 1):
        found[f"Tags.member.{number}.Key"] = key
        found[f"Tags.member.{number}.Value"] = value
    if not stack_set.tags:
        found["Tags"] = ""
    for number, capability in enumerate(stack_set.capabilities, 1):
        found[f"Capabilities.member.{number}"] = capability
    return found


async def deploy(stack_set: StackSet, instance: Instance) -> None:
    """Bring the stack to what the StackSet says; `FailedError` with the reason when it does not get there."""
    status = await _settled(instance)
    if status not in (*UPDATABLE, *GONE):
        await delete(instance)  # a failed creation cannot be updated
        status = ""
    with _in(instance) as stack:
        seen = len(EVENTS.get().get(instance.stack_id, ())) if stack else 0
        action = "UpdateStack" if status in UPDATABLE else "CreateStack"
        template = template_urls.supplied.set(stack_set.template)
        try:
            _call(action, wanted(stack_set, instance))
        except FailedError as error:
            if str(error) != UNCHANGED:
                raise
            return
        finally:
            template_urls.supplied.reset(template)
    with _in(instance) as stack:
        seen = seen if stack["StackId"] == instance.stack_id else 0
        instance.stack_id = stack["StackId"]
    if await _settled(instance) not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise FailedError(_reason(instance, seen))


def _reason(instance: Instance, seen: int) -> str:
    """Return the first failure among the stack's events after the first `seen`, as StackSets words it."""
    with _in(instance) as stack:
        for event in EVENTS.get().get(instance.stack_id, ())[seen:]:
            if event["ResourceStatus"].endswith("_FAILED"):
                return (
                    f"ResourceLogicalId:{event['LogicalResourceId']}, ResourceType:{event['ResourceType']}, "
                    f"ResourceStatusReason:{event['ResourceStatusReason']}."
                )
        return str(stack.get("StackStatusReason") or stack.get("StackStatus"))


async def delete(instance: Instance) -> None:
    """Delete the stack; `FailedError` when something of it does not go."""
    if await _settled(instance) in GONE:
        return
    with _in(instance):
        seen = len(EVENTS.get().get(instance.stack_id, ()))
        _call("DeleteStack", {"StackName": instance.stack_name})
    await asyncio.sleep(0)  # the deletion says that it is in progress once it runs
    while (status := await _settled(instance)) not in (*GONE, "DELETE_FAILED"):
        await asyncio.sleep(LOOK_SECONDS)
    if status == "DELETE_FAILED":
        raise FailedError(_reason(instance, seen))


async def detect_drift(instance: Instance) -> str:
    """Return the stack's drift status; `FailedError` when it cannot be told."""
    await _settled(instance)
    with _in(instance):
        _call("DetectStackDrift", {"StackName": instance.stack_name})
    while True:
        with _in(instance) as stack:
            status = str((stack.get("DriftInformation") or {}).get("StackDriftStatus", "NOT_CHECKED"))
        if status != "NOT_CHECKED":
            return status
        await asyncio.sleep(LOOK_SECONDS)
