"""What a StackSet consists of: its instances, its operations, and the result of an operation in each place.

They are changed while an operation runs, only on the server's own loop, and are plain data, so that the sandbox
can save and load them. Words and statuses are the API's:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSet.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RUNNING = ("RUNNING", "STOPPING", "QUEUED")
"""Statuses of an operation that has not ended."""

Target = tuple[str, str]
"""Account and region."""


class RefusedError(Exception):
    """The API refuses a call; `code` is the error code of botocore's model."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass(slots=True)
class Instance:
    """One stack of a StackSet, or the place where it is to be."""

    account: str
    region: str
    stack_name: str
    stack_id: str = ""
    status: str = "OUTDATED"
    detailed_status: str = "PENDING"
    reason: str = ""
    overrides: dict[str, str] = field(default_factory=dict)
    drift_status: str = "NOT_CHECKED"
    drift_checked_at: str = ""
    last_operation: str = ""

    @property
    def target(self) -> Target:
        """Where it is."""
        return self.account, self.region


@dataclass(slots=True)
class Result:
    """How an operation went in one account and region."""

    account: str
    region: str
    status: str = "PENDING"
    reason: str = ""


@dataclass(slots=True)
class Operation:
    """One operation on a StackSet; times are ISO 8601 in UTC."""

    id: str
    action: str
    preferences: dict[str, Any]
    results: list[Result]
    created_at: str
    administration_role: str
    execution_role: str
    whole_set: bool = False
    """Whether it changes the StackSet itself, so that no other may run beside it."""
    retain: bool | None = None
    status: str = "QUEUED"
    reason: str = ""
    ended_at: str = ""
    drift: dict[str, Any] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status in RUNNING

    def conflicts(self, other: Operation) -> bool:
        """Tell whether two operations may not run side by side under managed execution."""
        places = {(result.account, result.region) for result in self.results}
        others = {(result.account, result.region) for result in other.results}
        return self.whole_set or other.whole_set or not places.isdisjoint(others)


@dataclass(slots=True)
class StackSet:
    """One StackSet of an administrator's account and region."""

    name: str
    uuid: str
    account: str
    region: str
    template: str
    administration_role: str
    execution_role: str
    description: str = ""
    status: str = "ACTIVE"
    managed: bool = False
    parameters: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    instances: list[Instance] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    drift: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The unique id, which `Ref` gives too."""
        return f"{self.name}:{self.uuid}"

    @property
    def arn(self) -> str:
        """The ARN, as events name it."""
        return f"arn:aws:cloudformation:{self.region}:{self.account}:stackset/{self.id}"

    def instance(self, target: Target) -> Instance | None:
        """Return the instance in a place; None when there is none."""
        return next((one for one in self.instances if one.target == target), None)

    def operation(self, operation_id: str) -> Operation:
        """Return an operation; `RefusedError` when there is none."""
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        raise RefusedError("OperationNotFoundException", f"Operation {operation_id} not found", 404)

    @property
    def running(self) -> list[Operation]:
        """The operations that have not ended, oldest first."""
        return [operation for operation in self.operations if operation.is_running]


def loaded(raw: Mapping[str, Any], now: str) -> StackSet:
    """Return a StackSet that was saved as a mapping; an operation that the end of the sandbox cut off is STOPPED."""
    found = StackSet(**raw)
    found.instances = [Instance(**one) for one in raw["instances"]]
    found.operations = [
        Operation(**{**one, "results": [Result(**result) for result in one["results"]]})
        for one in raw["operations"]
    ]
    for operation in found.running:
        operation.status, operation.reason, operation.ended_at = "STOPPED", "The sandbox was stopped", now
        for result in operation.results:
            if result.status in ("PENDING", "RUNNING"):
                result.status, result.reason = "CANCELLED", operation.reason
    return found
