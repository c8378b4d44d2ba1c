"""What the demo shows of the control plane: regions that join through StackSets, and a table that knows every stack."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from validator.errors import FailureError

if TYPE_CHECKING:
    from pipelines.board import Board
    from pipelines.home import Home
    from pipelines.state.store import StateStore
    from validator.loader import Loaded
    from validator.model import Project

CONTROL = "control"
AGENT = "{environment}-control-agent"
"""The StackSet that puts the agent into an environment's other regions (templates/regional-agent.yaml)."""

SETTLE_SECONDS, POLL_SECONDS = 120.0, 1.0
"""How long the agents have to tell home what was deployed; on two quiet cores it takes seconds."""

T = TypeVar("T")


def until(ask: Callable[[], T | None], failed: Callable[[], str], seconds: float | None = None) -> T:
    """Ask until there is an answer, and return it; raises FailureError with what `failed` says when time is over."""
    patience = SETTLE_SECONDS if seconds is None else seconds
    deadline = time.monotonic() + patience
    while (found := ask()) is None:
        if time.monotonic() > deadline:
            raise FailureError(f"{failed()} (waited {patience:.0f} s)")
        time.sleep(min(POLL_SECONDS, patience))
    return found


def home(project: Project) -> Home:
    """Return the home, which has to be there."""
    from pipelines.home import home_of

    found = home_of(project)
    if found is None:
        raise FailureError(
            "the home of the control plane was deployed, and publishes neither table nor bucket"
        )
    return found


def show_joined(loaded: Loaded, environment: str, since: datetime) -> None:
    """Say which regions joined through the StackSet of the agent; each has to be current, and heard of at home."""
    settings: Any = loaded.settings[environment, CONTROL]
    table = home(loaded.project).table()
    regions = dict(_instances(environment, settings))
    if sorted(regions) != sorted(settings.regions):
        raise FailureError(
            f"{environment}: the StackSet has agents in {sorted(regions)}, not in {settings.regions}"
        )
    for region, status in sorted(regions.items()):
        if status != "CURRENT":
            raise FailureError(f"{environment}: the agent of {region} is {status}")
        stacks = until(
            lambda region=region: _reported(table, settings.account, region, since),  # type: ignore[misc]
            lambda region=region: f"{environment}: the agent of {region} has not reported",  # type: ignore[misc]
        )
        click.echo(
            f"{environment}: {region} joined through StackSet {AGENT.format(environment=environment)}; its agent "
            f"reports {stacks} stacks"
        )


def _instances(environment: str, settings: Any) -> Iterator[tuple[str, str]]:
    """Yield region and status of each agent that the StackSet made."""
    from pipelines.aws import Aws

    pages = Aws(settings.region, settings.deploy_role_arn).client("cloudformation")
    for page in pages.get_paginator("list_stack_instances").paginate(
        StackSetName=AGENT.format(environment=environment)
    ):
        yield from ((one["Region"], one["Status"]) for one in page["Summaries"])


def _reported(table: StateStore, account: str, region: str, since: datetime) -> int | None:
    census = table.census(account, region)
    return census.stacks if census is not None and census.observed_at >= since else None


def settled() -> Board:
    """Return the board once the table knows every stack as it is checked out, without drift, difference or alert."""
    from pipelines.commands.status import board_of

    boards: list[Board] = []

    def ask() -> Board | None:
        boards[:] = [board_of(Path(), None)]
        return None if _amiss(boards[0]) else boards[0]

    return until(
        ask, lambda: "the control plane does not know what was deployed:\n  " + "\n  ".join(_amiss(boards[0]))
    )


def show(board: Board) -> None:
    """Say how much the table knows."""
    regions = {(row.account, row.region) for row in board.rows}
    click.echo(
        f"{len(board.rows)} stacks in {len(regions)} accounts and regions are as checked out; environments differ only "
        "as declared; no alert is open"
    )


def _amiss(board: Board) -> list[str]:
    """Return what is wrong with a board, in words."""
    rows = [
        f"{row.environment}/{row.workload}/{row.stack} in {row.region} is {row.state}"
        for row in board.rows
        if row.state != "current"
    ]
    lines = [
        f"{line.environment}/{line.workload}: parity is {line.parity} ({line.differences}), {line.drifted} drifted"
        for line in board.summaries
        if line.parity != "as declared" or line.drifted
    ]
    return [*rows, *lines, *(f"alert: {alert.subject}" for alert in board.alerts), *map(str, board.troubles)]
