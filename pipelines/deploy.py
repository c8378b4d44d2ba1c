"""Deploying an environment's stacks, batch by batch in dependency order. I/O and order; deciding is elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pipelines.aws import Aws, clear_errors
from pipelines.deployment import Action, decide
from pipelines.live import LiveStack, read_parameters, read_stacks
from pipelines.workspace import Workspace
from validator.model import Stack

Outcome = Literal["created", "updated", "unchanged", "failed", "interrupted", "not started"]
SIDE_BY_SIDE = 8
"""Stacks launched at a time: above this, CloudFormation throttles an account (service quotas)."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one stack ended, and why."""

    stack: str
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0


class Reporter(Protocol):
    """Where progress goes. Called from several threads, one call at a time."""

    def started(self, stack: str, action: Action) -> None:
        """Say that work on a stack begins."""

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
    _report: threading.Lock = field(default_factory=threading.Lock)
    _published: dict[str, str] = field(default_factory=dict)
    _changed: bool = False

    def run(self) -> list[Result]:
        """Deploy, and return a result for every stack of the environment in deployment order.

        A stack that is already as rendered is not touched. The first stack that does not end COMPLETE stops the
        run after its batch; the rest is "not started". Running again carries on from there.
        """
        results: dict[str, Result] = {}
        batches = self.workspace.project().batches(self.environment)
        with clear_errors():
            live = self._live([stack for batch in batches for stack in batch])
            self._published |= self._read_published([stack for batch in batches for stack in batch], live)
            for batch in batches:
                if self.stop.is_set() or any(
                    r.outcome in {"failed", "interrupted"} for r in results.values()
                ):
                    break
                results |= self._batch(batch, live)
        return [
            results.get(stack.name, Result(stack.name, "not started")) for batch in batches for stack in batch
        ]

    def _live(self, stacks: list[Stack]) -> dict[str, LiveStack]:
        """Return the live stacks by Sceptre name; stacks of one role and region are read together."""
        found: dict[str, LiveStack] = {}
        for (region, role_arn), here in _by_place(stacks).items():
            lives = read_stacks(
                Aws(region, role_arn), [stack.external_name for stack in here], templates=True
            )
            found |= {s.name: lives[s.external_name] for s in here if s.external_name in lives}
        return found

    def _read_published(self, stacks: list[Stack], live: Mapping[str, LiveStack]) -> dict[str, str]:
        """Return the present values in Parameter Store of what the live stacks read there."""
        values: dict[str, str] = {}
        for (region, role_arn), here in _by_place([stack for stack in stacks if stack.name in live]).items():
            names = {live[s.name].parameters[key] for s in here for key in live[s.name].resolved}
            values |= read_parameters(Aws(region, role_arn), names) if names else {}
        return values

    def _batch(self, batch: tuple[Stack, ...], live: Mapping[str, LiveStack]) -> dict[str, Result]:
        if self._changed:
            # Stacks that this run changed may have published other values since the first look.
            self._published |= self._read_published(list(batch), live)
        actions = {stack.name: decide(stack, live.get(stack.name), self._published) for stack in batch}
        results = {
            name: self._ended(Result(name, "unchanged")) for name, a in actions.items() if a.kind == "skip"
        }
        todo = [stack for stack in batch if stack.name not in results]
        if not todo:
            return results
        self._changed = True
        self.workspace.loaded()
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
            running: set[Future[Result]] = {
                pool.submit(self._one, stack, actions[stack.name]) for stack in todo
            }
            # A short wait instead of an endless one, so that a signal reaches the main thread.
            while running:
                done, running = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                results |= {result.stack: result for result in (future.result() for future in done)}
        return results

    def _one(self, stack: Stack, action: Action) -> Result:
        """Bring one stack to its rendered state. Never raises: what goes wrong is the stack's result."""
        from sceptre.exceptions import SceptreException

        from pipelines import launcher
        from validator.errors import LockstepError

        started = self.clock()
        if self.stop.is_set():
            return self._ended(Result(stack.name, "not started"))
        with self._report:
            self.reporter.started(stack.name, action)
        try:
            with clear_errors():
                outcome, reason = self._bring(stack, action)
        except launcher.Interrupted:
            outcome, reason = "interrupted", "CloudFormation carries on with it; the next run waits for it"
        except (SceptreException, LockstepError) as error:
            outcome, reason = "failed", str(error)
        return self._ended(Result(stack.name, outcome, reason, self.clock() - started))

    def _bring(self, stack: Stack, action: Action) -> tuple[Outcome, str]:
        from pipelines import launcher

        sceptre_stack = self.workspace.loaded().sceptre_stacks[stack.name]
        if action.kind == "wait":
            launcher.wait(sceptre_stack, self.stop.is_set)
            live = self._live([stack])
            action = decide(stack, live.get(stack.name), self._read_published([stack], live))
            if action.kind == "skip":
                return "unchanged", "an earlier run brought it there"
        if action.kind == "blocked":
            return "failed", action.reason
        _, failure = launcher.launch(sceptre_stack, self.stop.is_set)
        if failure:
            return "failed", failure
        return ("created" if action.kind in {"create", "recreate"} else "updated"), action.reason

    def _ended(self, result: Result) -> Result:
        with self._report:
            self.reporter.ended(result)
        return result


def _by_place(stacks: list[Stack]) -> dict[tuple[str, str], list[Stack]]:
    """Return stacks by region and role, which is how they are read."""
    found: dict[tuple[str, str], list[Stack]] = {}
    for stack in stacks:
        found.setdefault((stack.region, stack.role_arn), []).append(stack)
    return found
