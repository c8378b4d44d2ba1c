"""The table of all gates in `docs/promotion.md`, made from the registry (REQ-X5)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .gates import GATES
from .gates.gate import Gate

BEGINS = "<!-- Gates: made by `python -m pipelines.promotion.reference`; a test fails when they differ. -->"
ENDS = "<!-- End of gates. -->"


def table(gates: Iterable[Gate]) -> str:
    """Return the table: what has to hold, where a gate stands, whether a policy may leave it out, and who asks."""
    rows = [
        f"| `{gate.id}` | {gate.summary} | {'every environment' if gate.first else 'all but the first'} | "
        f"{'yes' if gate.optional else 'no'} | {', '.join(gate.requirements)} |"
        for gate in gates
    ]
    head = [
        "| gate | what has to hold | stands before | may be left out | asked for by |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows])


def page(text: str, gates: Iterable[Gate]) -> str:
    """Return the page with its table of gates renewed. Raises ValueError for a page without a place for it."""
    before, begins, rest = text.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not begins or not ends:
        raise ValueError(f"the page has no {BEGINS if not begins else ENDS}")
    return f"{before}{BEGINS}\n{table(gates)}\n{ENDS}{after}"


if __name__ == "__main__":
    from .people_file import schema as people_schema
    from .policy_form import schema

    root = Path(__file__).parents[2]
    document = root / "docs" / "promotion.md"
    document.write_text(page(document.read_text(encoding="utf-8"), GATES.values()), encoding="utf-8")
    (root / "pipelines" / "promotion.schema.json").write_text(schema(), encoding="utf-8")
    (root / "pipelines" / "people.schema.json").write_text(people_schema(), encoding="utf-8")
