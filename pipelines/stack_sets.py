"""How the operations of StackSets go, account by account and region by region (REQ-C10). I/O; nothing is changed.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackSetOperationResults.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from validator.errors import LockstepError

if TYPE_CHECKING:
    from pipelines.aws import Aws

TYPE = "AWS::CloudFormation::StackSet"
LOOK_SECONDS = 1.0
"""How often a StackSet is looked at while its stack is launched."""

UNDER_WAY = ("RUNNING", "QUEUED", "STOPPING")


@dataclass(frozen=True, slots=True)
class Place:
    """How an operation goes in one account and region."""

    stack_set: str
    account: str
    region: str
    status: str
    """PENDING, RUNNING, SUCCEEDED, FAILED or CANCELLED."""

    reason: str = ""

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{self.stack_set} {self.account} {self.region} {self.status}{why}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a StackSet."""

    id: str
    action: str
    """CREATE, UPDATE, DELETE or DETECT_DRIFT."""

    status: str
    """RUNNING, SUCCEEDED, FAILED, STOPPING, STOPPED or QUEUED."""

    began_at: datetime
    places: tuple[Place, ...]

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended."""
        return self.status in UNDER_WAY


def operations(aws: Aws, name: str, since: datetime | None = None) -> list[Operation]:
    """Return the operations of a StackSet, the newest first; none where there is no StackSet.

    `since` leaves out what began before and has ended. Errors are AWS's own.
    """
    from botocore.exceptions import ClientError

    client = aws.client("cloudformation")
    try:
        pages = client.get_paginator("list_stack_set_operations").paginate(StackSetName=name)
        found = [one for page in pages for one in page["Summaries"]]
        wanted = [
            one
            for one in found
            if since is None or one["CreationTimestamp"] >= since or one["Status"] in UNDER_WAY
        ]
        return [_operation(client, name, one) for one in wanted]
    except ClientError as error:
        if error.response["Error"]["Code"] == "StackSetNotFoundException":
            return []
        raise


def _operation(client: Any, name: str, raw: Mapping[str, Any]) -> Operation:
    pages = client.get_paginator("list_stack_set_operation_results").paginate(
        StackSetName=name, OperationId=raw["OperationId"]
    )
    places = tuple(
        Place(name, one["Account"], one["Region"], one["Status"], one.get("StatusReason", ""))
        for page in pages
        for one in page["Summaries"]
    )
    return Operation(raw["OperationId"], raw["Action"], raw["Status"], raw["CreationTimestamp"], places)


def names(rendered: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the StackSets that a rendered stack holds; one that only exists once deployed is left out."""
    found = [
        resource.get("Properties", {}).get("StackSetName")
        for resource in rendered["resources"].values()
        if resource["Type"] == TYPE
    ]
    return tuple(name for name in found if isinstance(name, str))


def wait(
    aws: Aws,
    stack_sets: Sequence[str],
    stopping: Callable[[], bool],
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Wait for operations that an earlier run or somebody else began; False when the wait was stopped."""
    while any(one.is_under_way for name in stack_sets for one in operations(aws, name)):
        if stopping():
            return False
        sleep(LOOK_SECONDS)
    return True


@dataclass(slots=True)
class Watch:
    """Tells each change of each place once, and keeps the last one."""

    aws: Aws
    stack_sets: Sequence[str]
    since: datetime
    tell: Callable[[Place], None]
    _seen: dict[tuple[str, str, str], Place] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Look once; that AWS does not answer is no reason to stop a deployment, which asks by itself."""
        from botocore.exceptions import BotoCoreError, ClientError

        for name in self.stack_sets:
            try:
                found = operations(self.aws, name, self.since)
            except (BotoCoreError, ClientError, LockstepError):
                continue
            for operation in reversed(found):
                for place in operation.places:
                    key = (operation.id, place.account, place.region)
                    if place.status != "PENDING" and self._seen.get(key) != place:
                        self._seen[key] = place
                        self.tell(place)

    def failures(self, known: str) -> list[Place]:
        """Return the places that failed with a reason that is not in the text yet."""
        failed = [place for place in self._seen.values() if place.status == "FAILED"]
        return [place for place in dict.fromkeys(failed) if place.reason not in known]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look again and again until the block ends, and once more then."""
        thread = threading.Thread(target=self._watch, name="stack-sets", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            self.look()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.look()
