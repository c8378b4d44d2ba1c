"""`lockstep status`: the matrix of environment x workload x stack x region (REQ-X3)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validator.reports.escaping import harmless

from .common import echo_json, environment_argument, format_option, project_option

if TYPE_CHECKING:
    from pipelines.board import Board
    from pipelines.state.store import StateStore


@click.command()
@environment_argument(required=False)
@click.option("--live", is_flag=True, help="Read CloudFormation itself, not the state table.")
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write one page that needs no network.",
)
@project_option
@format_option
def status(environment: str | None, root: Path, style: str, page: Path | None, *, live: bool) -> int:
    """Show which version of each stack runs where, whether it drifted, and whether environments agree.

    The state table answers, which knows every account and region. Where there is none yet, or with --live,
    CloudFormation itself is asked; then drift and parity are not known. What cannot be read is `unknown`; the rest is
    shown all the same, and the exit code is 3.
    """
    board = board_of(root, environment, live=live)
    if page is not None:
        _write_page(board, page)
    if style == "json":
        echo_json("status", as_json(board))
    elif page is None:
        from .status_text import print_board

        print_board(board)
    if board.source == "live" and not live:
        click.echo("note: there is no control plane; read from CloudFormation itself", err=True)
    for name, trouble in board.troubles:
        click.echo(harmless(f"error: {name}: {trouble}"), err=True)
    return 3 if board.troubles else 0


def board_of(root: Path, environment: str | None, *, live: bool = False) -> Board:
    """Read the board of one environment, or of all."""
    from pipelines.board import read_board
    from pipelines.home import home_of
    from pipelines.workspace import Workspace

    project = Workspace(root.resolve()).project()

    def store() -> StateStore | None:
        home = None if live else home_of(project)
        return home.table() if home else None

    return read_board(project, environment, datetime.now(UTC), store)


def as_json(board: Board) -> dict[str, Any]:
    """Return the content of `lockstep/status/v1`."""
    return {
        "source": board.source,
        "at": board.at.isoformat(timespec="seconds"),
        "environments": [asdict(line) for line in board.summaries],
        "stacks": [asdict(row) for row in board.rows],
        "alerts": [
            {
                "kind": alert.kind,
                "environment": alert.environment,
                "workload": alert.workload,
                "severity": alert.severity,
                "subject": alert.subject,
                "opened_at": alert.opened_at.isoformat(timespec="seconds"),
            }
            for alert in board.alerts
        ],
        "foreign": board.foreign,
        "places": [{**asdict(place), "silent": place.is_silent} for place in board.places],
        "troubles": dict(board.troubles),
    }


def _write_page(board: Board, page: Path) -> None:
    from validator.errors import ConfigurationError

    from .status_page import render_page

    try:
        page.write_text(render_page(board), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError.single(
            f"{page} cannot be written: {error.strerror}",
            key="--html",
            hint="name a file in a folder that exists",
        ) from None
    click.echo(f"written to {page}", err=True)
