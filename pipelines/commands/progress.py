"""What people see while a deployment runs: a live bar on a terminal, plain lines elsewhere, nothing for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from validator.reports.escaping import visible

from .common import cell, console

if TYPE_CHECKING:
    from pipelines.deploy import Result
    from pipelines.deployment import Action
    from pipelines.stack_sets import Place

MARKS = {
    "created": ("+", "green"),
    "updated": ("~", "green"),
    "unchanged": ("=", "dim"),
    "failed": ("x", "red"),
    "interrupted": ("!", "yellow"),
    "not started": ("-", "dim"),
}


class Silent:
    """A reporter for machines."""

    def started(self, stack: str, action: Action) -> None:
        """Say nothing."""

    def still(self, stacks: Sequence[str], seconds: float) -> None:
        """Say nothing."""

    def placed(self, stack: str, place: Place) -> None:
        """Say nothing."""

    def ended(self, result: Result) -> None:
        """Say nothing."""


class Shown(Silent):
    """A reporter for people: a line for each stack that ended, and which ones are under way."""

    def __init__(self, bar: Any, task: Any, out: Any, width: int) -> None:
        self._bar, self._task, self._out, self._width = bar, task, out, width
        self._running: list[str] = []

    def started(self, stack: str, action: Action) -> None:
        """Show a stack as under way; one that an earlier run left in progress gets a line of its own."""
        self._running.append(stack)
        if action.kind == "wait":
            self._line(f"  . {stack:<{self._width}} waiting      {action.reason}", "yellow")
        self._describe()

    def still(self, stacks: Sequence[str], seconds: float) -> None:
        """Say what is still under way, so that a long wait is no silence."""
        self._line(f"  . {', '.join(stacks)}: still in progress after {seconds / 60:.0f} min", "yellow")

    def placed(self, stack: str, place: Place) -> None:
        """Print how a StackSet goes in one account and region."""
        style = "red" if place.status == "FAILED" else "dim"
        self._line(f"  . {stack:<{self._width}} {place}", style)

    def ended(self, result: Result) -> None:
        """Print how a stack ended."""
        mark, colour = MARKS[result.outcome]
        if result.stack in self._running:
            self._running.remove(result.stack)
        reason = f"  {result.reason}" if result.outcome in {"failed", "interrupted", "updated"} else ""
        self._line(
            f"  {mark} {result.stack:<{self._width}} {result.outcome:<11} {result.seconds:5.1f} s{reason}",
            colour,
        )
        self._bar.update(self._task, advance=1)
        self._describe()

    def _describe(self) -> None:
        names = " ".join(name.split("/")[-1] for name in self._running)
        self._bar.update(self._task, description=visible(names))

    def _line(self, text: str, style: str) -> None:
        # One line a stack, however long its reason: logs are searched line by line.
        self._out.print(cell(text, style), soft_wrap=True)


@contextmanager
def progress(stacks: Sequence[str], *, quiet: bool) -> Iterator[Silent]:
    """Yield where the progress of these stacks goes."""
    if quiet:
        yield Silent()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    out = console()
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        yield Shown(bar, bar.add_task("", total=len(stacks)), out, max(map(len, stacks)))
