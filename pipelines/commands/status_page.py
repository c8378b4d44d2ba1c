"""The board of `lockstep status` as one page: no script, no network, nothing beside the file (REQ-X3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.status import matrix

from .status_text import CELLS, age, drift_of

if TYPE_CHECKING:
    from pipelines.board import Board

TEMPLATE = "status.html.j2"


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
    environments = list(dict.fromkeys(row.environment for row in board.rows))
    counts = {
        "stacks": len(board.rows),
        "not current": sum(row.state != "current" for row in board.rows),
        "drifted": sum(row.drift == "drifted" for row in board.rows),
        "undeclared differences": sum(line.differences for line in board.summaries),
        "open alerts": len(board.alerts),
    }
    return jinja.get_template(TEMPLATE).render(
        board=board,
        environments=environments,
        lines=matrix(board.rows),
        words={state: word for state, (word, _) in CELLS.items()},
        counts=counts,
    )
