"""`lockstep protect`: GitHub's environments and rulesets as `.github/environments.yaml` has them (REQ-G8)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from validator.reports.escaping import harmless

from .common import cell, console, echo_json, format_option, project_option

if TYPE_CHECKING:
    from pipelines.github.client import GitHub
    from pipelines.github.differences import Call, Difference
    from pipelines.github.protection import Protection


@click.command()
@project_option
@format_option
@click.option("--apply", "applying", is_flag=True, help="Change what differs, and look again.")
@click.option(
    "--verify", "verifying", is_flag=True, help="Change nothing; exit code 1 where anything differs."
)
def protect(root: Path, style: str, *, applying: bool, verifying: bool) -> int:
    """Show what protects this repository on GitHub otherwise than .github/environments.yaml says.

    Needs a token in GH_TOKEN or GITHUB_TOKEN. The repository is GITHUB_REPOSITORY, else that of the git remote origin.
    Exit code 0, but 1 where --verify finds a difference, or --apply leaves one.
    """
    if applying and verifying:
        raise click.UsageError("--apply and --verify: choose one")
    from pipelines.github.applying import apply, look
    from pipelines.github.client import GitHub
    from pipelines.github.connection import connection

    wanted = wanted_of(root.resolve())
    github = GitHub(connection(os.environ, root.resolve()))
    calls: Sequence[Call]
    if applying:
        outcome = apply(github, wanted, lambda text: click.echo(harmless(text), err=True))
        calls, differences = outcome.calls, outcome.left
    else:
        found = look(github, wanted)
        calls, differences = found.calls, found.differences
    mode = "apply" if applying else "verify" if verifying else "plan"
    if style == "json":
        echo_json("protect", _content(github, mode, calls, differences))
    else:
        _print(github, mode, calls, differences)
    return 1 if differences and mode != "plan" else 0


def wanted_of(root: Path) -> Protection:
    """Return what the project's files ask for. Raises ConfigurationError with every mistake in either."""
    from pipelines.github import protection_file
    from pipelines.policies import text_of
    from pipelines.promotion import policy_file

    policy = policy_file.read(text_of(root, policy_file.FILE))
    return protection_file.read(text_of(root, protection_file.FILE), policy)


def _content(
    github: GitHub, mode: str, calls: Sequence[Call], differences: Sequence[Difference]
) -> dict[str, object]:
    return {
        "repository": github.where.repository,
        "mode": mode,
        "differences": [asdict(one) for one in differences],
        "calls": [
            {"method": one.method, "path": "/".join(map(str, one.segments)), "says": one.says}
            for one in calls
        ],
    }


def _print(github: GitHub, mode: str, calls: Sequence[Call], differences: Sequence[Difference]) -> None:
    from rich.table import Table

    where = harmless(github.where.repository)
    if mode == "apply" and calls:
        click.echo(f"{where}: {len(calls)} {'change' if len(calls) == 1 else 'changes'} made")
    if not differences:
        click.echo(f"{where} is protected as .github/environments.yaml says")
        return
    table = Table("of", "what", "wanted", "found", box=None, pad_edge=False)
    for one in differences:
        table.add_row(cell(one.subject), cell(one.what), cell(one.wanted), cell(one.found, "red"))
    console().print(table)
    if mode == "apply":
        click.echo("this is left: GitHub was asked to change it, and did not", err=True)
        click.echo(
            "  mend: see that each reviewer may read the repository, and that no other run changes it",
            err=True,
        )
    else:
        click.echo("run `lockstep protect --apply` to make it so", err=True)
