"""The way back from what is rendered to what runs (REQ-R5).

It is computed: of what is not deployed yet, CloudFormation cannot be asked the way back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pipelines.aws import clear_errors

from .losses import Irreversible, irreversible
from .model import Plan, PlannedStack
from .planning import Planning
from .stages import begun

COMPUTED = "computed from templates: it is not deployed yet, so that CloudFormation cannot be asked"
STAYS = "the way back leaves it: a deployment deletes no stack"


def reverse(planning: Planning, stateful: Collection[str]) -> tuple[Plan, tuple[Irreversible, ...]]:
    """Return the way back to the release that runs, and what cannot be undone. Reads live stacks, and asks nothing."""
    stacks, actions = planning.read()
    planned, lost = list[PlannedStack](), list[Irreversible]()
    with clear_errors():
        for stack in stacks:
            one = begun(stack, planning.live.get(stack.name), actions[stack.name])
            if one.kind in {"create", "recreate", "update"}:
                live = planning.live.get(stack.name) if one.kind == "update" else None
                sides = planning.sides(stack, live)
                ahead = sides.planned(one, "")
                one = (
                    replace(one, kind="stays", source="computed", note=STAYS)
                    if live is None
                    else sides.turned.planned(one, COMPUTED)
                )
                lost += irreversible(ahead, one.changes, stateful)
            planned.append(one)
            planning.reporter.ended(one)
    return Plan(planning.environment, planning.release, tuple(planned), "reverse"), tuple(lost)
