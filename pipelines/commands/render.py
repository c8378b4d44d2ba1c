"""`lockstep render`: every stack as it would be deployed, offline."""

from __future__ import annotations

from pathlib import Path

import click

from .common import cell, console, echo_json, environments_option, format_option, project_option, warn


@click.command()
@click.argument("environment", required=False)
@project_option
@environments_option
@format_option
def render(environment: str | None, root: Path, folders: dict[str, str] | None, style: str) -> None:
    """Show the stacks of ENVIRONMENT, or of all, with their effective resources.

    Needs no network and no credentials. JSON: the contract of `lockstep/render/v1`.
    """
    from pipelines.workspace import Workspace

    workspace = Workspace(root.resolve(), folders)
    stacks = workspace.rendered(environment)
    warn(workspace.project())
    if style == "json":
        echo_json("render", {"stacks": stacks})
        return
    from rich.table import Table

    table = Table("stack", "account", "region", "template", "resources", "digest", box=None, pad_edge=False)
    for stack in stacks:
        texts = [stack[name] for name in ("name", "account", "region", "template")]
        table.add_row(*map(cell, (*texts, str(len(stack["resources"])), stack["digest"][7:19])))
    console().print(table)
