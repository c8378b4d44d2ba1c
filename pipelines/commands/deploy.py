"""`lockstep deploy ENV`: bring an environment to what is checked out."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validator.errors import FailureError

from .common import console, echo_json, environment_argument, format_option, project_option, warn

if TYPE_CHECKING:
    from pipelines.deploy import Deployment, Result
    from pipelines.deployment import Action

MARKS = {
    "created": ("+", "green"),
    "updated": ("~", "green"),
    "unchanged": ("=", "dim"),
    "failed": ("x", "red"),
    "interrupted": ("!", "yellow"),
    "not started": ("-", "dim"),
}


@click.command()
@environment_argument(required=True)
@project_option
@format_option
def deploy(environment: str, root: Path, style: str) -> int:
    """Deploy ENVIRONMENT batch by batch; stop at the first stack that does not end COMPLETE.

    A stack that already is as rendered is not touched. Run again after a failure or an interruption: it carries
    on from there. Needs AWS credentials, or the local AWS (`lockstep sandbox start`).
    """
    results = deploy_environment(root, environment, quiet=style == "json")
    if style == "json":
        fields = ("stack", "outcome", "reason", "seconds")
        rows = [{name: getattr(result, name) for name in fields} for result in results]
        echo_json("deploy", {"environment": environment, "stacks": rows})
        return 0 if is_done(results) else 1
    conclude(environment, results)
    return 0


def deploy_environment(root: Path, environment: str, *, quiet: bool = False) -> list[Result]:
    """Load, check and deploy one environment with live progress; return a result for each stack."""
    from pipelines.deploy import Deployment
    from pipelines.release import checked_out
    from pipelines.workspace import Workspace

    workspace = Workspace(root.resolve())
    project = workspace.project()
    stacks = project.of(environment)
    release = checked_out(root.resolve())
    warn(project)
    if not quiet:
        console().print(f"[bold]{environment}[/]: {len(stacks)} stacks, release {release.version}")
    with progress(len(stacks), quiet=quiet) as reporter:
        deployment = Deployment(workspace, environment, reporter)
        with stop_on_signal(deployment):
            return deployment.run()


def is_done(results: list[Result]) -> bool:
    """Tell whether every stack is as rendered."""
    return all(result.outcome in {"created", "updated", "unchanged"} for result in results)


def conclude(environment: str, results: list[Result]) -> None:
    """Raise FailureError with what failed, why, and what stands, unless every stack is as rendered."""
    if is_done(results):
        return
    bad = [result for result in results if result.outcome in {"failed", "interrupted"}]
    waiting = [result.stack for result in results if result.outcome == "not started"]
    stands = sum(result.outcome in {"created", "updated", "unchanged"} for result in results)
    lines = [f"{result.stack}: {result.outcome}: {result.reason}" for result in bad]
    lines.append(
        f"{environment}: {stands} of {len(results)} stacks stand as rendered, {len(waiting)} not started"
    )
    lines.append(
        f"  mend: correct the cause, then run `lockstep deploy {environment}` again; it carries on from here"
    )
    raise FailureError("\n".join(lines))


@contextmanager
def stop_on_signal(deployment: Deployment) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM end the run after the calls under way; a second SIGINT ends it at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: Any) -> None:
        deployment.stop.set()
        click.echo("stopping: nothing new is started", err=True)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[_Silent]:
    """Yield where progress goes: a live bar on a terminal, plain lines elsewhere, nowhere for machines."""
    if quiet:
        yield _Silent()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    out = console()
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        yield _Shown(bar, bar.add_task("", total=total), out)


class _Silent:
    """A reporter for machines."""

    def started(self, stack: str, action: Action) -> None:
        """Say nothing."""

    def ended(self, result: Result) -> None:
        """Say nothing."""


class _Shown(_Silent):
    """A reporter for people: a line for each stack that ended, and which ones are under way."""

    def __init__(self, bar: Any, task: Any, out: Any) -> None:
        self._bar, self._task, self._out = bar, task, out
        self._running: list[str] = []

    def started(self, stack: str, action: Action) -> None:
        """Show a stack as under way."""
        self._running.append(stack)
        self._bar.update(self._task, description=" ".join(name.split("/")[-1] for name in self._running))

    def ended(self, result: Result) -> None:
        """Print how a stack ended."""
        from rich.text import Text

        mark, colour = MARKS[result.outcome]
        if result.stack in self._running:
            self._running.remove(result.stack)
        text = Text(f"  {mark} {result.stack:<36} {result.outcome:<11} {result.seconds:5.1f} s", style=colour)
        if result.outcome in {"failed", "interrupted", "updated"}:
            text.append(f"  {result.reason}")
        self._out.print(text)
        names = " ".join(name.split("/")[-1] for name in self._running)
        self._bar.update(self._task, advance=1, description=names)
