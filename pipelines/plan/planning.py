"""Planning one environment: what a deployment would do with each stack, asked side by side. I/O and order."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from pipelines.aws import Aws, clear_errors, has_own
from pipelines.deployment import Action
from pipelines.left_stacks import left_in
from pipelines.live import LiveStack, read_physical_ids
from pipelines.reading import check_accounts
from pipelines.stack_sets import TYPE as STACK_SET
from pipelines.workspace import Workspace
from validator.errors import FailureError, LockstepError
from validator.model import Stack

from . import reading, stack_sets, templates
from .change_sets import changes_of
from .model import Plan, PlannedStack
from .stages import begun, following, staying

SIDE_BY_SIDE = 8
"""Stacks asked about at a time, as a deployment launches them."""
STILL_SECONDS = 60.0
"""How often a long wait is reported."""
UNASKABLE = frozenset({"CREATE_FAILED", "ROLLBACK_COMPLETE"})
"""Stacks that are deleted and made again: no change set can be made of them as they are."""
UNMADE = "not asked: who only looks cannot remove the stack that asking would make"
"""Why a new stack is computed with credentials that may delete none; the digest is the same either way."""
IN_STACK_SETS = "what changes in the stacks of its StackSets is computed from templates"


class Reporter(Protocol):
    """Where progress goes. Called from the thread that plans."""

    def ended(self, stack: PlannedStack) -> None:
        """Say that a stack is planned."""

    def still(self, stacks: Sequence[str], seconds: float) -> None:
        """Say what is still under way, once a minute."""


@dataclass(slots=True)
class Planning:
    """One run over one environment. `stop` may be set from a signal handler; nothing new is asked after it."""

    workspace: Workspace
    environment: str
    release: str
    reporter: Reporter
    stop: threading.Event = field(default_factory=threading.Event)
    clock: Callable[[], float] = time.monotonic
    run_id: str = field(default_factory=lambda: secrets.token_hex(6))
    live: dict[str, LiveStack] = field(default_factory=dict)

    def run(self) -> Plan:
        """Return the plan. Nothing is deployed, and nothing stays of what CloudFormation was asked with.

        Raises FailureError when it was stopped, ConfigurationError with credentials of another account, TechnicalError
        where AWS does not answer.
        """
        stacks = self._stacks()
        with clear_errors():
            self.live, actions = reading.read(stacks)
            touched = [one for one in stacks if actions[one.name].kind in {"create", "recreate", "update"}]
            check_accounts(self.environment, touched)
            if touched:
                self.workspace.loaded()
            planned = self._all(stacks, actions, reading.missing(touched))
            left = left_in(self.environment, stacks)
        whole = (*following(stacks, planned), *staying(left))
        return Plan(self.environment, self.release, whole)

    def read(self) -> tuple[list[Stack], dict[str, Action]]:
        """Return the stacks in deployment order with what a deployment would do; `live` holds how they stand."""
        stacks = self._stacks()
        with clear_errors():
            self.live, actions = reading.read(stacks)
        return stacks, actions

    def _stacks(self) -> list[Stack]:
        return [stack for batch in self.workspace.project().batches(self.environment) for stack in batch]

    def _all(
        self, stacks: list[Stack], actions: Mapping[str, Action], missing: Mapping[str, tuple[str, ...]]
    ) -> list[PlannedStack]:
        """Plan each stack, eight at a time, and return them in order. The first signal stops what is not begun."""
        planned: dict[str, PlannedStack] = {}
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
            running: set[Future[PlannedStack]] = {
                pool.submit(self._one, stack, actions[stack.name], missing.get(stack.name, ()))
                for stack in stacks
            }
            began, told = self.clock(), 0.0
            try:
                # A short wait instead of an endless one, so that a signal reaches the main thread.
                while running:
                    done, running = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                    for one in (future.result() for future in done):
                        planned[one.name] = one
                        self._tell(self.reporter.ended, one)
                    if running and self.clock() - began >= told + STILL_SECONDS:
                        told = self.clock() - began
                        left = [stack.name for stack in stacks if stack.name not in planned]
                        self._tell(self.reporter.still, left, told)
            except BaseException:
                # Whatever it is: what is under way removes what it made, and nothing else begins.
                self.stop.set()
                raise
        return [planned[stack.name] for stack in stacks]

    def _tell(self, tell: Callable[..., None], *arguments: object) -> None:
        with suppress(OSError):
            tell(*arguments)

    def _one(self, stack: Stack, action: Action, missing: tuple[str, ...]) -> PlannedStack:
        from sceptre.exceptions import SceptreException

        from . import asking

        planned = begun(stack, self.live.get(stack.name), action)
        if planned.kind in {"unchanged", "wait", "blocked"}:
            return planned
        if self.stop.is_set():
            raise _stopped(self.environment)
        live = self.live.get(stack.name)
        if missing:
            listed = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
            return self._computed(
                stack, planned, f"not asked: it reads {listed}, which this deployment makes first"
            )
        if live is not None and live.status in UNASKABLE:
            note = f"not asked: it is {live.status}, and is deleted and made again"
            return self._computed(stack, planned, note)
        if planned.kind == "create" and has_own():
            return self._computed(stack, planned, UNMADE)
        sceptre_stack = self.workspace.loaded().sceptre_stacks[stack.name]
        client = Aws.of_stack(sceptre_stack).client("cloudformation")
        try:
            with clear_errors():
                sent = asking.arguments(sceptre_stack, self.run_id, is_new=planned.kind != "update")
                answer = asking.ask(client, sent, self.stop.is_set)
        except asking.Interrupted:
            raise _stopped(self.environment) from None
        except SceptreException as error:
            return replace(planned, problem=str(error))
        planned = replace(planned, change_set=answer.change_set)
        if answer.refused:
            return replace(planned, source="asked", problem=answer.refused)
        changes = changes_of(stack.name, answer.changes)
        planned = replace(planned, source="asked", changes=changes)
        if any(change.resource_type == STACK_SET for change in changes):
            with clear_errors():
                return self._with_stack_sets(stack, planned)
        return planned

    def _with_stack_sets(self, stack: Stack, planned: PlannedStack) -> PlannedStack:
        """Add what changes in the stacks of a stack's StackSets, of which its change set says nothing."""
        live = self.live.get(stack.name) if planned.kind == "update" else None
        try:
            inside = self.sides(stack, live).inside()
        except stack_sets.Unknown as unknown:
            return replace(planned, problem=str(unknown))
        return replace(planned, note=IN_STACK_SETS, changes=(*planned.changes, *inside))

    def _computed(self, stack: Stack, planned: PlannedStack, note: str) -> PlannedStack:
        live = self.live.get(stack.name) if planned.kind == "update" else None
        ids = read_physical_ids(Aws(stack.region, stack.role_arn), stack.external_name) if live else {}
        return self.sides(stack, live).planned(planned, note, ids)

    def sides(self, stack: Stack, live: LiveStack | None) -> templates.Sides:
        """Return a stack as it stands, or nothing, and as it is rendered, with the templates of its StackSets."""
        return templates.Sides(
            stack.name,
            (templates.standing(stack, live), stack_sets.live_body(Aws(stack.region, stack.role_arn))),
            (templates.wanted(stack), stack_sets.rendered_body(self.workspace.root / "templates")),
        )


def _stopped(environment: str) -> LockstepError:
    return FailureError(
        f"{environment}: stopped at your request; nothing is left of what was asked\n"
        f"  mend: run `lockstep plan {environment}` again"
    )
