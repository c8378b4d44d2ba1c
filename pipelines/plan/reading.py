"""How the stacks of an environment stand, and what they read that is not there yet. I/O; nothing is changed."""

from __future__ import annotations

from pipelines.aws import Aws
from pipelines.deployment import Action, decide, published
from pipelines.live import LiveStack, read_parameters
from pipelines.reading import by_place, foreign_values, live_stacks
from validator.model import Stack

from . import templates


def read(stacks: list[Stack]) -> tuple[dict[str, LiveStack], dict[str, Action]]:
    """Return the live stacks, and what a deployment would do with each stack, both by Sceptre's name."""
    found = live_stacks(stacks)
    values = {**foreign_values(stacks, found), **published(stacks, found)}
    return found, {stack.name: decide(stack, found.get(stack.name), values) for stack in stacks}


def missing(touched: list[Stack]) -> dict[str, tuple[str, ...]]:
    """Return what each stack reads that is not there yet and that stacks of this deployment make, by stack."""
    found: dict[str, tuple[str, ...]] = {}
    for (region, role_arn), here in by_place(touched).items():
        wanted = {stack.name: templates.names_read(stack) for stack in here}
        names = set().union(*wanted.values())
        absent = names - read_parameters(Aws(region, role_arn), names).keys()
        makers = [f"{stack.parameter_path}/" for stack in touched if stack.region == region]
        made = {name for name in absent if any(name.startswith(maker) for maker in makers)}
        found |= {name: tuple(sorted(reads & made)) for name, reads in wanted.items() if reads & made}
    return found
