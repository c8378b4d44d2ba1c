"""`lockstep status`: the matrix of environment x workload x stack."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import console, echo_json, environment_argument, format_option, project_option

if TYPE_CHECKING:
    from pipelines.status import Row
    from validator.model import Project

CELLS = {
    "current": ("ok", "green"),
    "differs": ("differs", "yellow"),
    "missing": ("missing", "dim"),
    "failed": ("FAILED", "red"),
    "in progress": ("...", "yellow"),
    "unknown": ("unknown", "red"),
}


@click.command()
@environment_argument(required=False)
@project_option
@format_option
def status(environment: str | None, root: Path, style: str) -> int:
    """Show which version of each stack runs where, and whether it is what is checked out here.

    An environment that cannot be read is `unknown`; the others are shown all the same, and the exit code is 3.
    """
    rows, troubles = read_rows(root, environment)
    if style == "json":
        echo_json("status", {"stacks": [asdict(row) for row in rows], "troubles": troubles})
    else:
        print_matrix(rows)
    for name, trouble in troubles.items():
        click.echo(f"error: {name}: {trouble}", err=True)
    return 3 if troubles else 0


def read_rows(root: Path, environment: str | None) -> tuple[list[Row], dict[str, str]]:
    """Read the live stacks of one environment, or of all, side by side; and why an environment could not be read.

    Raises ConfigurationError for what concerns every environment alike: no credentials, no endpoint.
    """
    from concurrent.futures import ThreadPoolExecutor

    from pipelines.workspace import Workspace

    project = Workspace(root.resolve()).project()
    wanted = [environment] if environment else list(project.places)
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = list(pool.map(lambda name: _read(project, name), wanted))
    troubles = {name: trouble for name, (_, trouble) in zip(wanted, found, strict=True) if trouble}
    return [row for rows, _ in found for row in rows], troubles


def _read(project: Project, environment: str) -> tuple[list[Row], str]:
    from pipelines.aws import clear_errors
    from pipelines.status import unknown
    from validator.errors import TechnicalError

    try:
        with clear_errors():
            return _environment_rows(project, environment), ""
    except TechnicalError as error:
        return unknown(project.of(environment)), str(error)


def _environment_rows(project: Project, environment: str) -> list[Row]:
    from datetime import UTC, datetime

    from pipelines.aws import Aws
    from pipelines.live import read_stacks
    from pipelines.status import rows_of

    rows = []
    stacks = project.of(environment)
    for region, role_arn in sorted({(stack.region, stack.role_arn) for stack in stacks}):
        here = tuple(stack for stack in stacks if (stack.region, stack.role_arn) == (region, role_arn))
        aws = Aws(region, role_arn)
        by_external = read_stacks(aws, [stack.external_name for stack in here], templates=True)
        lives = {s.name: by_external[s.external_name] for s in here if s.external_name in by_external}
        rows += rows_of(here, lives, datetime.now(UTC))
    return rows


def print_matrix(rows: list[Row]) -> None:
    """Print a line for each stack and a column for each environment."""
    from rich.table import Table
    from rich.text import Text

    from pipelines.status import matrix

    environments = list(dict.fromkeys(row.environment for row in rows))
    table = Table("stack", *environments, box=None, pad_edge=False)
    for name, cells in matrix(rows).items():
        line: list[Text | str] = [name]
        for environment in environments:
            row = cells.get(environment)
            if row is None:
                line.append("")
                continue
            word, colour = CELLS[row.state]
            commit = row.commit[:7]
            parts = [row.version, "" if commit in row.version else commit, age(row.age_seconds), word]
            line.append(Text(" ".join(part for part in parts if part), style=colour))
        table.add_row(*line)
    console().print(table)


def age(seconds: int | None) -> str:
    """Return an age as people say it: `45s`, `12m`, `3h`, `8d`."""
    if seconds is None:
        return ""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
