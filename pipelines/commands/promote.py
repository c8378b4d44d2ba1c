"""`lockstep promote ENV`: propose that ENV runs what the environment before it runs, or a release (REQ-G1)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from validator.environments import ENVIRONMENTS
from validator.reports.escaping import harmless

from .common import echo_json, format_option, project_option

if TYPE_CHECKING:
    from pipelines.delivery.promoting import Proposal


@click.command()
@click.argument("environment", type=click.Choice(ENVIRONMENTS))
@click.option(
    "--release", "tag", metavar="TAG", default="", help="The release that enters the first environment."
)
@project_option
@format_option
def promote(environment: str, tag: str, root: Path, style: str) -> int:
    """Open the pull request that brings into ENVIRONMENT what the environment before it runs.

    Into the first environment it brings the release that is named. Every gate has to let it in, or to wait for no more
    than time and approvals. There is one open pull request, of the branch `promote/ENVIRONMENT`, whose text and files
    are kept up to date: merged, it gives the files of the release, also where one was taken back before. Without a
    token in GH_TOKEN or GITHUB_TOKEN the branches are merged here, and pushed where there is a remote. Exit code 1
    where it may not go on, 4 where it may not yet.
    """
    from pipelines.delivery.policy import policy_of
    from pipelines.delivery.promoting import proposal
    from pipelines.workspace import Workspace

    from .gate import ask

    root = root.resolve()
    policy = policy_of(root, Workspace(root).project().environments)
    found = proposal(root, policy, environment, lambda name, one: ask(root, name, one), tag)
    where, what = ("", "there already") if found is None else _propose(root, found, os.environ)
    if style == "json":
        echo_json("promote", _document(environment, found, where, what))
    elif found is None:
        click.echo(f"{environment}: nothing to promote, its branch has these files already")
    else:
        click.secho(f"{found.tag} -> {environment}: {found.decision.state}", bold=True)
        click.echo(f"  {harmless(f'{what}: {where}')}")
    return 0


def _propose(root: Path, found: Proposal, variables: Mapping[str, str]) -> tuple[str, str]:
    """Open the pull request, or merge; return where it is, and what was done."""
    from pipelines.delivery import branches
    from pipelines.delivery.merging import merge, prepare
    from pipelines.delivery.promoting import body
    from pipelines.github.client import GitHub
    from pipelines.github.connection import TOKENS, connection
    from pipelines.github.pulls import propose

    if any(variables.get(name, "").strip() for name in TOKENS):
        github = GitHub(connection(variables, root))
        prepare(root, found.branch, found.target, found.tag, found.title)
        pull = propose(github, found.branch, found.target, found.title, body(found, run_link(variables)))
        return pull.url, pull.state
    moved = merge(root, found.target, found.source, found.title)
    pushed = branches.push(root, f"refs/heads/{found.target}")
    return f"{found.target} {moved.commit}", "merged and pushed" if pushed else "merged"


def run_link(variables: Mapping[str, str]) -> str:
    """Return the address of the run on GitHub that this is; empty elsewhere."""
    parts = [variables.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    return "{}/{}/actions/runs/{}".format(*parts) if all(parts) else ""


def _document(environment: str, found: Proposal | None, where: str, what: str) -> dict[str, object]:
    return {
        "environment": environment,
        "release": found.tag if found else None,
        "decision": found.decision.state if found else None,
        "gates": [
            {"gate": one.gate, "verdict": one.verdict.state, "reason": one.verdict.reason}
            for one in (found.decision.judged if found else ())
        ],
        "result": what,
        "where": where or None,
    }
