"""Rules between environments and between workloads: what grows, which networks and accounts are apart. Pure."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from ..environments import ENVIRONMENTS
from ..errors import Problem
from .base import Grows, WorkloadSettings

Place = tuple[str, str]
"""Environment and group: the workload, with the region's role where it has several regions."""


def growing(settings: Mapping[Place, WorkloadSettings]) -> Iterator[tuple[Place, tuple[str, ...], Problem]]:
    """Yield a problem for each size that shrinks along dev, staging, prod.

    Each comes with the environment and the settings path at fault, so that the caller can add file and line.
    """
    for group in sorted({group for _, group in settings}):
        for earlier, later in itertools.pairwise(env for env in ENVIRONMENTS if (env, group) in settings):
            small, large = sizes(settings[earlier, group]), sizes(settings[later, group])
            for path in small.keys() & large.keys():
                if _rank(small[path]) > _rank(large[path]):
                    shrinks = f"is {large[path]} in {later} but {small[path]} in {earlier}"
                    message = f"{shrinks}: sizes grow dev <= staging <= prod"
                    hint = f"raise it in {later} or lower it in {earlier}"
                    yield (later, group), path, Problem("", ".".join(path), message, hint)


def _rank(value: Any) -> float:
    return float("inf") if value is None else float(value)


def sizes(model: BaseModel, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return the values of every field marked `Grows`, by path."""
    found: dict[tuple[str, ...], Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            found |= sizes(value, (*path, name))
        elif any(isinstance(mark, Grows) for mark in field.metadata):
            found[*path, name] = value
    return found


def overlapping(
    settings: Mapping[Place, WorkloadSettings],
) -> Iterator[tuple[Place, tuple[str, ...], Problem]]:
    """Yield a problem for each two VPC networks that share addresses (REQ-P4)."""
    for left, right in itertools.combinations(sorted(settings), 2):
        one, two = settings[left].network.cidr, settings[right].network.cidr
        if ipaddress.IPv4Network(one).overlaps(ipaddress.IPv4Network(two)):
            message = f"{two} overlaps {one} of {'/'.join(left)}"
            yield (
                right,
                ("network", "cidr"),
                Problem("", "network.cidr", message, "choose a free network of 10.0.0.0/8", check="cidr"),
            )


def sharing_an_account(
    settings: Mapping[Place, WorkloadSettings],
) -> Iterator[tuple[Place, tuple[str, ...], Problem]]:
    """Yield a problem for each two environments in one account, where a workload has one an environment (REQ-P3)."""
    for group in sorted({group for _, group in settings}):
        first: dict[str, str] = {}
        for environment in (env for env in ENVIRONMENTS if (env, group) in settings):
            found = settings[environment, group]
            other = first.setdefault(found.account, environment)
            if other != environment and found.ONE_ACCOUNT_AN_ENVIRONMENT:
                message = f"{found.account} is the account of {other}: {found.workload} has one account an environment"
                hint = f"give {environment} the account that is its own"
                yield (environment, group), ("account",), Problem("", "account", message, hint)
