"""A plan for a terminal: what changes in each stack, then the counts, and what holds data apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from rich.table import Table

from pipelines.plan.losses import Irreversible, left_behind, losses
from pipelines.plan.markdown import said
from pipelines.plan.model import Change, Plan, PlannedStack, counts, counts_by_type

from .common import cell, console

if TYPE_CHECKING:
    from rich.console import Console

COLOURS = {
    "added": "green",
    "imported": "green",
    "modified": "yellow",
    "retagged": "dim",
    "replaced": "red",
    "may be replaced": "red",
    "removed": "red",
}
PROPERTIES = 6


def print_plan(plan: Plan, stateful: Collection[str], lost: Iterable[Irreversible]) -> None:
    """Print every change, data loss in red (REQ-G7); tags alone, and what a new stack is made of, are counted."""
    out = console()
    way = "plan" if plan.direction == "forward" else "way back to what runs"
    out.print(cell(f"{plan.environment}: {way}, release {plan.release}", "bold"))
    for stack in plan.stacks:
        _print_stack(out, stack)
    out.print()
    _print_types(out, plan)
    out.print(cell(f"{_stacks(plan)}: {said(counts(plan.changes))}", "bold"))
    for loss in losses(plan.changes, stateful):
        out.print(cell(f"data loss: {loss.name} ({loss.resource_type}) would be {loss.action}", "bold red"))
    for change in left_behind(plan.changes, stateful):
        out.print(
            cell(
                f"left behind: {change.name} ({change.resource_type}) {change.physical_id}".rstrip(), "yellow"
            )
        )
    for one in lost:
        out.print(
            cell(f"cannot be undone: {one.name} ({one.resource_type}): {one.why}", "red"), soft_wrap=True
        )
    for bad in plan.problems:
        out.print(cell(f"cannot be planned: {bad.name}: {bad.problem}", "red"), soft_wrap=True)
    out.print(f"digest {plan.digest}", soft_wrap=True)


def _stacks(plan: Plan) -> str:
    kinds = [stack.kind for stack in plan.stacks]
    told = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    return f"{len(kinds)} stacks ({told})"


def _print_stack(out: Console, stack: PlannedStack) -> None:
    if stack.kind == "unchanged":
        if stack.note:
            out.print(cell(f"{stack.name}: {stack.note}", "dim"), soft_wrap=True)
        return
    counted = {"retagged"} if stack.kind == "update" else {"retagged", "added"}
    told = said(counts(tuple(change for change in stack.changes if change.kind in counted)))
    more = f", {told}" if any(change.kind in counted for change in stack.changes) else ""
    out.print(cell(f"{stack.name}: {stack.kind}: {stack.reason}{more}"), soft_wrap=True)
    if stack.note:
        out.print(cell(f"  {stack.note}", "dim"), soft_wrap=True)
    shown = [change for change in stack.changes if change.kind not in counted]
    if not shown:
        return
    table = Table("", "resource", "type", "what changes", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.show_header = False
    for change in shown:
        colour = COLOURS[change.kind]
        table.add_row(
            cell(f"  {change.kind}", colour),
            cell(change.logical_id),
            cell(change.resource_type),
            cell(_what(change)),
        )
    out.print(table)


def _what(change: Change) -> str:
    names = [
        one.name + (" (replaces)" if one.requires == "always" else "")
        for one in change.properties[:PROPERTIES]
    ]
    if len(change.properties) > PROPERTIES:
        names.append(f"{len(change.properties) - PROPERTIES} more")
    names = names or [name for name in change.scope if name != "Properties"]
    return ", ".join([*names, *([change.policy] if change.policy else [])])


def _print_types(out: Console, plan: Plan) -> None:
    types = counts_by_type(plan.changes)
    if not types:
        return
    table = Table("resource type", "changes", box=None, pad_edge=False)
    for name, kinds in types.items():
        table.add_row(cell(name), cell(said(kinds)))
    out.print(table)
