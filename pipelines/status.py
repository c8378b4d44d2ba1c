"""What runs where: a row for each stack, compared with what is checked out. Pure; reading is in `live`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipelines.live import LiveStack
from validator.model import Stack

State = Literal["current", "differs", "missing", "failed", "in progress", "unknown"]


@dataclass(frozen=True, slots=True)
class Row:
    """One stack of one environment. `age_seconds` counts from the last change of the live stack.

    `unknown` means that the environment could not be read; the reason is said once, beside the matrix.
    """

    environment: str
    workload: str
    stack: str
    region: str
    state: State
    status: str = ""
    version: str = ""
    commit: str = ""
    released_at: str = ""
    age_seconds: int | None = None


def row(stack: Stack, live: LiveStack | None, now: datetime) -> Row:
    """Return the row of one stack."""
    place = (stack.environment, stack.workload, stack.short_name, stack.region)
    if live is None:
        return Row(*place, state="missing")
    tags = live.tags
    return Row(
        *place,
        state=_state(stack, live),
        status=live.status,
        version=tags.get("Version", ""),
        commit=tags.get("SourceCommit", ""),
        released_at=tags.get("DeployedAt", ""),
        age_seconds=max(0, int((now - live.changed_at).total_seconds())),
    )


def _state(stack: Stack, live: LiveStack) -> State:
    if live.status.endswith("_IN_PROGRESS"):
        return "in progress"
    if live.stands and live.digest == stack.digest:
        return "current"
    return "differs" if live.is_complete else "failed"


def matrix(rows: list[Row]) -> dict[str, dict[str, Row]]:
    """Return the rows by `workload/stack`, then by environment."""
    found: dict[str, dict[str, Row]] = {}
    for item in rows:
        found.setdefault(f"{item.workload}/{item.stack}", {})[item.environment] = item
    return found


def rows_of(stacks: tuple[Stack, ...], lives: Mapping[str, LiveStack], now: datetime) -> list[Row]:
    """Return the rows of stacks; `lives` by Sceptre name."""
    return [row(stack, lives.get(stack.name), now) for stack in stacks]


def unknown(stacks: tuple[Stack, ...]) -> list[Row]:
    """Return the rows of stacks that could not be read."""
    return [Row(s.environment, s.workload, s.short_name, s.region, state="unknown") for s in stacks]
