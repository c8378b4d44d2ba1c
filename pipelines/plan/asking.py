"""Asking CloudFormation what it would do with one stack, and leaving nothing behind. I/O.

A change set of type CREATE makes a stack in REVIEW_IN_PROGRESS, which deleting the change set leaves. What a run made
is found by name and not by an answer, which may be lost; and a stack is deleted by id, only while plans alone used it.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-create.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sceptre.plan.actions import StackActions
from sceptre.stack import Stack as SceptreStack

from validator.errors import TechnicalError

PREFIX = "lockstep-plan-"
REVIEW = "REVIEW_IN_PROGRESS"
STALE = timedelta(hours=1)
"""A change set of a plan that is older than this is of a run that was killed."""
FIRST_WAIT, LONGEST_WAIT, GROWTH = 0.1, 3.0, 1.5
PATIENCE = timedelta(minutes=10)
"""How long CloudFormation may take to make one change set, or to remove one."""
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
REFUSALS = frozenset({"ValidationError", "InsufficientCapabilitiesException", "LimitExceededException"})

Stopping = Callable[[], bool]
Sleep = Callable[[float], None]


class Interrupted(Exception):  # noqa: N818 - a request to stop, not an error
    """The user asked to stop while a change set was being made; it is removed again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The `Changes` of DescribeChangeSet, or why CloudFormation refuses to make such a change.

    `change_set` is the ARN of the one that was read, which is deleted by then: CloudTrail has it (REQ-G6).
    """

    changes: tuple[Mapping[str, Any], ...] = ()
    refused: str = ""
    change_set: str = field(default="", compare=False)


class _Request(StackActions):  # type: ignore[misc]  # Sceptre ships no types
    """What Sceptre would send for a stack."""

    def arguments(self, name: str, kind: str) -> dict[str, Any]:
        """Return the arguments of CreateChangeSet, as Sceptre's own `create_change_set` has them."""
        return {
            "StackName": self.stack.external_name,
            "ChangeSetName": name,
            "ChangeSetType": kind,
            "Description": "lockstep plan: read, and removed again",
            "Parameters": self._format_parameters(self.stack.parameters),
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            "NotificationARNs": self.stack.notifications,
            "Tags": [{"Key": str(key), "Value": str(value)} for key, value in self.stack.tags.items()],
            **self.stack.template.get_boto_call_parameter(),
            **self._get_role_arn(),
        }


def arguments(stack: SceptreStack, run: str, *, is_new: bool) -> dict[str, Any]:
    """Return what CreateChangeSet is called with for a stack; `run` names this run of the command."""
    found: dict[str, Any] = _Request(stack).arguments(f"{PREFIX}{run}", "CREATE" if is_new else "UPDATE")
    return found


def ask(client: Any, sent: Mapping[str, Any], stopping: Stopping, sleep: Sleep = time.sleep) -> Answer:
    """Make a change set, read it, and remove it with whatever it brought about.

    Raises Interrupted where `stopping` says so, TechnicalError where something had to stay behind, and botocore's
    errors where AWS does not answer; throttling is retried by the client.
    """
    from botocore.exceptions import ClientError

    visit = _Visit(client, sent["StackName"], sent["ChangeSetName"], sleep)
    visit.arrive()
    try:
        try:
            client.create_change_set(**sent)
        except ClientError as error:
            detail = error.response["Error"]
            if detail["Code"] not in REFUSALS:
                raise
            return Answer(refused=detail["Message"])
        return visit.read(stopping)
    finally:
        visit.leave(sent.get("RoleARN"))


def _last_moment() -> float:
    return time.monotonic() + PATIENCE.total_seconds()


@dataclass(slots=True)
class _Visit:
    """One change set of one stack, from before it is made until nothing of it is left."""

    client: Any
    stack: str
    change_set: str
    sleep: Sleep
    is_ours: bool = False
    _deadline: float = field(default_factory=_last_moment)

    def arrive(self) -> None:
        """Note whether a stack in review would be a plan's: there is none yet, or plans alone hold it."""
        found = self._described()
        if found is None:
            self.is_ours = True
        elif found["StackStatus"] == REVIEW:
            held = self._change_sets(found["StackId"])
            self.is_ours = bool(held) and all(name.startswith(PREFIX) for name in held)

    def read(self, stopping: Stopping) -> Answer:
        """Wait until the change set is made, and return all its changes."""
        pause = FIRST_WAIT
        while True:
            first = self.client.describe_change_set(
                StackName=self.stack, ChangeSetName=self.change_set, IncludePropertyValues=True
            )
            if first["Status"] not in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
                break
            if stopping():
                raise Interrupted
            pause = self._pause(pause, f"makes no change set of {self.stack}")
        if stopping():
            raise Interrupted
        if first["Status"] != "CREATE_COMPLETE":
            reason = first.get("StatusReason") or first["Status"]
            is_empty = any(text in reason for text in NO_CHANGES)
            return Answer(refused="" if is_empty else reason, change_set=first.get("ChangeSetId", ""))
        changes, answer = list(first.get("Changes", [])), first
        while token := answer.get("NextToken"):
            answer = self.client.describe_change_set(
                StackName=self.stack,
                ChangeSetName=self.change_set,
                IncludePropertyValues=True,
                NextToken=token,
            )
            changes += answer.get("Changes", [])
        return Answer(tuple(changes), change_set=first.get("ChangeSetId", ""))

    def leave(self, role: str | None) -> None:
        """Remove the change set, and the stack in review where only plans ever used it."""
        self._deadline = _last_moment()
        try:
            found = self._described()
            if found is None:
                return
            self._remove_change_set(self.change_set)
            others = self._change_sets(found["StackId"])
            killed = {
                name for name, made in others.items() if name.startswith(PREFIX) and made < _now() - STALE
            }
            for name in killed:
                self._remove_change_set(name)
            # What is left is somebody else's, or another run's, which removes the stack in its turn.
            if self.is_ours and found["StackStatus"] == REVIEW and not others.keys() - killed:
                self._remove_stack(found["StackId"], role)
        except Exception as error:
            raise TechnicalError(
                f"a change set may be left behind: {self.change_set} of {self.stack}: {error}\n"
                f"  mend: delete the change set, and the stack where it is {REVIEW}; it is no use to anybody"
            ) from error

    def _remove_change_set(self, name: str) -> None:
        """Delete one; while it is still being made, CloudFormation refuses, so that this waits."""
        from botocore.exceptions import ClientError

        pause = FIRST_WAIT
        while True:
            try:
                self.client.delete_change_set(StackName=self.stack, ChangeSetName=name)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code in {"ChangeSetNotFound", "ChangeSetNotFoundException"}:
                    return
                if code not in {"InvalidChangeSetStatus", "InvalidChangeSetStatusException"}:
                    raise
            else:
                return
            pause = self._pause(pause, f"does not delete {name}")

    def _remove_stack(self, stack_id: str, role: str | None) -> None:
        """Delete a stack that never held anything, and wait until it is gone: a deployment may come next."""
        self.client.delete_stack(StackName=stack_id, **({"RoleARN": role} if role else {}))
        pause = FIRST_WAIT
        while (found := self._described()) is not None and found["StackId"] == stack_id:
            pause = self._pause(pause, f"does not delete {self.stack}")

    def _described(self) -> Mapping[str, Any] | None:
        """Return the stack of that name; None where there is none, deleted ones included."""
        from botocore.exceptions import ClientError

        try:
            found: Mapping[str, Any] = self.client.describe_stacks(StackName=self.stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        return None if found["StackStatus"] == "DELETE_COMPLETE" else found

    def _change_sets(self, stack_id: str) -> dict[str, datetime]:
        """Return when each change set of a stack was made, by name; those on their way out are left out."""
        pages = self.client.get_paginator("list_change_sets").paginate(StackName=self.stack)
        return {
            one["ChangeSetName"]: one["CreationTime"]
            for page in pages
            for one in page["Summaries"]
            if one["StackId"] == stack_id and not one["Status"].startswith("DELETE_")
        }

    def _pause(self, pause: float, what: str) -> float:
        if time.monotonic() > self._deadline:
            raise TechnicalError(f"CloudFormation {what} within {PATIENCE.total_seconds() / 60:.0f} minutes")
        self.sleep(pause)
        return min(pause * GROWTH, LONGEST_WAIT)


def _now() -> datetime:
    return datetime.now(UTC)
