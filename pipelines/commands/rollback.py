"""`lockstep rollback TAG|--last-consistent`: everything back to a release that was good (REQ-R1 to REQ-R3)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validator.environments import ENVIRONMENTS
from validator.errors import ConfigurationError

from .common import echo_json, format_option, loss_option, project_option
from .deploy import Terminal, now
from .ending import ended_in_order

if TYPE_CHECKING:
    from pipelines.delivery.rollback import Ended
    from pipelines.delivery.ways import Ways


@click.command()
@click.argument("tag", required=False)
@click.option(
    "--last-consistent",
    "consistent",
    is_flag=True,
    help="The last release that every environment ran, verified and without drift.",
)
@click.option("--env", "environment", type=click.Choice(ENVIRONMENTS), help="This environment, and no other.")
@click.option("--all", "every", is_flag=True, help="Every environment, the last one of the order first.")
@loss_option
@click.option("--dry-run", "dry", is_flag=True, help="Show what would be done, and change nothing.")
@click.option(
    "--outputs", type=click.Path(path_type=Path), help="A file to add release= to, once it is found."
)
@project_option
@format_option
@ended_in_order()
def rollback(tag: str | None, environment: str | None, root: Path, style: str, **options: Any) -> int:
    """Take one environment, or all, back to a release TAG that succeeded there before.

    What is wrong with any of them is told before anything is changed. Then, one environment after the other: its branch
    has the files of the release again, by a new commit; they are deployed and verified; what they take the place of
    stays out from then on. No gate is asked but locks and data loss. The first environment that fails is the last that
    is begun; the same command run again carries on.
    """
    from pipelines.delivery import rollback as rolling
    from pipelines.delivery.ways import accept, ways_of

    from .rollback_text import document, say_end, show_way

    _refuse(tag, options["consistent"], environment, options["every"])
    root, dry, quiet = root.resolve(), options["dry"], style == "json"
    stage = Terminal(quiet=quiet)
    name = tag or rolling.newest_consistent(root, stage.warn)
    if (outputs := options["outputs"]) is not None:
        with outputs.open("a", encoding="utf-8") as file:
            file.write(f"release={name}\n")
    ways = ways_of(root, name, environment, stage.tell, stage.warn)
    ways = accept(ways, frozenset(options["accepted"]))
    if not quiet:
        show_way(ways)
    ended = _planned(ways) if dry else []
    if not dry:
        for one in rolling.go(ways, stage, now):
            ended.append(one)
    if quiet:
        echo_json("rollback", document(name, ended, dry=dry))
        return code(ended)
    if not dry:
        say_end(name, ended)
    return 0


def _refuse(tag: str | None, consistent: bool, environment: str | None, every: bool) -> None:
    """Raise ConfigurationError unless one release and one scope are named: nothing is guessed here."""
    if (tag is not None) == consistent:
        raise ConfigurationError.single(
            "name the release to go back to, or have the last consistent one found",
            key="TAG",
            hint="`lockstep rollback TAG`, or `lockstep rollback --last-consistent`: one of the two",
        )
    if (environment is not None) == every:
        raise ConfigurationError.single(
            "say which environments go back",
            key="--env",
            hint=f"`--env {environment or ENVIRONMENTS[-1]}` for one, or `--all` for all: one of the two",
        )


def _planned(ways: Ways) -> list[Ended]:
    from pipelines.delivery.rollback import Ended

    return [Ended(way, "there" if way.plan is None else "planned") for way in ways.ways]


def code(ended: list[Ended]) -> int:
    """Return the exit code: that of the error which stopped it, 1 for a failure, else 0."""
    from pipelines.cli import FAILURE, SUCCESS, exit_code

    failed = next((one for one in ended if one.is_last), None)
    if failed is None:
        return SUCCESS
    return exit_code(failed.error) if failed.error is not None else FAILURE
