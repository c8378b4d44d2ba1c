"""A plan as a comment on a pull request, in GitHub's Markdown; what it quotes is text alone (REQ-G7). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from validator.reports.markdown import LIMIT, _code, _prose

from .losses import Irreversible, left_behind, losses
from .model import Change, Direction, Plan, PlannedStack, counts, counts_by_type

MARK = "<!-- lockstep plan {} -->"
"""The first line, by which a later run finds its comment to replace it."""
ROOM = 10_000
"""Characters of one list before the folds: losses, what is left behind, what cannot be undone, resource types."""
FOOT = 600
"""Characters kept free for what is said of the stacks that have no room."""
VALUE = 120
END = "\n</details>\n"
PROPERTIES = 12


def render(plan: Plan, stateful: Collection[str], lost: Iterable[Irreversible] = ()) -> str:
    """Return the plan in at most `LIMIT` characters: what is lost first, then a fold for each stack that changes."""
    text = _head(plan, stateful, tuple(lost))
    shown = [stack for stack in plan.stacks if stack.kind != "unchanged"]
    for number, stack in enumerate(shown):
        room = LIMIT - FOOT - len(text)
        part = _stack(stack, room)
        if not part:
            left = shown[number:]
            changes = sum(len(one.changes) for one in left)
            more = f"{_counted(len(left), 'more stack')} with {_counted(changes, 'change')}"
            return f"{text}\nAnd {more} for which a comment has no room: see `lockstep plan {plan.environment}`.\n"
        text += part
    return text


def unplanned(environment: str, direction: Direction, why: str) -> str:
    """Return what is said where no plan could be made, under the mark of one: an older plan may stand there."""
    return f"{_title(environment, direction, 'there is none of this state')}\n\n❌ {_prose(why, 2_000)}\n"


def _title(environment: str, direction: Direction, state: str) -> str:
    title = "plan" if direction == "forward" else "way back"
    return f"{MARK.format(f'{environment} {direction}')}\n### Lockstep {title}: {environment}, {state}"


def _head(plan: Plan, stateful: Collection[str], lost: tuple[Irreversible, ...]) -> str:
    lines = [
        _title(plan.environment, plan.direction, said(counts(plan.changes))),
        "",
        f"Release {_code(plan.release)}, digest {_code(plan.digest)}",
    ]
    found = losses(plan.changes, stateful)
    bad = [f"{_code(one.name)} ({_code(one.resource_type)}) would be **{one.action}**" for one in found]
    lines += _list("⛔ Data would be lost", bad)
    kept = [f"{_code(one.name)} ({_code(one.resource_type)})" for one in left_behind(plan.changes, stateful)]
    lines += _list("Left behind, outside any stack", kept)
    lines += _list("⚠️ Cannot be undone", [f"{_code(one.name)}: {_prose(one.why, 300)}" for one in lost])
    lines += _list(
        "❌ Cannot be planned", [f"{_code(one.name)}: {_prose(one.problem, 500)}" for one in plan.problems]
    )
    later = [
        f"{_code(one.name)}: {_prose(one.note, 300)}"
        for one in plan.stacks
        if one.kind == "unchanged" and one.note
    ]
    lines += _list("Unchanged now", later)
    types = counts_by_type(plan.changes)
    rows = [f"| {_code(one)} | {said(kinds)} |" for one, kinds in types.items()]
    if rows:
        fitting = _fitting(rows)
        lines += ["", "| Resource type | Changes |", "| --- | --- |", *rows[:fitting]]
        lines += ["", f"and {_counted(len(rows) - fitting, 'more type')}"] if len(rows) > fitting else []
    return "\n".join(lines) + "\n"


def _list(title: str, items: list[str]) -> list[str]:
    if not items:
        return []
    fitting = _fitting(items)
    more = [f"- and {len(items) - fitting:,} more"] if len(items) > fitting else []
    return ["", f"**{title}**", "", *[f"- {item}" for item in items[:fitting]], *more]


def _fitting(items: list[str]) -> int:
    """Return how many items fit into the room that a list has."""
    room = ROOM
    for number, item in enumerate(items):
        room -= len(item) + 3
        if room < 0:
            return number
    return len(items)


def _stack(stack: PlannedStack, room: int) -> str:
    """Return the fold of a stack, cut to `room` characters with a note of what is missing; empty for no room."""
    state = (
        said(counts(stack.changes))
        if stack.changes
        else (stack.problem and "cannot be planned") or "no change"
    )
    head = f"\n<details><summary>{_code(stack.name)} {stack.kind}: {state}</summary>\n\n"
    head += f"{_prose(stack.reason, 300)}\n\n" if stack.reason else ""
    head += f"{_prose(stack.note, 500)}\n\n" if stack.note else ""
    left = room - len(head) - len(END) - 100
    if left < 0:
        return ""
    items = ""
    for number, change in enumerate(stack.changes):
        item = _change(change)
        if len(items) + len(item) > left:
            if not number:
                return ""
            return f"{head}{items}\nand {_counted(len(stack.changes) - number, 'more change')}\n{END}"
        items += item
    return f"{head}{items}{END}"


def _change(change: Change) -> str:
    kind = f"**{change.kind}**" if change.replacement != "never" or change.action == "remove" else change.kind
    line = f"- {kind} {_code(change.logical_id)} {_code(change.resource_type)}"
    if change.policy:
        line += f", {change.policy}"
    shown = [
        f"{_code(one.name, 80)}" + _values(one.before, one.after) for one in change.properties[:PROPERTIES]
    ]
    if len(change.properties) > PROPERTIES:
        shown.append(f"{len(change.properties) - PROPERTIES} more")
    return line + (f": {'; '.join(shown)}" if shown else "") + "\n"


def _values(before: str | None, after: str | None) -> str:
    if before is None and after is None:
        return ""
    return f" {_value(before)} → {_value(after)}"


def _value(text: str | None) -> str:
    return "nothing" if text is None else _code(text, VALUE)


def said(kinds: dict[str, int]) -> str:
    """Return counts in words: `2 added, 1 replaced`."""
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds.items()) or "no change"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
