"""Options and output that the commands share."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from validator.environments import PLACES
from validator.reports.escaping import harmless, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from validator.model import Project

HERE = "@ is the one whose files are checked out"
"""How the options that name a release say so."""

Command = TypeVar("Command", bound=Callable[..., Any])


def project_option(command: Command) -> Command:
    """Add `--project DIR`."""
    kind = click.Path(exists=True, file_okay=False, path_type=Path)
    return click.option(
        "--project", "root", type=kind, default=".", help="The Sceptre project; here by default."
    )(command)


def format_option(command: Command) -> Command:
    """Add `--format text|json`."""
    choice = click.Choice(["text", "json"])
    return click.option("--format", "style", type=choice, default="text", help="For people or for machines.")(
        command
    )


def loss_option(command: Command) -> Command:
    """Add `--accept-loss NAME`, as often as wanted."""
    text = "A resource whose data may go, by stack and id."
    return click.option("--accept-loss", "accepted", metavar="NAME", multiple=True, help=text)(command)


def acknowledge_option(command: Command) -> Command:
    """Add `--acknowledge STACK`, as often as wanted."""
    text = "A stack there that may stay drifted."
    return click.option("--acknowledge", "acknowledged", metavar="STACK", multiple=True, help=text)(command)


def expected_digest(context: click.Context, option: click.Parameter, given: str | None) -> str:
    """Return the digest of the only plan that may be executed; empty for none. Raises BadParameter for another form."""
    from pipelines.plan.document import DIGEST

    if given is not None and not DIGEST.fullmatch(given):
        message = f"{given[:120]!r} is no digest of a plan: write sha256: and 64 hexadecimal digits"
        raise click.BadParameter(message, context, option)
    return given or ""


def environments_option(command: Command) -> Command:
    """Add `--environment NAME=FOLDER`, for a project that was not born here."""
    text = "An environment and its folder below config, in promotion order; may be given several times."
    return click.option(
        "--environment", "folders", multiple=True, metavar="NAME=FOLDER", callback=_folders, help=text
    )(command)


def _folders(
    context: click.Context, option: click.Parameter, given: tuple[str, ...]
) -> dict[str, str] | None:
    """Return the folder of each environment that is given; None for none. Raises BadParameter for another form."""
    found: dict[str, str] = {}
    for one in given:
        name, equals, folder = one.partition("=")
        if not equals or not name or not folder or name in found:
            message = f"{one}: write NAME=FOLDER, such as prod=accounts/prod, and each name once"
            raise click.BadParameter(message, context, option)
        found[name] = folder.strip("/")
    return found or None


def environment_argument(*, required: bool) -> Callable[[Command], Command]:
    """Add the ENVIRONMENT argument; `shared` is what belongs to none."""
    return click.argument("environment", type=click.Choice(PLACES), required=required)


def echo_json(command: str, content: dict[str, Any]) -> None:
    """Print one JSON document with the schema's name first."""
    click.echo(json.dumps({"schema": f"lockstep/{command}/v1", **content}, indent=2))


def console(*, stderr: bool = False) -> Console:
    """Return a rich console; wide enough for whole tables where the output is no terminal.

    It reads no markup: `[x]` and `:x:` in a value are the value's.
    """
    from rich.console import Console

    class Patient(Console):
        """A console whose reader may go away: a deployment carries on without it."""

        def on_broken_pipe(self) -> None:
            """Write nothing more, instead of ending the process as rich does."""
            self.quiet = True
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the rest of the process

    found = Patient(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not found.is_terminal:
        found.width = 200
    return found


def cell(value: str, style: str = "") -> Text:
    """Return a text from data for a console: none of it is markup, and what does not print is shown as its escape."""
    from rich.text import Text

    return Text(visible(value), style=style)


def warn(project: Project) -> None:
    """Print the project's warnings on standard error."""
    for problem in project.warnings:
        click.secho("warning: ", fg="yellow", nl=False, err=True)
        click.echo(harmless(str(problem)), err=True)
