"""`lockstep sandbox demo`: the main job end to end on the local AWS (REQ-X1)."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sandbox.cli import HELP
from validator.environments import ENVIRONMENTS, SHARED

if TYPE_CHECKING:
    from sandbox.orders_demo import Counts
    from sandbox.place import Record
    from validator.loader import Loaded

FOLDER = Path(".lockstep") / "demo"
"""A sandbox of the demo's own, so that it can begin empty without touching anybody's."""


@click.command(context_settings=HELP)
@click.option("--keep", is_flag=True, help="Leave the sandbox running at the end.")
@click.option(
    "--timings", type=click.Path(dir_okay=False, path_type=Path), help="Write seconds by step as JSON."
)
def demo(*, keep: bool, timings: Path | None) -> None:
    """Promote a release through dev, staging and prod on the local AWS, trade, and show what is known.

    An undeclared difference is stopped, a change by hand is found and announced, and everything is taken back: all of
    it in a repository of its own, below .lockstep/demo.
    """
    steps = Steps()
    with steps.step("read the project"):
        _read_project()
    with _sigterm_as_interrupt():
        try:
            record = _demonstrate(steps, keep=keep)
        finally:
            if not keep:
                with steps.step("stop the local AWS", show=False):
                    _stop()
            if timings:
                steps.write(timings)
    if keep:
        _next_commands(record)


def _demonstrate(steps: Steps, *, keep: bool) -> Record:
    with steps.step("start the local AWS"):
        record = _start(keep=keep)
    with _pointed_at(record):
        _run(steps, record)
    _stubs(record)
    return record


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let the first SIGTERM end the demo as Ctrl-C does, so that what runs is stopped; further ones change nothing."""

    def end(number: int, frame: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Steps:
    """Says what is being done, and remembers how long each step took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, *, show: bool = True) -> Iterator[None]:
        """Time one step."""
        if show:
            click.secho(f"\n== {name}", bold=True)
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 2)

    def write(self, file: Path) -> None:
        """Write the timings as JSON."""
        import json

        file.write_text(json.dumps(self.seconds, indent=2) + "\n", encoding="utf-8")


def _read_project() -> None:
    """Raise ConfigurationError for a folder without a project, or with a wrong one, before anything is started."""
    from pipelines.workspace import Workspace

    Workspace(Path().resolve()).project()


def _start(*, keep: bool) -> Record:
    """Return the demo's sandbox: empty, unless one was kept running. Unless it is to be kept, it ends with the demo."""
    from sandbox import process
    from sandbox.place import Place

    place = Place.of(FOLDER)
    running = process.find(place)
    if running is None:
        process.remove(place)
    record = running or process.start(place, lifeline=None if keep else os.getpid())
    click.echo(f"listening on {record.endpoint}, state and log in {FOLDER}")
    if running is not None:
        end = "stays" if keep else "is stopped at the end"
        click.echo(f"it was running already, with what it holds; it {end}")
    return record


def _stop() -> None:
    from sandbox import process
    from sandbox.place import Place

    # A stop is bounded in time, and half of one would leave the server behind.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    process.stop(Place.of(FOLDER))


@contextmanager
def _pointed_at(record: Record) -> Iterator[None]:
    """Point this process's AWS clients at the sandbox, whatever the shell says."""
    from sandbox import accounts

    for name in accounts.FOREIGN_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(accounts.variables(record.endpoint))
    yield


def _run(steps: Steps, record: Record) -> None:
    """Tell the whole story in a repository of its own, and show the matrix in the end."""
    from sandbox import control_demo, drift_demo
    from sandbox import promotion_demo as promotion
    from validator.loader import load

    with promotion.Story.begun(FOLDER, record) as story:
        loaded = load(Path())
        with steps.step("deploy the home of the control plane, which belongs to no environment"):
            story.run("deploy", SHARED)
        with steps.step(f"{promotion.FIRST} enters dev"):
            since = datetime.now(UTC)
            story.run("deploy", "dev", "--release", promotion.FIRST)
            control_demo.show_joined(loaded, "dev", since)
        with steps.step(f"{promotion.FIRST} enters staging, once somebody else approved it"):
            promotion.enter_staging(story)
        with steps.step(f"{promotion.FIRST} enters prod, an hour later and no sooner"):
            promotion.enter_prod(story)
        with steps.step("post orders to each environment, and read back what the services hold"):
            counts = _trade(loaded)
        with steps.step("wait until the control plane knows every stack, and finds nothing amiss"):
            control_demo.show(control_demo.settled())
        with steps.step("a difference between environments that nobody declared is stopped"):
            promotion.stop_difference(story)
        with steps.step("change a live queue of prod by hand, find that, announce it, put it back"):
            drift_demo.demonstrate(loaded)
        with steps.step(f"{promotion.BETTER} enters dev; then everything goes back to what all ran"):
            promotion.roll_back(story)
        _show(counts)
        _matrix()


def _trade(loaded: Loaded) -> dict[str, Counts]:
    from pipelines.aws import Aws
    from pipelines.smoke.order_client import OrderClient
    from sandbox import orders_demo as orders

    run, sent = uuid.uuid4().hex[:8], {}
    for environment in ENVIRONMENTS:
        settings = loaded.settings[environment, "orders"]
        aws = Aws(settings.region, settings.deploy_role_arn)
        place = orders.Place.read(aws, settings.parameter_root)
        before = orders.dead_letters(aws, place)
        orders.poison(aws, place)
        answers = orders.send(OrderClient(aws, place.api_url), run)
        sent[environment] = (aws, place, answers, before)
        click.echo(
            f"{environment}: {answers.accepted} new, {answers.repeated} repeated, {answers.conflicts} with "
            f"another body, {answers.rejected} wrong; 1 poison message put into the queue"
        )
    counts = {}
    for environment, (aws, place, answers, before) in sent.items():
        counts[environment] = orders.settle(aws, place, run, answers, before, time.monotonic)
        orders.check(environment, counts[environment])
    return counts


def _show(counts: dict[str, Counts]) -> None:
    from rich.table import Table

    from pipelines.commands.common import console
    from sandbox.orders_demo import Counts

    names = [field.name.replace("_", " ") for field in fields(Counts)]
    table = Table("environment", *names, box=None, pad_edge=False)
    for environment, count in counts.items():
        table.add_row(environment, *map(str, astuple(count)))
    click.echo()
    console().print(table)


def _matrix() -> None:
    from pipelines.commands.status import board_of
    from pipelines.commands.status_text import print_board

    click.echo()
    print_board(board_of(Path(), None))


def _stubs(record: Record) -> None:
    from sandbox import process

    types = sorted({stub["type"] for stub in process.stubs(record)})
    if types:
        click.echo(f"\nonly recorded by the local AWS, see docs/sandbox.md: {', '.join(types)}")


def _next_commands(record: Record) -> None:
    click.echo(f"""
The local AWS stays at {record.endpoint}. Try next, in this folder:
  . .venv/bin/activate
  eval "$(lockstep sandbox env --dir {FOLDER})"
  lockstep status --html status.html
  lockstep drift --detect
  lockstep verify prod
  lockstep manifest prod --live
  lockstep gate dev --release v1.2.0 --project {FOLDER}/repository
  lockstep evidence v1.0.0 --project {FOLDER}/repository
  lockstep rollback v1.0.0 --all --dry-run --project {FOLDER}/repository
  (cd sceptre && sceptre launch -y dev)
  lockstep sandbox stop --dir {FOLDER}""")
