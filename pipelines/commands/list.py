"""`lockstep list`: which stacks, environments, workloads, templates, checks and gates there are; offline (REQ-X2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.listing import KINDS, Row
from validator.environments import refuse_unknown

from .common import cell, console, echo_json, environments_option, format_option, project_option, warn

if TYPE_CHECKING:
    from pipelines.promotion.policy import Policy
    from pipelines.workspace import Workspace

NARROWED = ("stacks", "environments", "templates")
"""What the names of environments narrow."""
HEADINGS = {"dependencies": "depends on", "used_by": "used by"}
WIDE = 10_000
"""Characters of a line where no terminal reads: a row is a line, for `grep` and its like."""


class Kind(click.Choice[str]):
    """What is listed; to name an environment alone is a likely mistake."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        """Return what can be listed, and how an environment is named."""
        said = super().get_invalid_choice_message(value, ctx)
        return f"{said} The stacks of an environment are `lockstep list stacks ENV`."


@click.command("list")
@click.argument("kind", type=Kind(list(KINDS)), default="stacks")
@click.argument("names", nargs=-1, metavar="[ENV]...")
@project_option
@environments_option
@format_option
def list_command(
    kind: str, names: tuple[str, ...], root: Path, folders: dict[str, str] | None, style: str
) -> None:
    """List what there is: stacks, or what the first argument names.

    Needs no network and no credentials. ENV narrows stacks, environments and templates to those of an environment, or
    of several. Checks are those of this Lockstep, whatever the project. JSON: the rows under the name of their kind.
    """
    if names and kind not in NARROWED:
        message = f"{kind} are not narrowed by an environment; leave {', '.join(names)} out"
        raise click.UsageError(f"{message}, or list {', '.join(NARROWED)}.")
    from pipelines.workspace import Workspace

    workspace = Workspace(root.resolve(), folders)
    rows = [asdict(row) for row in _rows(workspace, kind, names)]
    if style == "json":
        echo_json("list", {"kind": kind, kind: rows})
        return
    _print(kind, rows)


def _print(kind: str, rows: Iterable[Mapping[str, object]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for field in fields(KINDS[kind]):
        # Folded, for a name that is cut short on a narrow screen names nothing.
        table.add_column(HEADINGS.get(field.name, field.name), overflow="fold")
    for row in rows:
        table.add_row(*(cell(_text(value)) for value in row.values()))
    out = console()
    if out.is_terminal:
        out.print(table)
        return
    out.width = WIDE
    with out.capture() as said:
        out.print(table)
    click.echo("\n".join(line.rstrip() for line in said.get().splitlines()))


def _rows(workspace: Workspace, kind: str, names: tuple[str, ...]) -> Iterable[Row]:
    """Return the rows of a kind; raises ConfigurationError for a project that does not load, and unknown names."""
    from pipelines import listing

    if kind == "checks":
        from validator.checks import CHECKS

        return listing.checks(CHECKS.values())
    project = workspace.project()
    refuse_unknown(names, project.places)
    warn(project)
    if kind == "gates":
        from pipelines.promotion.gates import GATES

        return listing.gates(GATES.values(), _policy(workspace))
    rendered = listing.narrowed(workspace.rendered(), names)
    if kind == "environments":
        places = [place for place in project.places if not names or place in names]
        return listing.environments(rendered, places, _policy(workspace))
    if kind == "workloads":
        return listing.workloads(rendered, project.places)
    return listing.stacks(rendered) if kind == "stacks" else listing.templates(rendered)


def _policy(workspace: Workspace) -> Policy | None:
    """Return the project's policy; None, which is told, where it has none, or was not born here."""
    import os

    from pipelines.delivery.policy import policy_of
    from pipelines.promotion.policy_file import FILE
    from validator.layout import is_own

    if not is_own(workspace.root):
        reason = "this project was not born here"
    elif not os.path.lexists(workspace.root / FILE):
        reason = f"there is no {FILE}"
    else:
        project = workspace.project()
        everything = sorted({stack.workload for stack in project.stacks})
        return policy_of(workspace.root, project.environments, everything)
    click.echo(f"note: {reason}, so there is no order of promotion, and no gate is asked", err=True)
    return None


def _text(value: object) -> str:
    """Return what stands in a cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)
