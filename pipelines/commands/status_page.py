"""The board of `lockstep status` as one page: no script, no network, nothing beside the file (REQ-X3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.status import Row, matrix

from .status_text import CELLS, age, drift_of, further, silences

if TYPE_CHECKING:
    from pipelines.board import Board

TEMPLATE = "status.html.j2"
DRIFTS = {
    "in sync": "in sync",
    "drifted": "drifted",
    "unknown": "drift unknown",
    "not checked": "drift not checked",
}


def render_page(board: Board) -> str:
    """Return the page. Everything that comes from AWS is escaped, and the page may load nothing."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    jinja = Environment(
        loader=PackageLoader("pipelines.commands", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {"age": age, "drift_of": drift_of}
    counts = {
        "stacks": len(board.rows),
        "not current": sum(row.state not in ("current", "unknown") for row in board.rows),
        "unknown": sum(row.state == "unknown" for row in board.rows),
        "drifted": sum(row.drift == "drifted" for row in board.rows),
        "undeclared differences": sum(line.differences for line in board.summaries),
        "open alerts": len(board.alerts),
    }
    return jinja.get_template(TEMPLATE).render(
        board=board,
        environments=_accounts(board.rows),
        lines=matrix(board.rows),
        words={state: word for state, (word, _) in CELLS.items()},
        drifts=DRIFTS,
        counts=counts,
        silences=silences(board.places),
        further=further(board.foreign),
    )


def _accounts(rows: Sequence[Row]) -> dict[str, str]:
    """Return the environments in their order, each with its account where its stacks are in one."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        found.setdefault(row.environment, {})[row.account] = None
    return {name: next(iter(accounts)) if len(accounts) == 1 else "" for name, accounts in found.items()}
