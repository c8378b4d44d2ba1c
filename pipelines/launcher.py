"""Launching one stack through Sceptre, with a quicker wait and the failing resource's reason. I/O."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sceptre.plan.actions import StackActions
from sceptre.stack import Stack as SceptreStack
from sceptre.stack_status import StackStatus

from pipelines.aws import Aws
from pipelines.executing import NotAllowedError, Objection, Update
from pipelines.live import LiveStack, failure_reason, read_stack
from pipelines.unexecuted import PREFIX

FIRST_WAIT, LONGEST_WAIT, GROWTH = 0.2, 4.0, 1.5
"""Seconds between two looks at a stack: short at first, Sceptre's own four seconds in the end."""
CLOCK_SKEW = timedelta(seconds=5)


class Interrupted(Exception):  # noqa: N818 - a request to stop, not an error
    """The user asked to stop while a stack was in progress; CloudFormation carries on with it."""


def connection_manager(actions: StackActions) -> Any:
    """Return the connection that Sceptre gave a stack's actions."""
    return actions.connection_manager


def _nothing(_changes: Sequence[Mapping[str, Any]]) -> str:
    return ""


@dataclass(slots=True)
class Order:
    """How a stack is to be launched. `token` names the request in the stack's events and in CloudTrail.

    `objection` says why changes of a stack that stands may not be made. `change_set` is the ARN of the one that was
    executed, empty until one was (REQ-G6).
    """

    token: str = field(default_factory=lambda: f"{PREFIX}{uuid.uuid4().hex}")
    objection: Objection = _nothing
    change_set: str = ""


class _Connection:
    """Sceptre's connection, by which a stack is updated with a change set, and a failed creation leaves nothing.

    Without RetainExceptOnCreate a retained resource of a failed creation keeps its name: the next attempt fails on it.
    Source: CloudFormation API reference, CreateStack and ExecuteChangeSet, RetainExceptOnCreate and ClientRequestToken.
    """

    def __init__(self, inner: Any, order: Order, pause: Callable[[float], None]) -> None:
        self._inner, self._order, self._pause = inner, order, pause

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def call(self, service: str, command: str, kwargs: dict[str, Any] | None = None, **more: Any) -> Any:
        """Make one AWS call, or those that a change set takes."""
        sent, token = dict(kwargs or {}), self._order.token
        if (service, command) == ("cloudformation", "update_stack"):
            update = Update(self._cloudformation, self._order.objection, self._pause, token)
            self._order.change_set = update.run(sent)
            return {}
        if (service, command) == ("cloudformation", "create_stack"):
            self._pause(0.0)  # As before an update: a run that lost its lock begins nothing.
            sent |= {"RetainExceptOnCreate": True, "ClientRequestToken": token}
        return self._inner.call(service, command, kwargs=sent, **more)

    def _cloudformation(self, command: str, sent: Mapping[str, Any]) -> Any:
        return self._inner.call("cloudformation", command, kwargs=dict(sent))


class Launch(StackActions):  # type: ignore[misc]  # Sceptre ships no types
    """Sceptre's launch of one stack: hooks, create or update, and the wait."""

    def __init__(
        self,
        stack: SceptreStack,
        stopping: Callable[[], bool],
        sleep: Callable[[float], None],
        order: Order | None = None,
    ) -> None:
        super().__init__(stack)
        self._stopping, self._sleep = stopping, sleep
        self.connection_manager = _Connection(connection_manager(self), order or Order(), self._pause)

    def _pause(self, seconds: float) -> None:
        if self._stopping():
            raise Interrupted
        self._sleep(seconds)

    def _wait_for_completion(
        self, timeout: int = 0, boto_response: dict[str, Any] | None = None
    ) -> StackStatus:
        """Wait until the stack is not in progress; `timeout` in minutes as in Sceptre, 0 for none."""
        deadline = time.monotonic() + 60 * timeout if timeout else None
        pause = FIRST_WAIT
        while (status := self._get_simplified_status(self._get_status())) == StackStatus.IN_PROGRESS:
            if deadline is not None and time.monotonic() >= deadline:
                break
            self._pause(pause)
            pause = min(pause * GROWTH, LONGEST_WAIT)
        return status


def wait(
    stack: SceptreStack, stopping: Callable[[], bool], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait for an operation that an earlier run started; a stack that is being deleted may vanish."""
    from sceptre.exceptions import StackDoesNotExistError

    try:
        Launch(stack, stopping, sleep)._wait_for_completion()
    except StackDoesNotExistError:
        return


def launch(
    stack: SceptreStack,
    stopping: Callable[[], bool],
    order: Order | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[LiveStack | None, str]:
    """Create or update one stack and wait; return how it stands, and why it failed (empty when it did not)."""
    started = datetime.now(UTC) - CLOCK_SKEW
    try:
        Launch(stack, stopping, sleep, order).launch()
    except NotAllowedError as error:
        return read_stack(Aws.of_stack(stack), stack.external_name), str(error)
    aws = Aws.of_stack(stack)
    live = read_stack(aws, stack.external_name)
    if live is None:
        return None, "the stack does not exist any more"
    if live.is_complete:
        return live, ""
    return live, failure_reason(aws, live.stack_id, started) or live.reason or live.status
