"""A double of CloudFormation's change sets, for what the local AWS never does: take its time, refuse, lose answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError


def refused(code: str, message: str = "") -> ClientError:
    """Return the error that botocore raises."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


@dataclass
class CloudFormation:
    """One stack of one account. `looks` is how often a change set is looked at before it is made."""

    status: str = ""
    stack_id: str = ""
    looks: int = 0
    outcome: tuple[str, str] = ("CREATE_COMPLETE", "")
    changes: list[dict[str, Any]] = field(default_factory=list)
    change_sets: dict[str, datetime] = field(default_factory=dict)
    page: int = 100
    log: list[str] = field(default_factory=list)
    on_create: Callable[[], None] = lambda: None
    after_create: Callable[[], None] = lambda: None

    def describe_stacks(self, **sent: Any) -> Any:
        """Return the stack, or the error that says there is none."""
        if not self.status:
            raise refused("ValidationError", f"Stack with id {sent['StackName']} does not exist")
        return {
            "Stacks": [{"StackId": self.stack_id, "StackName": sent["StackName"], "StackStatus": self.status}]
        }

    def create_change_set(self, **sent: Any) -> Any:
        """Make a change set, and a stack in review for one of type CREATE."""
        self.on_create()
        if sent["ChangeSetType"] == "CREATE" and not self.status:
            self.status, self.stack_id = "REVIEW_IN_PROGRESS", "arn:new"
        self.change_sets[sent["ChangeSetName"]] = datetime.now(UTC)
        self.after_create()
        return {"Id": "arn:change-set", "StackId": self.stack_id}

    def describe_change_set(self, **sent: Any) -> Any:
        """Return how far it is, or one page of its changes."""
        assert sent["IncludePropertyValues"] is True
        if self.looks:
            self.looks -= 1
            return {"Status": "CREATE_IN_PROGRESS"}
        start = int(sent.get("NextToken", "0"))
        more = {"NextToken": str(start + self.page)} if start + self.page < len(self.changes) else {}
        found = self.changes[start : start + self.page]
        status = {"Status": self.outcome[0], "StatusReason": self.outcome[1]}
        return {"ChangeSetId": "arn:change-set", **status, "Changes": found, **more}

    def delete_change_set(self, **sent: Any) -> None:
        """Delete a change set; while it is being made, that is refused."""
        if self.looks:
            self.looks -= 1
            raise refused("InvalidChangeSetStatus", "is in progress")
        self.log.append(f"delete {sent['ChangeSetName']}")
        self.change_sets.pop(sent["ChangeSetName"], None)

    def delete_stack(self, **sent: Any) -> None:
        """Delete the stack of an id."""
        assert sent["StackName"] == self.stack_id
        self.log.append(f"delete {self.stack_id} {sent.get('RoleARN', '')}".rstrip())
        self.status = ""

    def get_paginator(self, operation: str) -> CloudFormation:
        """Return what lists change sets."""
        assert operation == "list_change_sets"
        return self

    def paginate(self, **sent: Any) -> Iterator[Any]:
        """Yield one page of change sets."""
        yield {
            "Summaries": [
                {
                    "ChangeSetName": name,
                    "StackId": self.stack_id,
                    "Status": "CREATE_COMPLETE",
                    "CreationTime": made,
                }
                for name, made in self.change_sets.items()
            ]
        }
