"""One update of a stack as a change set: made, looked at, executed, with all that it does known before. I/O (REQ-R3).

A plan computes what it cannot ask, and the world may change after it. Here CloudFormation says once more what an update
would do, and it does that and nothing else.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from pipelines.plan.asking import FIRST_WAIT, GROWTH, LONGEST_WAIT, NO_CHANGES, PATIENCE
from validator.errors import TechnicalError

DESCRIPTION = "lockstep deploy: executed as soon as it is looked at"
EXECUTED_WITH = ("DisableRollback",)
"""Arguments of UpdateStack that belong to the execution."""

Call = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Makes a call to CloudFormation, such as `describe_change_set`."""
Objection = Callable[[Sequence[Mapping[str, Any]]], str]
"""Says why the `Changes` of DescribeChangeSet may not be made; empty where they may."""


class NotAllowedError(Exception):
    """The change set does what nobody allowed; it was not executed."""


@dataclass(frozen=True, slots=True)
class Update:
    """How one stack is updated: with which calls, what may stop it, and under which token.

    The token names the change set too. One that a killed run left goes with the next that is executed, or before:
    `pipelines.unexecuted`. `pause` waits, and raises where this run may not go on.
    """

    call: Call
    objection: Objection
    pause: Callable[[float], None]
    token: str

    def run(self, arguments: Mapping[str, Any]) -> str:
        """Begin the update that UpdateStack would begin with these arguments; return the change set's ARN.

        Raises NotAllowedError where it may not be made, ClientError as UpdateStack does, also where nothing would
        change, TechnicalError where CloudFormation takes too long. Whatever `pause` raises ends it too. Nothing was
        changed then.
        """
        stack = arguments["StackName"]
        sent = {name: value for name, value in arguments.items() if name not in EXECUTED_WITH}
        sent |= {"ChangeSetName": self.token, "ChangeSetType": "UPDATE", "Description": DESCRIPTION}
        made = str(self.call("create_change_set", sent)["Id"])
        try:
            if reason := self.objection(self._changes(stack, made)):
                raise NotAllowedError(reason)
            self.pause(0.0)  # Whether this run may go on is asked as late as can be (REQ-G5).
        except BaseException:
            with suppress(ClientError):  # As while it is still being made.
                self.call("delete_change_set", {"StackName": stack, "ChangeSetName": made})
            raise
        more = {name: arguments[name] for name in EXECUTED_WITH if name in arguments}
        # What a failed update made goes again, Retain or not, so that the next attempt does not fail on its name.
        whole = {"StackName": stack, "ChangeSetName": made, "RetainExceptOnCreate": True, **more}
        self.call("execute_change_set", {**whole, "ClientRequestToken": self.token})
        return made

    def _changes(self, stack: str, made: str) -> list[Mapping[str, Any]]:
        asked = {"StackName": stack, "ChangeSetName": made}
        found = self._described(asked)
        changes = list(found.get("Changes", ()))
        while token := found.get("NextToken"):
            found = self.call("describe_change_set", {**asked, "NextToken": token})
            changes += found.get("Changes", ())
        return changes

    def _described(self, asked: Mapping[str, str]) -> Mapping[str, Any]:
        """Wait until the change set is made; return the first page of it."""
        deadline, wait = time.monotonic() + PATIENCE.total_seconds(), FIRST_WAIT
        while time.monotonic() < deadline:
            found = self.call("describe_change_set", asked)
            if found["Status"] == "CREATE_COMPLETE":
                return found
            if found["Status"] not in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
                raise _refused(str(found.get("StatusReason") or found["Status"]))
            self.pause(wait)
            wait = min(wait * GROWTH, LONGEST_WAIT)
        minutes = PATIENCE.total_seconds() / 60
        raise TechnicalError(
            f"CloudFormation makes no change set of {asked['StackName']} within {minutes:.0f} minutes"
        )


def _refused(reason: str) -> ClientError:
    """Return what UpdateStack would have answered."""
    is_empty = any(text in reason for text in NO_CHANGES)
    message = "No updates are to be performed." if is_empty else reason
    return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "UpdateStack")
