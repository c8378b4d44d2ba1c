"""`lockstep render`: every stack as it would be deployed, offline."""

from __future__ import annotations

from pathlib import Path

import click

from .common import console, echo_json, environment_argument, format_option, project_option, warn


@click.command()
@environment_argument(required=False)
@project_option
@format_option
def render(environment: str | None, root: Path, style: str) -> None:
    """Show the stacks of ENVIRONMENT, or of all, with their effective resources.

    Needs no network and no credentials. JSON: the contract of `lockstep/render/v1`.
    """
    from validator.loader import load
    from validator.rendering import as_json
    from validator.rendering import render as evaluate

    project = load(root).project
    rendered = evaluate(project.of(environment))
    warn(project)
    if style == "json":
        echo_json("render", {"stacks": as_json(rendered)})
        return
    from rich.table import Table

    table = Table("stack", "account", "region", "template", "resources", "digest", box=None, pad_edge=False)
    for item in rendered:
        stack = item.stack
        count = str(len(item.effective.resources))
        table.add_row(stack.name, stack.account, stack.region, stack.template, count, stack.digest[7:19])
    console().print(table)
