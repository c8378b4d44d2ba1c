"""`lockstep approve ENV --release TAG --plan DIGEST`: somebody says yes to a release, under their own name (REQ-G2)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from validator.environments import ENVIRONMENTS
from validator.reports.escaping import harmless

from .common import echo_json, format_option, project_option


@click.command()
@click.argument("environment", type=click.Choice(ENVIRONMENTS))
@click.option("--release", "tag", metavar="TAG", required=True, help="The release: a tag such as v1.2.3.")
@click.option("--plan", metavar="DIGEST", required=True, help="The digest of the plan that you read.")
@project_option
@format_option
def approve(environment: str, tag: str, plan: str, root: Path, style: str) -> None:
    """Approve that a release enters ENVIRONMENT as a plan says, under the name of your AWS credentials.

    Nobody approves a release that they made, nor under another's name. Once the plan is another, approve again.
    """
    from pipelines import approving
    from pipelines.aws import clear_errors
    from pipelines.state.times import timestamp
    from pipelines.workspace import Workspace

    project = Workspace(root.resolve()).project()
    with clear_errors():
        given, is_new = approving.approve(
            root.resolve(), project, environment, tag, plan, lambda: datetime.now(UTC)
        )
    if style == "json":
        content = {
            "environment": given.environment,
            "release": given.tag,
            "plan": given.plan,
            "by": given.by,
            "identity": given.identity,
            "at": timestamp(given.at),
            "recorded": is_new,
        }
        echo_json("approve", content)
        return
    done = "approved" if is_new else "had approved before"
    click.echo(harmless(f"{given.by} {done}: {given.tag} -> {given.environment}"))
    click.echo(f"  plan      {given.plan}")
    click.echo(f"  identity  {harmless(given.identity)}")
