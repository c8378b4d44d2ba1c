"""Launching one stack through Sceptre, with a quicker wait and the failing resource's reason. I/O."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sceptre.plan.actions import StackActions
from sceptre.stack import Stack as SceptreStack
from sceptre.stack_status import StackStatus

from pipelines.aws import Aws
from pipelines.live import LiveStack, failure_reason, read_stack

FIRST_WAIT, LONGEST_WAIT, GROWTH = 0.2, 4.0, 1.5
"""Seconds between two looks at a stack: short at first, Sceptre's own four seconds in the end."""
CLOCK_SKEW = timedelta(seconds=5)


class Interrupted(Exception):  # noqa: N818 - a request to stop, not an error
    """The user asked to stop while a stack was in progress; CloudFormation carries on with it."""


def connection_manager(actions: StackActions) -> Any:
    """Return the connection that Sceptre gave a stack's actions."""
    return actions.connection_manager


class _KeepingNothingNew:
    """Sceptre's connection, with a flag that Sceptre cannot pass: what a failed operation made goes, Retain or not.

    Without it a retained resource of a failed creation keeps its name, and the next attempt fails on it.
    `token` names the request in the stack's events and in CloudTrail; empty for none (REQ-G6).
    Source: CloudFormation API reference, CreateStack and UpdateStack, RetainExceptOnCreate and ClientRequestToken.
    """

    def __init__(self, inner: Any, token: str) -> None:
        self._inner, self._token = inner, token

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def call(self, service: str, command: str, kwargs: dict[str, Any] | None = None, **more: Any) -> Any:
        """Make one AWS call."""
        if service == "cloudformation" and command in {"create_stack", "update_stack"}:
            named = {"ClientRequestToken": self._token} if self._token else {}
            kwargs = {**(kwargs or {}), "RetainExceptOnCreate": True, **named}
        return self._inner.call(service, command, kwargs=kwargs, **more)


class Launch(StackActions):  # type: ignore[misc]  # Sceptre ships no types
    """Sceptre's launch of one stack: hooks, create or update, and the wait."""

    def __init__(
        self,
        stack: SceptreStack,
        stopping: Callable[[], bool],
        sleep: Callable[[float], None],
        token: str = "",
    ) -> None:
        super().__init__(stack)
        self.connection_manager = _KeepingNothingNew(connection_manager(self), token)
        self._stopping, self._sleep = stopping, sleep

    def _wait_for_completion(
        self, timeout: int = 0, boto_response: dict[str, Any] | None = None
    ) -> StackStatus:
        """Wait until the stack is not in progress; `timeout` in minutes as in Sceptre, 0 for none."""
        deadline = time.monotonic() + 60 * timeout if timeout else None
        pause = FIRST_WAIT
        while (status := self._get_simplified_status(self._get_status())) == StackStatus.IN_PROGRESS:
            if self._stopping():
                raise Interrupted
            if deadline is not None and time.monotonic() >= deadline:
                break
            self._sleep(pause)
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
    token: str = "",
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[LiveStack | None, str]:
    """Create or update one stack and wait; return how it stands, and why it failed (empty when it did not).

    `token` names the request; empty for none.
    """
    started = datetime.now(UTC) - CLOCK_SKEW
    Launch(stack, stopping, sleep, token).launch()
    aws = Aws.of_stack(stack)
    live = read_stack(aws, stack.external_name)
    if live is None:
        return None, "the stack does not exist any more"
    if live.is_complete:
        return live, ""
    return live, failure_reason(aws, live.stack_id, started) or live.reason or live.status
