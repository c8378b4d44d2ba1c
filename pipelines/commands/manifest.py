"""`lockstep manifest ENV`: every resource of an environment with its configuration (REQ-T7)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validator.errors import ConfigurationError

from .common import cell, console, echo_json, environment_argument, format_option, project_option

if TYPE_CHECKING:
    from validator.model import Project


@click.command()
@environment_argument(required=True)
@project_option
@format_option
@click.option("--live", is_flag=True, help="Add the physical id of each deployed resource; needs AWS.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the JSON to this file as well."
)
def manifest(environment: str, root: Path, style: str, live: bool, output: Path | None) -> None:
    """List every resource of ENVIRONMENT with its configuration. Offline, unless `--live`."""
    from pipelines.workspace import Workspace

    workspace = Workspace(root.resolve())
    stacks = workspace.rendered(environment)
    if live:
        _add_physical_ids(workspace.project(), stacks)
    content = {"environment": environment, "stacks": stacks}
    if output:
        document = {"schema": "lockstep/manifest/v1", **content}
        try:
            output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            hint = "choose a file in a folder that exists and can be written to"
            raise ConfigurationError.single(str(error), key="--output", hint=hint) from None
    if style == "json":
        echo_json("manifest", content)
        return
    _print(stacks, live=live)


def _add_physical_ids(project: Project, stacks: list[dict[str, Any]]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from pipelines.aws import Aws, clear_errors
    from pipelines.live import read_physical_ids

    def add(stack: dict[str, Any]) -> None:
        known = project[stack["name"]]
        ids = read_physical_ids(Aws(known.region, known.role_arn), known.external_name)
        for logical_id, resource in stack["resources"].items():
            resource["PhysicalResourceId"] = ids.get(logical_id)

    with clear_errors(), ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(add, stacks))


def _print(stacks: list[dict[str, Any]], *, live: bool) -> None:
    from rich.table import Table

    table = Table("stack", "resource", "type", *(["physical id"] if live else []), box=None, pad_edge=False)
    for stack in stacks:
        for logical_id, resource in stack["resources"].items():
            more = [resource["PhysicalResourceId"] or "not deployed"] if live else []
            table.add_row(*map(cell, (stack["name"], logical_id, resource["Type"], *more)))
    console().print(table)
