"""The `lockstep` command: finds commands lazily, and turns errors into words and exit codes (REQ-X2)."""

from __future__ import annotations

import gc
import importlib
import itertools
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from validator.errors import (
    ConfigurationError,
    FailureError,
    LockstepError,
    PendingError,
    Problem,
    TechnicalError,
)
from validator.reports.escaping import harmless

SUCCESS, FAILURE, USAGE, TECHNICAL, PENDING = range(5)
"""The stable exit codes of every command."""

COMMANDS = {
    "approve": "pipelines.commands.approve:approve",
    "check": "pipelines.commands.check:check",
    "comment": "pipelines.commands.comment:comment",
    "deploy": "pipelines.commands.deploy:deploy",
    "drift": "pipelines.commands.drift:drift",
    "evidence": "pipelines.commands.evidence:evidence",
    "gate": "pipelines.commands.gate:gate",
    "list": "pipelines.commands.list:list_command",
    "manifest": "pipelines.commands.manifest:manifest",
    "parity": "pipelines.commands.parity:parity",
    "plan": "pipelines.commands.plan:plan",
    "promote": "pipelines.commands.promote:promote",
    "protect": "pipelines.commands.protect:protect",
    "release": "pipelines.commands.release:release",
    "render": "pipelines.commands.render:render",
    "rollback": "pipelines.commands.rollback:rollback",
    "status": "pipelines.commands.status:status",
    "verify": "pipelines.commands.verify:verify",
}


class LazyGroup(click.Group):
    """A group that imports a command when it is called. Packages above this one add theirs by entry point."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*COMMANDS, *(point.name for point in _entry_points())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name in COMMANDS:
            module, _, name = COMMANDS[cmd_name].partition(":")
            command: click.Command = getattr(importlib.import_module(module), name)
            return command
        for point in _entry_points():
            if point.name == cmd_name:
                loaded: click.Command = point.load()
                return loaded
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Add the nearest command name to the message for an unknown one."""
        import difflib

        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            if not close:
                raise
            raise click.UsageError(f"{error.message} Did you mean '{close[0]}'?", ctx) from None


def _entry_points() -> Any:
    from importlib.metadata import entry_points

    return entry_points(group="lockstep.commands")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lockstep")
def cli() -> None:
    """Keep the AWS environments of dev, staging and prod in lockstep.

    Exit codes: 0 success, 1 failure ("no"), 2 usage or configuration, 3 technical error, 4 pending.

    Completion: eval "$(_LOCKSTEP_COMPLETE=bash_source lockstep)" (or zsh_source, fish_source).
    """


def main() -> None:
    """Run the command line and exit with one of the stable codes."""
    # A command makes many objects, in no circles, and ends: Python's looking for circles takes a tenth of its time.
    gc.set_threshold(100_000, 50, 50)
    if sys.stdout is None:  # Closed by whoever calls: there is nowhere to answer.
        sys.exit(TECHNICAL)
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
    except OSError as error:
        sys.stderr.write(f"error: the output cannot be written: {error.strerror}\n")
        code = TECHNICAL
        _discard_output()
    sys.exit(code)


def _discard_output() -> None:
    """Send what is still buffered nowhere; Python would answer it with a traceback on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; a user's mistake never shows a traceback."""
    try:
        result = cli.main(args=arguments, prog_name="lockstep", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return FAILURE
    except BrokenPipeError:
        return SUCCESS
    except LockstepError as error:
        _show(error, as_json=_wants_json(arguments))
        return exit_code(error)
    except Exception as error:
        if os.environ.get("LOCKSTEP_DEBUG"):
            raise
        _show(_fault(error), as_json=_wants_json(arguments))
        return TECHNICAL
    return result if isinstance(result, int) else SUCCESS


def _fault(error: Exception) -> TechnicalError:
    """Return what to say of an error that nobody expected, with the line of ours that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
    return TechnicalError(
        f"lockstep itself failed: {type(error).__name__}: {error} ({place})\n"
        "  mend: report it with the output of the same command under LOCKSTEP_DEBUG=1"
    )


def exit_code(error: LockstepError) -> int:
    """Return the exit code of an error."""
    codes = {ConfigurationError: USAGE, FailureError: FAILURE, PendingError: PENDING}
    return next((code for family, code in codes.items() if isinstance(error, family)), TECHNICAL)


def _wants_json(arguments: list[str]) -> bool:
    return "--format=json" in arguments or ("--format", "json") in itertools.pairwise(arguments)


def _show(error: LockstepError, *, as_json: bool) -> None:
    problems = error.problems if isinstance(error, ConfigurationError) else (Problem("", "", str(error)),)
    if as_json:
        kind = {
            ConfigurationError: "configuration",
            FailureError: "failure",
            PendingError: "pending",
            TechnicalError: "technical",
        }
        names = [name for family, name in kind.items() if isinstance(error, family)]
        rows = [{k: getattr(p, k) for k in ("file", "key", "line", "message", "hint")} for p in problems]
        click.echo(
            json.dumps({"schema": "lockstep/error/v1", "kind": (names or ["technical"])[0], "problems": rows})
        )
        return
    for problem in problems:
        click.secho("error: ", fg="red", nl=False, err=True)
        click.echo(harmless(str(problem)), err=True)
