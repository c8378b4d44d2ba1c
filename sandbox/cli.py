"""`lockstep sandbox`: the embedded local AWS on the command line."""

from __future__ import annotations

import importlib
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sandbox.place import DEFAULT

HELP = {"help_option_names": ["-h", "--help"]}
"""Context settings of each command: click keeps the help option of the context that first asked for it."""


class LazyGroup(click.Group):
    """A group whose further commands are imported when they are asked for, or listed."""

    lazy = {"demo": "sandbox.demo:demo"}  # noqa: RUF012 - click's own style of class attribute

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, those that are not imported yet too."""
        return sorted({*super().list_commands(ctx), *self.lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None when there is none of that name."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, attribute = self.lazy[cmd_name].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - a fault of ours, not of the user
        return command


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every command of the group takes."""
    command = click.option(
        "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to answer."
    )(command)
    return click.option(
        "--dir",
        "directory",
        type=click.Path(path_type=Path, file_okay=False),
        default=DEFAULT,
        show_default=True,
        help="Folder of the sandbox: state, log and pid file. Each folder is a sandbox of its own.",
    )(command)


def _tell(form: str, command: str, found: dict[str, Any], text: str) -> None:
    if form == "json":
        click.echo(json.dumps({"schema": f"lockstep/sandbox-{command}/v1", **found}, indent=2))
    else:
        click.echo(text)


def _progress(message: str) -> None:
    click.echo(f"sandbox: {message}", err=True)


@click.group(cls=LazyGroup, context_settings=HELP)
def sandbox() -> None:
    """Run AWS on this machine: no account, no key, no Docker, on loopback only."""


@sandbox.command(context_settings=HELP)
@click.option("--port", type=click.IntRange(1, 65535), help="Loopback port; a free one when left out.")
@click.option("--fresh", is_flag=True, help="Begin empty: drop the state that the last stop saved.")
@_options
def start(directory: Path, form: str, port: int | None, fresh: bool) -> None:
    """Start the sandbox and wait until it serves; one that runs is left as it is."""
    from sandbox import process
    from sandbox.place import Place

    place = Place.of(directory)
    if fresh:
        process.discard(place)
        process.remove(place)
    record = process.start(place, port=port, progress=_progress)
    found = {
        "endpoint": record.endpoint,
        "port": record.port,
        "pid": record.pid,
        "directory": str(place.directory),
    }
    hint = f'eval "$({place.command("env")})"'
    text = f"{record.endpoint}\n\nTo use it in this shell:\n  {hint}"
    _tell(form, "start", found, text)


@sandbox.command(context_settings=HELP)
@_options
def stop(directory: Path, form: str) -> None:
    """Stop the sandbox; its state is kept for the next start."""
    from sandbox import process
    from sandbox.place import Place

    place = Place.of(directory)
    stopped = process.stop(place, progress=_progress)
    _tell(form, "stop", {"stopped": stopped}, "stopped" if stopped else "was not running")


@sandbox.command(context_settings=HELP)
@_options
def status(directory: Path, form: str) -> None:
    """Say whether the sandbox runs, and which deployed resources are only recorded."""
    from sandbox import process
    from sandbox.place import Place

    place = Place.of(directory)
    record = process.find(place)
    stubs = process.stubs(record) if record else []
    cut_off = record is None and place.was_cut_off()
    found: dict[str, Any] = {
        "running": record is not None,
        "cut_off": cut_off,
        "directory": str(place.directory),
        "stubs": stubs,
    }
    if record is None:
        why = (
            "\nit was cut off before it could save its state: the next start begins empty" if cut_off else ""
        )
        _tell(
            form, "status", found, f"not running ({place.directory}){why}\nstart it: {place.command('start')}"
        )
        return
    found |= {"endpoint": record.endpoint, "port": record.port, "pid": record.pid}
    lines = [f"running at {record.endpoint}, process {record.pid}", f"state and log in {place.directory}"]
    lines += [f"recorded only: {stub['stack']}/{stub['logical_id']} ({stub['type']})" for stub in stubs]
    _tell(form, "status", found, "\n".join(lines))


@sandbox.command(context_settings=HELP)
@_options
def env(directory: Path, form: str) -> None:
    """Print the shell commands that point AWS clients at the sandbox, as its operator."""
    from sandbox import accounts, process
    from sandbox.place import Place

    record = process.require(Place.of(directory))
    variables = accounts.variables(record.endpoint)
    lines = [f"unset {' '.join(accounts.FOREIGN_VARIABLES)}"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    found = {"variables": variables, "unset": list(accounts.FOREIGN_VARIABLES)}
    _tell(form, "env", found, "\n".join(lines))


@sandbox.command(context_settings=HELP)
@click.option("--principal", default="", help="Only principals whose ARN contains this.")
@click.option("--denied", is_flag=True, help="Only what was not allowed.")
@_options
def decisions(directory: Path, form: str, principal: str, denied: bool) -> None:
    """Show what IAM decided: how often each role got which answer to each action, and why for what it refused."""
    from sandbox import process, running
    from sandbox.decisions import role_of
    from sandbox.place import Place

    record = process.require(Place.of(directory))

    def shown(one: dict[str, Any]) -> bool:
        return principal in one["principal"] and not (denied and one["decision"] == "Allow")

    counts = [one for one in running.decision_counts(record) if shown(one)]
    single = [one for one in running.decisions(record) if shown(one)]
    reasons = {(role_of(one["principal"]), one["action"], one["decision"]): one for one in single}
    lines = []
    for one in counts:
        lines.append(f"{one['decision']:<15} {one['count']:>7} {one['action']:<40} {one['principal']}")
        last = reasons.get((one["principal"], one["action"], one["decision"]))
        if last and one["decision"] != "Allow":
            lines.append(f"{'':>24}on {last['resource']}: {last['reason']}")
    found = {"summary": counts, "decisions": single}
    _tell(
        form,
        "decisions",
        found,
        "\n".join(lines) or ("nothing was denied" if denied else "nothing was decided"),
    )


@sandbox.command(context_settings=HELP)
@click.argument("duration")
@_options
def advance(directory: Path, form: str, duration: str) -> None:
    """Let DURATION pass, such as 60m: what was recorded of deployments, drift and checks counts as so much older."""
    from botocore.exceptions import ClientError

    from sandbox import advance as time
    from sandbox import process
    from sandbox.place import Place
    from validator.errors import ConfigurationError, PendingError

    record = process.require(Place.of(directory))
    try:
        moved = time.advance(record, time.duration(duration))
    except ValueError as error:
        raise ConfigurationError.single(str(error), key="DURATION", hint="for example 60m") from None
    except ClientError as error:
        raise PendingError(
            f"nothing is recorded here yet: {error.response['Error']['Code']}\n  mend: run `lockstep deploy shared`"
        ) from None
    _tell(form, "advance", {"by": duration, "records": moved}, f"{moved} records are {duration} older")
