"""The board of `lockstep status` for a terminal: a line for each environment, then the matrix of stacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from pipelines.status import Place, Row, Summary, matrix
from validator.reports.escaping import visible

from .common import cell, console

if TYPE_CHECKING:
    from pipelines.board import Board

CELLS = {
    "current": ("ok", "green"),
    "differs": ("differs", "yellow"),
    "missing": ("missing", "dim"),
    "failed": ("FAILED", "red"),
    "in progress": ("...", "yellow"),
    "unexpected": ("not of the project", "red"),
    "unknown": ("unknown", "yellow"),
}
WORD = {"in sync": "green", "as declared": "green", "drifted": "red", "differs": "red", "unknown": "yellow"}


def print_board(board: Board) -> None:
    """Print summaries, open alerts and the matrix."""
    if board.source == "table":
        print_summaries(board.summaries)
        for alert in board.alerts:
            colour = {"critical": "red", "warning": "yellow"}.get(alert.severity, "")
            console().print(cell(f"{alert.severity}: {alert.subject}", colour))
        for line in silences(board.places):
            console().print(cell(f"silent: {line}", "yellow"))
        console().print()
    print_matrix(board.rows)
    if board.foreign:
        console().print(further(board.foreign))


def further(count: int) -> str:
    """Return how many stacks are not ours; empty for none."""
    if not count:
        return ""
    return f"{count} further {'stack in these accounts is' if count == 1 else 'stacks in these accounts are'} not ours"


def silences(places: Sequence[Place]) -> list[str]:
    """Return a line for each place whose agent does not report: what is shown of it may be old, or unknown."""
    lines = []
    for place in places:
        if place.reported_seconds is None:
            where = f"{place.account} {place.region}"
            lines.append(f"no agent has reported from {where} yet; --live shows what runs there")
        elif place.is_silent:
            where, since = f"{place.account} {place.region}", age(place.reported_seconds)
            lines.append(f"the agent of {where} last reported {since} ago; see docs/runbooks/silence.md")
    return lines


def print_summaries(lines: Sequence[Summary]) -> None:
    """Print which release each environment runs, since when, and whether it drifted or differs."""
    table = Table(
        "environment",
        "workload",
        "release",
        "since",
        "stacks",
        "drift",
        "parity",
        "",
        box=None,
        pad_edge=False,
    )
    for line in lines:
        colour = "red" if line.drifted else "yellow" if line.unchecked else "green"
        drift = cell(drift_of(line), colour)
        parity = f"{line.differences} differ" if line.parity == "differs" else line.parity
        table.add_row(
            cell(line.environment),
            cell(line.workload),
            cell(line.release or "none recorded"),
            age(line.synced_seconds),
            str(line.stacks),
            drift,
            cell(parity, WORD.get(line.parity, "")),
            cell(", ".join(line.notes), "red" if line.awaits else "yellow"),
        )
    console().print(table)


def drift_of(line: Summary) -> str:
    """Return what is known of drift; a stack counts as in sync only where drift detection said so."""
    known = [f"{line.drifted} drifted"] if line.drifted else []
    unknown = [f"{line.unchecked} not known"] if line.unchecked else []
    return ", ".join([*known, *unknown]) or ("in sync" if line.stacks else "")


def print_matrix(rows: Sequence[Row]) -> None:
    """Print a line for each stack and a column for each environment; a stack in several regions has a line for each."""
    environments = list(dict.fromkeys(row.environment for row in rows))
    table = Table("stack", *map(visible, environments), box=None, pad_edge=False)
    for name, cells in matrix(rows).items():
        several = any(len(found) > 1 for found in cells.values())
        for index in range(max(map(len, cells.values()))):
            here = [
                found[index] if len(found := cells.get(name, [])) > index else None for name in environments
            ]
            table.add_row(cell(name if index == 0 else ""), *(_cell(row, region=several) for row in here))
    console().print(table)


def _cell(row: Row | None, *, region: bool) -> Text:
    if row is None:
        return Text("")
    word, colour = CELLS[row.state]
    commit = row.commit[:7]
    parts = [
        row.region if region else "",
        row.version,
        "" if commit in row.version else commit,
        age(row.age_seconds),
        word,
    ]
    text = cell(" ".join(part for part in parts if part), colour)
    if row.drift == "drifted":
        text.append(" drifted", style="red")
    if row.parity == "differs":
        text.append(" undeclared", style="red")
    return text


def age(seconds: int | None) -> str:
    """Return an age as people say it: `45s`, `12m`, `3h`, `8d`."""
    if seconds is None:
        return ""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
