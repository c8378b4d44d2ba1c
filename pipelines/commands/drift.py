"""`lockstep drift`: what differs between live resources and their stacks, property by property (REQ-C4)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from validator.errors import FailureError, LockstepError, TechnicalError
from validator.reports.escaping import harmless

from .common import cell, console, echo_json, environment_argument, format_option, project_option

TECHNICAL, PENDING = 3, 4
"""The exit codes for what could not be told, and for what nobody knows yet (pipelines/cli.py)."""

if TYPE_CHECKING:
    from rich.text import Text

    from pipelines.drift import StackDrift
    from pipelines.state.store import StateStore
    from validator.model import Project


@click.command()
@environment_argument(required=False)
@click.option("--detect", "detecting", is_flag=True, help="Look for drift now, and wait for what is found.")
@project_option
@format_option
def drift(environment: str | None, root: Path, style: str, *, detecting: bool) -> int:
    """Show what somebody changed past CloudFormation: each property, as deployed and as it is.

    A stack is in sync only where drift detection covered it, since its last change and within two days; what it could
    not judge is counted, and named by --format json. Exit code 1 where there is open drift, 4 where that is not known
    of every stack, 0 where there is none.
    """
    from pipelines.aws import clear_errors
    from pipelines.drift import as_json, read_drift, unrecorded
    from pipelines.home import home_of
    from pipelines.workspace import Workspace

    project = Workspace(root.resolve()).project()
    with clear_errors():
        home = home_of(project)
        if home is None:
            click.echo("there is no control plane yet, so nobody recorded drift", err=True)
            click.echo("  mend: `lockstep deploy shared`, then deploy each environment", err=True)
            return PENDING
        store = home.table()
        failure = _look(project, environment, store) if detecting else None
        found = read_drift(store, environment, datetime.now(UTC))
    lacking = unrecorded(project, environment, found)
    if style == "json":
        echo_json("drift", {"stacks": as_json(found), "unrecorded": lacking})
    else:
        print_drift(found, lacking)
    if failure is not None:
        click.secho("error: ", fg="red", nl=False, err=True)
        click.echo(harmless(str(failure)), err=True)
        return TECHNICAL if isinstance(failure, TechnicalError) else 1
    if any(one.is_open for one in found):
        return 1
    return PENDING if lacking or not all(one.is_known for one in found) else 0


def _look(project: Project, environment: str | None, store: StateStore) -> LockstepError | None:
    """Let the agents look for drift; return what failed, since what the others found is shown all the same."""
    from pipelines.agents import agents_of
    from pipelines.detection import detect

    wanted = [environment] if environment else project.environments
    agents = [agent for name in wanted for agent in agents_of(project, name)]
    try:
        detect(agents, store, time.monotonic, time.sleep, lambda text: click.echo(harmless(text), err=True))
    except (FailureError, TechnicalError) as error:
        return error
    return None


def print_drift(found: Sequence[StackDrift], lacking: Sequence[str] = ()) -> None:
    """Print the properties that differ, then how far drift detection reached."""
    from rich.table import Table

    columns = ("environment", "stack", "region", "resource", "property", "deployed", "live")
    table = Table(*columns, box=None, pad_edge=False)
    for one in found:
        key = one.state.key
        for finding in one.findings:
            place = [cell(one) for one in (key.environment, key.stack, key.region, finding.logical_id)]
            style = "dim" if finding.known_reason else "red"
            if finding.kind == "DELETED":
                table.add_row(*place, "the resource", "there", cell("deleted", style))
            for each in finding.properties:
                values = cell(each.path), _shown(each.expected), _shown(each.actual, style)
                table.add_row(*place, *values)
            if finding.known_reason:
                table.add_row(*place, cell(f"expected: {finding.known_reason}", "dim"), "", "")
    if table.row_count:
        console().print(table)
    _coverage(found, lacking)


def _shown(value: str | None, style: str = "") -> Text:
    return cell("not set" if value is None else value, style)


def _coverage(found: Sequence[StackDrift], lacking: Sequence[str]) -> None:
    """Say how many stacks are in sync, and of how much nobody knows."""
    states = [one.verdict for one in found]
    counts = {
        name: states.count(name) for name in ("in_sync", "drifted", "unknown", "started", "not checked")
    }
    words = [f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count]
    console().print(f"{len(found)} stacks: {', '.join(words) or 'none recorded'}")
    if lacking:
        few = ", ".join(lacking[:3]) + (", ..." if len(lacking) > 3 else "")
        console().print(
            cell(f"{len(lacking)} more are of the project, and no agent has reported them: {few}")
        )
    uncovered = [
        each.resource_type
        for one in found
        if (last := one.state.drift)
        for each in (*last.unsupported, *last.failed)
    ]
    if uncovered:
        kinds = len(set(uncovered))
        console().print(
            f"not covered by drift detection: {len(uncovered)} resources of {kinds} types (--format json names them)"
        )
