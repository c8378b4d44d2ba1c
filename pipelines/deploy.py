"""Deploying an environment's stacks, batch by batch in dependency order. I/O and order; deciding is elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pipelines import stack_sets
from pipelines.aws import Aws, clear_errors
from pipelines.deployment import Action, decide, published
from pipelines.live import LiveStack
from pipelines.reading import check_accounts, foreign_values, live_stacks
from pipelines.workspace import Workspace
from validator.errors import ConfigurationError, LockstepError, TechnicalError
from validator.model import Stack

if TYPE_CHECKING:
    from pipelines.launcher import Order

Outcome = Literal["created", "updated", "unchanged", "failed", "interrupted", "not started"]
STILL_SECONDS = 60.0
"""How often a long wait is reported."""
SIDE_BY_SIDE = 8
"""Stacks launched at a time: above this, CloudFormation throttles an account (service quotas)."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one stack ended, and why. `stack_id` is its ARN, `request` the token CloudFormation was asked with.

    `change_set` is the ARN of the one that was executed: a stack that stood is updated by one. All are empty where
    there is none, and until the run ended.
    """

    stack: str
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0
    stack_id: str = ""
    request: str = ""
    change_set: str = ""


class Reporter(Protocol):
    """Where progress goes. Called from several threads, one call at a time."""

    def started(self, stack: str, action: Action) -> None:
        """Say that work on a stack begins."""

    def still(self, stacks: Sequence[str], seconds: float) -> None:
        """Say what is still under way, once a minute."""

    def placed(self, stack: str, place: stack_sets.Place) -> None:
        """Say how a StackSet of a stack goes in one account and region (REQ-C10)."""

    def ended(self, result: Result) -> None:
        """Say how a stack ended."""


@dataclass(slots=True)
class Deployment:
    """One run over one environment. `stop` may be set from a signal handler; nothing new starts after it."""

    workspace: Workspace
    environment: str
    reporter: Reporter
    clock: Callable[[], float] = time.monotonic
    stop: threading.Event = field(default_factory=threading.Event)
    look: Callable[[], None] = lambda: None
    """Called before each stack, and before and while CloudFormation changes one: sets `stop` where this run may not go
    on."""
    objection: Callable[[str, Sequence[Mapping[str, Any]]], str] = lambda _stack, _changes: ""
    """Says why the changes of a stack that stands may not be made, as CloudFormation has them; empty where they may."""
    _report: threading.Lock = field(default_factory=threading.Lock)
    _live: dict[str, LiveStack] = field(default_factory=dict)
    _foreign: dict[str, str] = field(default_factory=dict)
    _stack_sets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _orders: dict[str, Order] = field(default_factory=dict)
    _account_is_right: bool = False
    _lost: LockstepError | None = None
    _changed: LockstepError | None = None

    def run(self) -> list[Result]:
        """Deploy, and return a result for every stack of the environment in deployment order.

        A stack that is already as rendered is not touched. The first stack that does not end COMPLETE stops the
        run after its batch; the rest is "not started". Running again carries on from there.
        """
        results: dict[str, Result] = {}
        batches = self.workspace.project().batches(self.environment)
        stacks = [stack for batch in batches for stack in batch]
        with clear_errors():
            self._live |= live_stacks(stacks)
            self._foreign |= foreign_values(stacks, self._live)
            for batch in batches:
                if self.stop.is_set() or {"failed", "interrupted"} & {r.outcome for r in results.values()}:
                    break
                results |= self._batch(batch)
        if self._changed is not None:
            raise self._changed
        if self._lost is not None:
            raise TechnicalError(
                f"the deployment of {self.environment} lost AWS on its way, and how its stacks stand is not known:\n"
                f"{self._lost}\n  mend: bring AWS back, then run the same command again"
            )
        return [
            self._identified(results.get(stack.name, Result(stack.name, "not started"))) for stack in stacks
        ]

    def _identified(self, result: Result) -> Result:
        """Return a result with the ids by which AWS knows the stack, and what was asked for it."""
        live, order = self._live.get(result.stack), self._orders.get(result.stack)
        return replace(
            result,
            stack_id=live.stack_id if live is not None else "",
            request=order.token if order is not None else "",
            change_set=order.change_set if order is not None else "",
        )

    def _decide(self, stack: Stack) -> Action:
        stacks = self.workspace.project().of(self.environment)
        values = {**self._foreign, **published(stacks, self._live)}
        return decide(stack, self._live.get(stack.name), values)

    def _batch(self, batch: tuple[Stack, ...]) -> dict[str, Result]:
        actions = {stack.name: self._decide(stack) for stack in batch}
        still = [name for name, action in actions.items() if action.kind == "skip"]
        results = {name: self._ended(Result(name, "unchanged")) for name in still}
        todo = [stack for stack in batch if stack.name not in results]
        if not todo:
            return results
        self._check_accounts(todo)
        self.workspace.loaded()
        rendered = self.workspace.rendered(self.environment)
        self._stack_sets |= {one["name"]: stack_sets.names(one) for one in rendered}
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
            running: set[Future[Result]] = {
                pool.submit(self._one, stack, actions[stack.name]) for stack in todo
            }
            began, told = self.clock(), 0.0
            # A short wait instead of an endless one, so that a signal reaches the main thread.
            while running:
                done, running = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                results |= {result.stack: result for result in (future.result() for future in done)}
                if running and self.clock() - began >= told + STILL_SECONDS:
                    told = self.clock() - began
                    self._tell(self.reporter.still, [s.name for s in todo if s.name not in results], told)
        return results

    def _tell(self, tell: Callable[..., None], *arguments: object) -> None:
        """Report progress; nobody listening, or nowhere to write, is no reason to stop a deployment."""
        with self._report, suppress(OSError):
            tell(*arguments)

    def _check_accounts(self, stacks: list[Stack]) -> None:
        """Refuse to launch anything in another account. Asked once, and only when something is to be launched."""
        if not self._account_is_right:
            check_accounts(self.environment, stacks)
            self._account_is_right = True

    def _one(self, stack: Stack, action: Action) -> Result:
        """Bring one stack to its rendered state. Never raises: what goes wrong is the stack's result."""
        from sceptre.exceptions import SceptreException

        from pipelines import launcher
        from pipelines.packages import SourcesChangedError

        started = self.clock()
        self.look()
        if self.stop.is_set():
            return self._ended(Result(stack.name, "not started"))
        self._tell(self.reporter.started, stack.name, action)
        try:
            with clear_errors():
                outcome, reason = self._bring(stack, action)
        except SourcesChangedError as error:
            self._changed = error
            self.stop.set()
            outcome, reason = "failed", str(error)
        except launcher.Interrupted:
            outcome, reason = "interrupted", "CloudFormation carries on with it; the next run waits for it"
        except ConfigurationError as error:
            # The endpoint or the credentials are gone: that ends the run, and says nothing of this stack.
            self._lost = error
            self.stop.set()
            outcome, reason = "interrupted", "AWS stopped answering; how it stands is not known"
        except (SceptreException, LockstepError) as error:
            outcome, reason = "failed", str(error)
        return self._ended(Result(stack.name, outcome, reason, self.clock() - started))

    def _stopping(self) -> bool:
        self.look()
        return self.stop.is_set()

    def _bring(self, stack: Stack, action: Action) -> tuple[Outcome, str]:
        from pipelines import launcher

        sceptre_stack = self.workspace.loaded().sceptre_stacks[stack.name]
        if action.kind == "wait":
            launcher.wait(sceptre_stack, self._stopping)
            self._live.pop(stack.name, None)
            self._live |= live_stacks([stack])
            action = self._decide(stack)
            if action.kind == "skip":
                return "unchanged", "an earlier run brought it there"
        if action.kind == "blocked":
            return "failed", action.reason
        live, failure = self._launch(stack, sceptre_stack)
        if live is not None:
            self._live[stack.name] = live
        if failure:
            return "failed", failure
        return ("created" if action.kind in {"create", "recreate"} else "updated"), action.reason

    def _launch(self, stack: Stack, sceptre_stack: Any) -> tuple[LiveStack | None, str]:
        """Launch one stack; where it holds StackSets, wait for theirs first, and tell how each place goes."""
        from pipelines import launcher

        names = self._stack_sets.get(stack.name)
        order = self._orders[stack.name] = launcher.Order(
            objection=lambda changes: self.objection(stack.name, changes)
        )
        if not names:
            return launcher.launch(sceptre_stack, self._stopping, order)
        aws = Aws(stack.region, stack.role_arn)
        if not stack_sets.wait(aws, names, self._stopping):
            raise launcher.Interrupted
        since = datetime.now(UTC) - launcher.CLOCK_SKEW
        watch = stack_sets.Watch(
            aws, names, since, lambda place: self._tell(self.reporter.placed, stack.name, place)
        )
        with watch.watching():
            live, failure = launcher.launch(sceptre_stack, self._stopping, order)
        return live, "\n".join([failure, *map(str, watch.failures(failure))]) if failure else ""

    def _ended(self, result: Result) -> Result:
        self._tell(self.reporter.ended, result)
        return result
